"""Once a day, what may not be kept any longer is removed."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.records import retention_times
from bot.records.engine import opened
from bot.records.retention import remove_old
from bot.records.retention_tables import CHATS
from bot.web.guard import Web

log = logging.getLogger(__name__)
FIRST = 60.0  # seconds after the start
EVERY = 24 * 3600.0


async def run(web: Web) -> None:
    """Remove old chats daily until the application closes; doing it in several processes does no harm."""
    wait = FIRST
    while True:
        try:
            await asyncio.wait_for(web.closing.wait(), wait)
            return
        except asyncio.TimeoutError:
            wait = EVERY
        try:
            await run_in_threadpool(once, web)
        except SQLAlchemyError:
            log.warning("the records cannot be reached just now; old chats are removed tomorrow")


def once(web: Web) -> None:
    """Remove what is old."""
    kept = retention_times.in_force(web.records, web.settings.keep_chat_days)[CHATS.name]
    with opened(web.settings.tracker_url) as tracker:
        removed = remove_old(web.records, tracker, kept.span, web.clock())
    if removed.total:
        log.warning("removed because of its age: %s", removed.rows)
