"""The administrator's page about groups."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput
from bot.records import groups
from bot.records.people import Session
from bot.relay import clean
from bot.web.guard import Form, Web
from bot.web.work import whole


def home(request: Request, web: Web, session: Session) -> Response:
    """All groups: how many learners, whose they are, what is missing."""
    return _page(request, web)


def rename(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Give one another name."""
    try:
        groups.rename(web.records, session.person, whole(form, "group"), clean(form.get("name", "")), web.clock())
    except BadInput as error:
        return _page(request, web, str(error))
    return RedirectResponse("/groups?done=1", 303)


def _page(request: Request, web: Web, problem: str = "") -> Response:
    return web.pages.page(
        request, "groups.html", 400 if problem else 200,
        groups=groups.every(web.records), problem=problem, done=request.query_params.get("done") == "1",
    )  # fmt: skip
