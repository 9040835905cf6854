"""New messages as server-sent events: both directions, whatever channel or tab they came from."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, Optional

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.records import messages, people, reports
from bot.records.people import Session
from bot.web.guard import Web, cookie_name

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds; other processes' messages are seen no later than this
HEARTBEAT_EVERY = 7  # looks without news
MOST_AT_ONCE = 1000


def stream(request: Request, web: Web, session: Session) -> Response:
    """Everything after `Last-Event-ID`, or `?after=`, and then whatever comes."""
    after = _number(request.headers.get("last-event-id")) or _number(request.query_params.get("after")) or 0
    return StreamingResponse(
        _events(request, web, session, after),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(request: Request, web: Web, session: Session, after: int) -> AsyncIterator[str]:
    person_id, token = session.person.id, request.cookies[cookie_name(request, "session")]
    was_waiting: Optional[bool] = None
    quiet = 0
    yield "retry: 2000\n\n"
    while not web.closing.is_set() and not await request.is_disconnected():
        # The waiter stands before we look, so that no change falls between the look and the wait.
        change = asyncio.ensure_future(web.relay.changed(person_id, LOOK_EVERY))
        await asyncio.sleep(0)
        try:
            # Waiting first: should a reply come in between, it is shown and the indicator follows with the next look.
            waiting = await run_in_threadpool(reports.waiting, web.records, person_id)
            rows = await run_in_threadpool(messages.history, web.records, person_id, after, MOST_AT_ONCE)
            for row in rows:
                after = row["id"]
                yield _event("message", web.pages.text("message.html", row=row, choices=True, csrf=session.csrf), after)
            if waiting != was_waiting:
                was_waiting = waiting
                yield _event("waiting", web.pages.word("waiting") if waiting else "")
            quiet = 0 if rows else quiet + 1
            if quiet >= HEARTBEAT_EVERY:
                quiet = 0
                if await run_in_threadpool(people.session_of, web.records, token, web.clock()) is None:
                    yield _event("signed-out", "-")
                    return
                yield ": still here\n\n"
            await _first_of(change, web.closing)
        except SQLAlchemyError:
            log.warning("the records cannot be read just now; the page of person %s waits", person_id)
            await _first_of(change, web.closing)
        finally:
            change.cancel()


async def _first_of(change: asyncio.Future[bool], closing: asyncio.Event) -> None:
    closed: asyncio.Future[Any] = asyncio.ensure_future(closing.wait())
    both: set[asyncio.Future[Any]] = {change, closed}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        closed.cancel()


def _event(name: str, data: str, id: Optional[int] = None) -> str:
    """One event; a line break in `data` starts a new data line, as the protocol wants it."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"


def _number(text: Optional[str]) -> Optional[int]:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
