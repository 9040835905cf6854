"""How long chats and assessment records are kept: what an administrator chose, else the default."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Optional

import msgspec
from sqlalchemy import select

from bot.errors import BadInput
from bot.records import audit
from bot.records import statements as st
from bot.records import tables as t
from bot.records.people import Person
from bot.records.retention_tables import ASSESSMENTS, CHATS, Limits
from bot.records.retention_tables import retention_time as table
from bot.records.store import Records, Tx

LONGEST = 500  # characters of a reason
CHANGED = "changed retention time"  # the action in the audit
DAYS = {"days": 1.0, "years": 365.25}


class Chosen(msgspec.Struct, frozen=True):
    """Who chose a time, when and why."""

    by: str
    at: datetime
    reason: str


class Time(msgspec.Struct, frozen=True):
    """A time in force: `amount` in the limits' unit; `chosen` is None while the default is in force."""

    limits: Limits
    amount: float
    chosen: Optional[Chosen] = None

    @property
    def span(self) -> timedelta:
        """Its length; years are never shorter than by the calendar."""
        days = self.amount * DAYS[self.limits.unit]
        return timedelta(days=math.ceil(days) if self.limits.unit == "years" else days)

    @property
    def words(self) -> str:
        """Like "180 days"."""
        return f"{self.amount:g} {self.limits.unit}"

    @property
    def outside(self) -> bool:
        """Whether the default was set to what nobody could choose."""
        return not self.limits.least <= self.amount <= self.limits.most


class Change(msgspec.Struct, frozen=True):
    """What somebody wants: `was` is the amount they saw in force."""

    amount: int
    was: float
    reason: str


def in_force(records: Records, chat_days: float) -> dict[str, Time]:
    """Name → time; `chat_days` is how long chats are kept where nobody has chosen."""
    with records.reading() as tx:
        return {time.limits.name: time for time in (_of(tx, CHATS, chat_days), assessments(tx))}


def assessments(tx: Tx) -> Time:
    """How long assessment records are kept after the latest "achieved"."""
    return _of(tx, ASSESSMENTS, ASSESSMENTS.least)


def check(time: Time, change: Change) -> None:
    """BadInput for a change that cannot be made while `time` is in force."""
    limits = time.limits
    if not limits.least <= change.amount <= limits.most:
        raise BadInput(f"{change.amount} {limits.unit} cannot be chosen: write {limits.least} to {limits.most}.")
    if change.was != time.amount:
        raise BadInput(f"Somebody has changed it meanwhile: it is {time.words} now. Nothing of yours was saved.")
    if change.amount == time.amount:
        raise BadInput(f"It is {time.words} already.")
    if not change.reason.strip():
        raise BadInput("Give a reason: it goes into the audit.")
    if len(change.reason.strip()) > LONGEST:
        raise BadInput(f"The reason is too long: write at most {LONGEST} characters.")


def set_time(records: Records, by: Person, name: str, change: Change, chat_days: float, now: datetime) -> None:
    """Put another time in force; BadInput where `check` refuses it."""
    with records.begin() as tx:
        audit.alone(tx)  # two administrators at once: the second sees what the first has made
        old = {CHATS.name: _of(tx, CHATS, chat_days), ASSESSMENTS.name: assessments(tx)}[name]
        check(old, change)
        new, reason = Time(old.limits, change.amount), change.reason.strip()
        row = {"name": name, "amount": change.amount, "reason": reason, "by_id": by.id, "made_at": now}
        st.KEEP_RETENTION_TIME.add_all(tx.connection, [row])
        audit.note(tx, by.id, CHANGED, f"retention/{name}", now, old=old.words, new=new.words, reason=reason)


def _of(tx: Tx, limits: Limits, default: float) -> Time:
    c, p = table.c, t.person.c
    query = select(c.amount, c.reason, c.made_at, p.name).join(t.person, p.id == c.by_id).where(c.name == limits.name)
    row = tx._one(query)
    if row is None:
        return Time(limits, float(default))
    return Time(limits, float(row["amount"]), Chosen(row["name"], row["made_at"], row["reason"]))
