"""The help page, on the same place of every page: whom to ask, and how things are done."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.records import centre
from bot.records.people import Session
from bot.records.tables import ROLES
from bot.relay import clean
from bot.web.guard import Form, Web


def show(request: Request, web: Web) -> Response:
    """For everybody: of one's own roles, where one is signed in."""
    session = request.state.session
    roles = session.person.roles if session else frozenset({"learner"})
    return web.pages.page(
        request,
        "help.html",
        contact=centre.contact(web.records),
        roles=[role for role in ROLES if role in roles],
        longest=centre.LONGEST,
        done=request.query_params.get("done") == "1",
    )


def save(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Whom people of this centre ask for help."""
    centre.set_contact(web.records, session.person, clean(form.get("contact", "")), web.clock())
    return RedirectResponse("/help?done=1", 303)
