"""Sign-in with the centre's own accounts: to its provider and back."""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Optional

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.records import accounts
from bot.records.people import Person
from bot.web import signin
from bot.web.guard import Web, cookie_name, is_https, local_path, set_cookie
from bot.web.provider import Flow, Provider, Refused

log = logging.getLogger(__name__)
LASTS = 600  # seconds one may take at the provider
STATUS = {"away": 503, "stale": 400}


async def start(request: Request, web: Web) -> Response:
    """To the provider; what this browser keeps meanwhile is out of scripts' reach."""
    provider = _provider(web)
    after = local_path(request.query_params.get("next", "")) or ""
    if request.state.session:
        return RedirectResponse(after or "/", 303)
    try:
        url, flow = await provider.begin(_back(request), after)
    except Refused as refused:
        return _refuse(request, web, refused.reason, str(refused))
    answer = RedirectResponse(url, 303, {"cache-control": "no-store"})
    set_cookie(request, answer, "flow", urlsafe_b64encode(msgspec.json.encode(flow)).decode(), LASTS)
    return answer


async def back(request: Request, web: Web) -> Response:
    """From the provider: signed in, or told why not. The answer counts once."""
    provider, flow = _provider(web), _flow(request)
    try:
        visitor = await provider.end(dict(request.query_params), flow, _back(request))
    except Refused as refused:
        return _refuse(request, web, refused.reason, str(refused))
    found = await run_in_threadpool(
        accounts.enter, web.records, visitor.issuer, visitor.subject, visitor.email, web.clock()
    )
    if not isinstance(found, Person):
        return _refuse(request, web, found)
    return _forget(request, await signin.enter(request, web, found.id, local_path(flow.after) or "" if flow else ""))


def _provider(web: Web) -> Provider:
    if web.provider is None:
        raise HTTPException(404)
    return web.provider


def _back(request: Request) -> str:
    return f"{request.base_url}sign-in/account/back"


def _flow(request: Request) -> Optional[Flow]:
    kept = request.cookies.get(cookie_name(request, "flow"), "")
    try:
        return msgspec.json.decode(urlsafe_b64decode(kept), type=Flow)
    except (ValueError, msgspec.DecodeError):
        return None


def _refuse(request: Request, web: Web, reason: str, detail: str = "") -> Response:
    if detail:
        log.warning("sign-in with an account refused: %s", detail)
    return _forget(request, signin.page(request, web, STATUS.get(reason, 403), reason))


def _forget(request: Request, answer: Response) -> Response:
    answer.delete_cookie(cookie_name(request, "flow"), httponly=True, samesite="lax", secure=is_https(request))
    return answer
