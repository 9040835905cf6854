"""Sign in, sign out, set a first password."""

from __future__ import annotations

from typing import Any, Optional

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput
from bot.records import people
from bot.records.people import Person, Session
from bot.web.guard import Form, Web, cookie_name, form_token, local_path, set_cookie

DEMO_ROLES = ("learner", "tutor", "assessor", "quality_assurer")


def home(request: Request, web: Web, session: Session) -> Response:
    """To the page that this person's role works on."""
    roles = session.person.roles
    if "learner" in roles:
        return RedirectResponse("/chat", 303)
    if roles & {"tutor", "admin"}:
        return RedirectResponse("/work", 303)
    if "assessor" in roles:
        return RedirectResponse("/assess", 303)
    if "quality_assurer" in roles:
        return RedirectResponse("/assure", 303)
    return web.pages.page(request, "home.html")


def form(request: Request, web: Web) -> Response:
    """The sign-in page."""
    if request.state.session:
        return RedirectResponse("/", 303)
    left = "left" if web.provider and request.query_params.get("left") == "1" else ""
    return page(request, web, problem=left, after=local_path(request.query_params.get("next", "")) or "")


async def sign_in(request: Request, web: Web, form: Form) -> Response:
    """Check address and password; too many failures have to wait."""
    email, after = form.get("email", "").strip().lower()[:254], local_path(form.get("next", "")) or ""
    client = request.client.host if request.client else "unknown"
    wait = await run_in_threadpool(web.throttle.wait, email, client)
    if wait:
        answer = page(request, web, 429, "wait", email, after, wait)
        answer.headers["retry-after"] = str(wait)
        return answer
    # Counted before the check, so that parallel guesses count too.
    await run_in_threadpool(web.throttle.failed, email, client)
    person = await anyio.to_thread.run_sync(
        people.check_password, web.records, email, form.get("password", "")[:1000], limiter=web.hashing
    )
    if person is None or not may_use_password(web, person):
        return page(request, web, 401, "wrong", email, after)
    await run_in_threadpool(web.throttle.succeeded, email, client)
    return await enter(request, web, person.id, after)


async def demo(request: Request, web: Web, form: Form) -> Response:
    """Sign in as the demo person of a role, where the demo is on."""
    role = form.get("role", "")
    if not web.settings.demo or role not in DEMO_ROLES:
        raise HTTPException(404)
    person = await run_in_threadpool(people.demo_person, web.records, role)
    if person is None:
        return page(request, web, 409, "no_demo")
    return await enter(request, web, person.id, "")


async def sign_out(request: Request, web: Web, session: Session, form: Form) -> Response:
    """End the session here and in the records."""
    await run_in_threadpool(people.close_session, web.records, request.cookies[cookie_name(request, "session")])
    answer = RedirectResponse("/sign-in?left=1" if web.provider else "/sign-in", 303)
    answer.delete_cookie(
        cookie_name(request, "session"), httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return answer


def invitation(request: Request, web: Web) -> Response:
    """The page on which an invited person sets a password."""
    person_id = people.invited(web.records, request.path_params["token"], web.clock())
    person = people.find(web.records, person_id) if person_id is not None else None
    if person is None:
        raise HTTPException(404, "invitation")
    return _with_form_cookie(request, web.pages.page(request, "invitation.html", **_invited(request, web, person)))


async def accept_invitation(request: Request, web: Web, form: Form) -> Response:
    """Set the password and sign in."""
    token, password = request.path_params["token"], form.get("password", "")
    person_id = await run_in_threadpool(people.invited, web.records, token, web.clock())
    person = await run_in_threadpool(people.find, web.records, person_id) if person_id is not None else None
    if person is None:
        raise HTTPException(404, "invitation")
    problem: Optional[str] = None
    if not may_use_password(web, person):
        problem = "no_passwords"
    elif password != form.get("again", ""):
        problem = "different"
    else:
        try:
            await anyio.to_thread.run_sync(
                people.use_invitation, web.records, token, password, web.clock(), limiter=web.hashing
            )
        except BadInput as error:
            problem = str(error)
    if problem:
        values = {**_invited(request, web, person), "problem": problem}
        return _with_form_cookie(request, web.pages.page(request, "invitation.html", 400, **values))
    return await enter(request, web, person.id, "")


def may_use_password(web: Web, person: Person) -> bool:
    """Whether this person may sign in with a password here."""
    return web.settings.passwords == "everybody" or "admin" in person.roles or person.demo


def _invited(request: Request, web: Web, person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "token": form_token(request),
        "problem": None,
        "shortest": people.SHORTEST_PASSWORD,
        "password": may_use_password(web, person),
        "account": web.settings.oidc_label if web.provider else "",
    }


def page(
    request: Request, web: Web, status: int = 200, problem: str = "", email: str = "", after: str = "", wait: int = 0
) -> Response:
    minutes = -(-wait // 60)
    values = {
        "token": form_token(request),
        "problem": problem,
        "email": email,
        "after": after,
        "minutes": minutes,
        "account": web.settings.oidc_label if web.provider else "",
        "passwords": web.settings.passwords,
    }
    return _with_form_cookie(request, web.pages.page(request, "sign_in.html", status, **values))


def _with_form_cookie(request: Request, answer: Response) -> Response:
    if not request.cookies.get(cookie_name(request, "form")):
        set_cookie(request, answer, "form", form_token(request))
    return answer


async def enter(request: Request, web: Web, person_id: int, after: str) -> Response:
    """A new session, the old one closed, the form token changed."""
    old = request.cookies.get(cookie_name(request, "session"))
    if old:
        await run_in_threadpool(people.close_session, web.records, old)
    token, _ = await run_in_threadpool(people.open_session, web.records, person_id, web.clock())
    answer = RedirectResponse(after or "/", 303)
    set_cookie(request, answer, "session", token, int(people.SESSION_LASTS.total_seconds()))
    answer.delete_cookie(
        cookie_name(request, "form"), httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return answer
