"""Friendly pages for everything that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import BadInput, NotAllowed, NotThere
from bot.web.guard import is_fetch, web_of
from bot.web.pages import SAFE_HEADERS

REASONS = ("role", "stale_form", "invitation", "not_offered", "message_id")


def _show(request: Request, status: int, reason: str = "", sentence: str = "") -> Response:
    pages = web_of(request).pages
    if is_fetch(request):
        words = sentence or pages.word("problem_words", status, reason)
        return Response(words, status, media_type="text/plain")
    return pages.page(request, "problem.html", status, status=status, reason=reason, sentence=sentence)


def http(request: Request, error: HTTPException) -> Response:
    """What a handler or the router refused."""
    reason = error.detail if error.detail in REASONS else ""
    answer = _show(request, error.status_code, reason)
    answer.headers.update(error.headers or {})
    return answer


def said(request: Request, error: Exception) -> Response:
    """An error of ours that says itself what is wrong."""
    return _show(request, 403 if isinstance(error, NotAllowed) else 400, sentence=str(error))


def not_there(request: Request, error: Exception) -> Response:
    """What does not exist and what somebody may not see look alike."""
    return _show(request, 404)


def records_away(request: Request, error: Exception) -> Response:
    """The database does not answer; a script tries again."""
    answer = _show(request, 503)
    answer.headers["retry-after"] = "3"
    return answer


def unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours. Starlette calls this outside of all middleware, so the safe headers are added here."""
    answer = _show(request, 500)
    answer.headers.update(SAFE_HEADERS)
    return answer


HANDLERS: Mapping[Any, Callable[[Request, Any], Response]] = {
    HTTPException: http,
    BadInput: said,
    NotAllowed: said,
    NotThere: not_there,
    SQLAlchemyError: records_away,
    Exception: unexpected,
}
