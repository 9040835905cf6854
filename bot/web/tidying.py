"""Once a day, what may not be kept any longer is removed."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.records.engine import open_engine
from bot.records.retention import remove_old
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
    tracker = open_engine(web.settings.tracker_url)
    try:
        removed = remove_old(web.records, tracker, timedelta(days=web.settings.keep_chat_days), web.clock())
    finally:
        tracker.dispose()
    if removed.total:
        log.warning("removed because of its age: %s", removed.rows)
