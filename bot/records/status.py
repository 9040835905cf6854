"""What an administrator reads to see whether all is well: turn times, upkeep, versions. No personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Optional

import msgspec
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select

from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.channel_tables import delivery
from bot.records.figures import LATEST
from bot.records.retention import REMOVED
from bot.records.store import Records, Tx

BACKED_UP = "backed up"  # an action in the audit, as is retention.REMOVED


class Times(msgspec.Struct, frozen=True):
    """How long something took, in seconds: half of all at most `p50`, 95 of a hundred at most `p95`."""

    n: int
    p50: float
    p95: float


class Upkeep(msgspec.Struct, frozen=True):
    """When what has to be done from time to time was done last; what answers were marked with last."""

    backed_up: Optional[datetime]
    removed: Optional[datetime]
    answered: Optional[datetime]
    marking: str
    content: str
    database: str
    revision: str


def turn_times(records: Records) -> dict[str, Times]:
    """Stage → times of the latest LATEST turns: "decided" (from its arrival until the coach has decided), "said"
    (from then until the replies are kept), "turn" (both), "carried" (until Telegram has a reply)."""
    m, v, d = t.message.c, t.move.c, delivery.c
    turns = (
        select(m.created_at, v.made_at, m.done_at)
        .outerjoin(t.move, v.message_id == m.message_id)
        .where(m.direction == "in", m.status == "done")
        .order_by(m.id.desc())
        .limit(LATEST)
    )
    carried = select(d.created_at, d.done_at).where(d.status == "sent").order_by(d.id.desc()).limit(LATEST)
    with records.reading() as tx:
        rows, deliveries = tx._all(turns), tx._all(carried)
    decided = [r for r in rows if r["made_at"] is not None]
    found = {
        "decided": _times([_seconds(r["created_at"], r["made_at"]) for r in decided]),
        "said": _times([_seconds(r["made_at"], r["done_at"]) for r in decided]),
        "turn": _times([_seconds(r["created_at"], r["done_at"]) for r in rows]),
        "carried": _times([_seconds(r["created_at"], r["done_at"]) for r in deliveries]),
    }
    return {stage: times for stage, times in found.items() if times.n}


def upkeep(records: Records) -> Upkeep:
    """As the records have it."""
    A = t.attempt.c
    with records.reading() as tx:
        last = tx._one(select(A.made_at, A.marking_version, A.content_version).order_by(A.id.desc()).limit(1))
        when = {name: _last(tx, name) for name in (BACKED_UP, REMOVED)}
        revision = MigrationContext.configure(tx.connection).get_current_revision() or ""
        database = tx.connection.dialect.name
    return Upkeep(
        when[BACKED_UP],
        when[REMOVED],
        last["made_at"] if last else None,
        last["marking_version"] if last else "",
        last["content_version"] if last else "",
        database,
        revision,
    )


def _last(tx: Tx, action: str) -> Optional[datetime]:
    e = a.audit.c
    row = tx._one(select(e.made_at).where(e.action == action).order_by(e.id.desc()).limit(1))
    return row["made_at"] if row else None


def _seconds(begun: datetime, ended: Optional[datetime]) -> float:
    return max(0.0, (ended - begun).total_seconds()) if ended else 0.0


def _times(seconds: Sequence[float]) -> Times:
    """Nearest rank."""
    ordered = sorted(seconds)
    if not ordered:
        return Times(0, 0.0, 0.0)
    return Times(len(ordered), *(ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 95)))
