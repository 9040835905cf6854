"""Which units are offered: for new enrolments and new practice. What is there already stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from bot.records import audit
from bot.records import statements as st
from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Records


def withdrawn(records: Records) -> frozenset[str]:
    """Units that are not offered."""
    with records.reading() as tx:
        return tx.withdrawn_units()


def set_offered(records: Records, by: Person, unit: str, offered: bool, now: datetime) -> None:
    """Offer a unit or withdraw it."""
    with records.begin() as tx:
        if (unit not in tx.withdrawn_units()) == offered:
            return
        row = {"unit_id": unit, "active": offered, "by_id": by.id, "changed_at": now}
        st.KEEP_UNIT.add_all(tx.connection, [row])
        audit.note(tx, by.id, "offered unit" if offered else "withdrew unit", f"unit/{unit}", now)


def enrolled(records: Records) -> dict[str, int]:
    """Unit → how many are enrolled in it."""
    e = t.enrolment.c
    with records.reading() as tx:
        return {r["unit_id"]: r["n"] for r in tx._all(select(e.unit_id, func.count().label("n")).group_by(e.unit_id))}
