"""The conversation as a page, and what a learner sends."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Any, Optional

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.records import messages, reports, roleplays, sittings
from bot.records.people import Session
from bot.relay import LONGEST, clean
from bot.relay_texts import notice
from bot.web.guard import Form, Web, is_fetch

ID = re.compile(r"[0-9A-Za-z-]{8,64}")
SHOWN, MOST_SHOWN = 200, 5000
NOTES = ("cut", "empty")


def show(request: Request, web: Web, session: Session) -> Response:
    """The conversation, newest message in view."""
    limit = MOST_SHOWN if request.query_params.get("all") else SHOWN
    waiting = reports.waiting(web.records, session.person.id)
    rows = messages.history(web.records, session.person.id, limit=limit)
    note = request.query_params.get("note", "")
    with web.records.reading() as tx:
        to_begin = sittings.to_begin(tx, session.person.id, web.clock())
        answering = sittings.answering(tx, session.person.id) is not None
    return web.pages.page(
        request,
        "chat.html",
        rows=rows,
        choices_at=choices_at(rows),
        to_begin=to_begin,
        answering=answering,
        begin=notice("assessment_button"),
        more=len(rows) == limit == SHOWN,
        last=rows[-1]["id"] if rows else 0,
        waiting=waiting,
        playing=roleplays.is_playing(web.records, session.person.id),
        note=note if note in NOTES else "",
        most=LONGEST,
    )


def choices_at(rows: Sequence[dict[str, Any]]) -> Optional[int]:
    """The id of the message whose buttons may be pressed: the coach's last, if nothing was said since."""
    for row in reversed(rows):
        if row["direction"] == "in":
            return None
        if row["buttons"]:
            return int(row["id"])
    return None


async def post(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Keep what was written or pressed; a page's script gets a note back, a plain form is sent back to the page."""
    person = session.person
    key = form.get("message_id") or str(uuid.uuid4())
    if not ID.fullmatch(key):
        raise HTTPException(400, "message_id")
    text, payload, note = clean(form.get("text", "")), form.get("payload") or None, ""
    if payload is not None:
        title = await run_in_threadpool(reports.offered, web.records, person.id, payload)
        if title is None:
            raise HTTPException(400, "not_offered")
        text = title
    elif is_blank(text):
        return _answer(request, web, "empty")
    elif len(text) > LONGEST:
        note = "cut"
    await web.relay.accept(person.id, "web", f"web-{person.id}-{key}", text, payload)
    return _answer(request, web, note)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in `text`; emoji are something."""
    return all(c.isspace() or unicodedata.category(c) == "Cf" for c in text)


def _answer(request: Request, web: Web, note: str) -> Response:
    if is_fetch(request):
        return Response(web.pages.word("note", note, LONGEST), media_type="text/plain")
    return RedirectResponse(f"/chat?note={note}" if note else "/chat", 303)
