"""Ours alone as it grows: a long talk; turns, pages and downloads with a thousand and a million attempts stored."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from benchmarks import pages
from benchmarks.centre import fill
from benchmarks.machine import processor_seconds
from benchmarks.systems import CannotMeasure, Ours
from benchmarks.talking import OurTalk
from bot.bootstrap import utc_now
from bot.records.engine import open_engine

NAMES = {1_000: "thousand", 1_000_000: "million"}


BYTES_EACH = 3_500  # on disk for each stored attempt, with what hangs on it and some room


def enough_room(stored: Sequence[int], folder: Path, postgres: Optional[str]) -> None:
    """CannotMeasure, before anything is begun, where the disk is too full or the PostgreSQL database will not do."""
    needed, free = max(stored, default=0) * BYTES_EACH, shutil.disk_usage(folder).free
    if needed > free:
        raise CannotMeasure(
            f"{max(stored):,} attempts need about {needed / 1e9:.1f} GB in {folder.parent}, where {free / 1e9:.1f} GB "
            "are free. Set TMPDIR to a folder with more room."
        )
    if postgres is None or not stored:
        return
    engine = open_engine(postgres)
    try:
        with engine.connect() as connection:
            tables = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar()
            superuser = connection.execute(text("SHOW is_superuser")).scalar()
    except DatabaseError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise CannotMeasure(f"{where} cannot be used: {str(error.orig).strip()}") from error
    finally:
        engine.dispose()
    if tables:
        raise CannotMeasure("The PostgreSQL database is not empty. The benchmark fills one of its own: make a new one.")
    if superuser != "on":
        raise CannotMeasure("Filling the database needs a superuser of PostgreSQL: foreign keys are not checked.")


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
