"""The administrator's pages: people, their roles, groups and caseloads, enrolment, reset links."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput
from bot.records import accounts, administering, people, reports
from bot.records import tables as t
from bot.records import units as units_offered
from bot.records.people import Session
from bot.relay import clean
from bot.web.guard import Form, Web
from bot.web.work import whole


def home(request: Request, web: Web, session: Session) -> Response:
    """The list, searched and filtered by the address."""
    return _home(request, web, session)


def add(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Add somebody, with a link to set a password."""
    try:
        role = form.get("role", "")
        if role not in t.ROLES:
            raise BadInput("Choose a role.")
        email = form.get("email", "").strip().lower()
        if not email:
            raise BadInput("An e-mail address is needed to sign in.")
        id = people.add_person(web.records, clean(form.get("name", "")), [role], web.clock(), email)
        administering.set_roles(web.records, session.person, id, [role], web.clock())
    except BadInput as error:
        return _home(request, web, session, form, str(error))
    return RedirectResponse(f"/people/{id}", 303)


def show(request: Request, web: Web, session: Session) -> Response:
    """One person."""
    return _person(request, web, session)


def rename(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Change name and address."""
    name, email = clean(form.get("name", "")), form.get("email", "").strip().lower()
    return _change(
        request, web, session,
        lambda id: administering.rename(web.records, session.person, id, name, email, web.clock()),
    )  # fmt: skip


def roles(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Give exactly the ticked roles."""
    return _change(
        request, web, session,
        lambda id: administering.set_roles(
            web.records, session.person, id, [r for r in t.ROLES if form.get(f"role-{r}") == "1"], web.clock()
        ),
    )  # fmt: skip


def units(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Enrol in exactly the ticked units."""
    chosen = [u for u in web.syllabus.units if form.get(f"unit-{u}") == "1"]
    return _change(
        request, web, session, lambda id: administering.enrol(web.records, session.person, id, chosen, web.clock())
    )


def active(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Deactivate or reactivate."""
    to = form.get("active") == "1"
    return _change(
        request, web, session, lambda id: administering.set_active(web.records, session.person, id, to, web.clock())
    )


def join(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Put them into a group."""
    cohort = clean(form.get("cohort", ""))
    return _change(
        request, web, session,
        lambda id: administering.join(web.records, session.person, id, cohort, form.get("role", ""), web.clock()),
    )  # fmt: skip


def leave(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take them out of a group."""
    return _change(
        request, web, session,
        lambda id: administering.leave(
            web.records, session.person, id, whole(form, "cohort"), form.get("role", ""), web.clock()
        ),
    )  # fmt: skip


def untie(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take away the account at the centre's provider that they sign in with."""
    return _change(request, web, session, lambda id: accounts.untie(web.records, session.person, id, web.clock()))


def reset(request: Request, web: Web, session: Session, form: Form) -> Response:
    """A one-time link to set a new password, shown once."""
    try:
        token = administering.reset_link(web.records, session.person, _id(request), web.clock())
    except BadInput as error:
        return _person(request, web, session, str(error))
    return _person(request, web, session, link=f"{request.base_url}invitation/{token}")


def _change(request: Request, web: Web, session: Session, do: object) -> Response:
    assert callable(do)
    try:
        do(_id(request))
    except BadInput as error:
        return _person(request, web, session, str(error))
    return RedirectResponse(f"/people/{_id(request)}?done=1", 303)


def _id(request: Request) -> int:
    id: int = request.path_params["person_id"]
    return id


def _home(request: Request, web: Web, session: Session, form: Form | None = None, problem: str = "") -> Response:
    q = request.query_params
    page = min(whole(q, "page"), 99_999)
    words, role = q.get("q", "").strip()[:100], q.get("role", "") if q.get("role") in t.ROLES else ""
    rows, more = administering.search(web.records, words, role, page)
    return web.pages.page(
        request,
        "people.html",
        400 if problem else 200,
        rows=rows,
        more=more,
        page=page,
        q=words,
        role=role,
        roles=t.ROLES,
        counts=administering.counts(web.records),
        values=form or {},
        problem=problem,
    )


def _person(request: Request, web: Web, session: Session, problem: str = "", link: str = "") -> Response:
    return web.pages.page(
        request,
        "person.html",
        400 if problem else 200,
        view=administering.view(web.records, _id(request)),
        roles=t.ROLES,
        member_roles=administering.MEMBER_ROLES,
        units=list(web.syllabus.units.values()),
        withdrawn=units_offered.withdrawn(web.records),
        accounts=accounts.of(web.records, _id(request)),
        cohorts=reports.cohorts_of(web.records, session.person),
        problem=problem,
        link=link,
        done=request.query_params.get("done") == "1",
    )
