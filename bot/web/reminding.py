"""Reminders of real work are said on their day, once, on every channel of the learner's."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.records import roleplays
from bot.records.roleplays import Reminder
from bot.relay_texts import notice
from bot.web.guard import Web

log = logging.getLogger(__name__)
EVERY = 300.0  # seconds


async def run(web: Web) -> None:
    """Look for reminders that are due until the application closes."""
    while not web.closing.is_set():
        try:
            await run_in_threadpool(roleplays.say_due, web.records, web.clock(), words)
        except SQLAlchemyError:
            log.warning("the records cannot be reached just now; reminders of work wait")
        try:
            await asyncio.wait_for(web.closing.wait(), EVERY)
        except asyncio.TimeoutError:
            continue


def words(reminder: Reminder) -> str:
    """What is said on the day."""
    criteria = ", ".join(s.replace("/", " ").upper() for s in reminder.statements)
    return notice("work_reminder" if criteria else "work_reminder_plain", words=reminder.words, criteria=criteria)
