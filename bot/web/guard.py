"""Who may call a handler: the wrappers that the route table puts around each of them."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Optional
from urllib.parse import quote, urlsplit

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from bot.records.people import Session
from bot.records.store import Records
from bot.relay import Relay
from bot.settings import Settings
from bot.syllabus.syllabus import Syllabus
from bot.web.pages import Pages
from bot.web.provider import Provider
from bot.web.throttle import Throttle

Form = Mapping[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[..., Any]  # (request, web[, session][, form]) -> Response, plain (run in a thread) or async
MOST_FIELDS = 40


@dataclass(frozen=True)
class Web:
    """All that handlers use."""

    settings: Settings
    syllabus: Syllabus
    records: Records
    relay: Relay
    clock: Callable[[], datetime]
    pages: Pages
    throttle: Throttle
    closing: asyncio.Event
    provider: Optional[Provider] = None  # of the centre's own accounts
    seen: set[tuple[int, int, date]] = field(default_factory=set)  # looks that are in the audit already; see seeing.py
    # argon2 takes 64 MB while it works: one at a time keeps the process small.
    hashing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))


def web_of(connection: HTTPConnection) -> Web:
    """What this application was made with."""
    web: Web = connection.app.state.web
    return web


def is_https(connection: HTTPConnection) -> bool:
    """Whether the browser came by https (the server must trust its proxy for that)."""
    return connection.url.scheme == "https"


def cookie_name(connection: HTTPConnection, what: str) -> str:
    """The cookie's name; `__Host-` keeps it to this host where https allows it."""
    return f"__Host-rapport-{what}" if is_https(connection) else f"rapport-{what}"


def set_cookie(request: Request, response: Response, what: str, value: str, seconds: Optional[int] = None) -> None:
    """Set one of our cookies: not for scripts, not for other sites."""
    response.set_cookie(
        cookie_name(request, what), value, max_age=seconds, httponly=True, samesite="lax", secure=is_https(request)
    )


def is_fetch(request: Request) -> bool:
    """Whether a script of ours asks, which wants words and not a page."""
    return request.headers.get("x-requested-with") == "fetch" or "hx-request" in request.headers


def public(handler: Handler) -> Endpoint:
    """For everybody."""

    async def endpoint(request: Request) -> Response:
        return await _call(handler, request, web_of(request))

    return endpoint


def public_action(handler: Handler) -> Endpoint:
    """A form for people who are not signed in: its token must be the one in their cookie."""

    async def endpoint(request: Request) -> Response:
        form = await _form(request)
        _compare(form.get("csrf", ""), request.cookies.get(cookie_name(request, "form"), ""))
        return await _call(handler, request, web_of(request), form)

    return endpoint


def page(handler: Handler, *roles: str) -> Endpoint:
    """For people who are signed in, with one of `roles` where any are given."""

    async def endpoint(request: Request) -> Response:
        session = _session(request, roles)
        if session is None:
            return _to_sign_in(request)
        return await _call(handler, request, web_of(request), session)

    return endpoint


def action(handler: Handler, *roles: str) -> Endpoint:
    """A form or script call of people who are signed in; it must carry their session's token."""

    async def endpoint(request: Request) -> Response:
        session = _session(request, roles)
        if session is None:
            return _to_sign_in(request)
        form = await _form(request)
        _compare(request.headers.get("x-csrf-token") or form.get("csrf", ""), session.csrf)
        return await _call(handler, request, web_of(request), session, form)

    return endpoint


def upload(handler: Handler, *roles: str) -> Endpoint:
    """As `action`, for a form with one file, handed on as (name, content) or None."""

    async def endpoint(request: Request) -> Response:
        session = _session(request, roles)
        if session is None:
            return _to_sign_in(request)
        form = await request.form(max_files=1, max_fields=MOST_FIELDS)
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        _compare(fields.get("csrf", ""), session.csrf)
        sent = next((value for value in form.values() if not isinstance(value, str)), None)
        file = (sent.filename or "", await sent.read()) if sent is not None else None
        return await _call(handler, request, web_of(request), session, fields, file)

    return endpoint


def form_token(request: Request) -> str:
    """The token of this browser's forms before sign-in; a new one, the same all through the request, if it has none."""
    if not hasattr(request.state, "form_token"):
        request.state.form_token = request.cookies.get(cookie_name(request, "form")) or secrets.token_urlsafe(24)
    token: str = request.state.form_token
    return token


def local_path(text: str) -> Optional[str]:
    """`text` if it is a path on this site, else None."""
    parts = urlsplit(text) if text.startswith("/") and text[1:2] not in {"/", "\\"} else None
    return text if parts and not parts.scheme and not parts.netloc and "\n" not in text else None


def _session(request: Request, roles: tuple[str, ...]) -> Optional[Session]:
    session: Optional[Session] = request.state.session
    if session and roles and not session.person.roles & set(roles):
        raise HTTPException(403, "role")
    return session


def _to_sign_in(request: Request) -> Response:
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response("event: signed-out\ndata: -\n\n", media_type="text/event-stream")
    if is_fetch(request):
        return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
    back = request.url.path if request.method == "GET" and request.url.path != "/" else ""
    return RedirectResponse(f"/sign-in?next={quote(back)}" if back else "/sign-in", 303)


async def _form(request: Request) -> Form:
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _compare(given: str, wanted: str) -> None:
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise HTTPException(403, "stale_form")


async def _call(handler: Handler, *args: Any) -> Response:
    if asyncio.iscoroutinefunction(handler):
        response: Response = await handler(*args)
        return response
    return await run_in_threadpool(handler, *args)
