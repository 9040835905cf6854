"""Figures by which one sees from outside whether the system keeps up. No personal data."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import case, func, literal_column, select

from bot.records import tables as t
from bot.records.channel_tables import delivery
from bot.records.store import Records

LATEST = 1000  # answers and messages looked at for the shares
QUEUED = literal_column("'queued'")  # a literal: with a bound value SQLite does not use its index of what waits


class Figures(msgspec.Struct, frozen=True):
    """`queue_age` in seconds, 0 without a queue; shares from 0 to 1 of the latest answers and messages."""

    waiting: int
    queue_age: float
    failed_share: float
    not_sure_share: float
    deliveries_waiting: int
    deliveries_age: float


def figures(records: Records, now: datetime) -> Figures:
    """As of now, from indexes and the latest rows only, so that it costs the same with a million attempts."""
    m, a = t.message.c, t.attempt.c
    queue = select(func.count().label("n"), func.min(m.created_at).label("first"))
    waiting = queue.where(m.status == QUEUED, m.direction == "in")
    out = select(func.count().label("n"), func.min(delivery.c.created_at).label("first"))
    with records.reading() as tx:
        queued, carried = tx._one(waiting), tx._one(out.where(delivery.c.status == QUEUED))
        latest = select(m.status).where(m.direction == "in").order_by(m.id.desc()).limit(LATEST).subquery()
        failed = tx._one(select(_share(latest.c.status == "failed")))["share"]
        answers = select(a.verdict).order_by(a.id.desc()).limit(LATEST).subquery()
        unsure = tx._one(select(_share(answers.c.verdict == "not_sure")))["share"]
    ages = [(now - r["first"]).total_seconds() if r["first"] else 0.0 for r in (queued, carried)]
    return Figures(
        queued["n"], max(0.0, ages[0]), float(failed or 0), float(unsure or 0), carried["n"], max(0.0, ages[1])
    )


def _share(condition: object) -> object:
    return func.avg(case((condition, 1.0), else_=0.0)).label("share")
