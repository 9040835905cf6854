"""Ours alone as it grows: a long talk; turns, pages and downloads with a thousand and a million attempts stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import pages
from benchmarks.centre import fill
from benchmarks.machine import processor_seconds
from benchmarks.systems import Ours
from benchmarks.talking import OurTalk
from bot.bootstrap import utc_now
from bot.records.engine import open_engine

NAMES = {1_000: "thousand", 1_000_000: "million"}


def long_conversation(talk: OurTalk, length: int, window: int) -> dict[str, list[float]]:
    """Seconds of the turns around turn 5 and of those up to turn `length`, of one learner in one conversation."""
    turns = [turn["seconds"] for turn in talk.block(length, 7000) if turn["counts"]]
    return {"turn_5": turns[3 : 3 + window], "turn_500": turns[-window:]}


def with_stored(
    ours: Ours, attempts: int, block: int, times: int, progress: Callable[[int], None]
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Fill up to so many attempts, then measure: figures of turns, and of pages and exports.

    Started once before, so that the database has its tables; it is stopped while rows are written.
    """
    kind = "sqlite" if ours.database_url.startswith("sqlite") else "postgres"
    ours.stop()
    ours.start()
    talk = OurTalk(ours)
    try:
        ours.stop()
        engine = open_engine(ours.database_url)
        fill(engine, talk.syllabus, attempts, utc_now(), progress)
        engine.dispose()
        ours.start()
        talk.block(block, 8000)
        before = processor_seconds(ours.pids())
        turns = [turn for number in range(3) for turn in talk.block(block, 8001 + number)]
        used = (processor_seconds(ours.pids()) - before) / len(turns)
        shown, exports = pages.measure(ours, talk.records, times)
    finally:
        talk.close()
    name = f"{kind}_{NAMES.get(attempts, attempts)}"
    found = {f"turn_{name}": [turn["seconds"] for turn in turns if turn["counts"]], f"cpu_{name}": [used]}
    return found, {"database": kind, "attempts": attempts, "pages": shown, "exports": exports}
