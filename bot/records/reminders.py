"""Reminders of due reviews: for those who want them, outside their quiet hours, once a day at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from sqlalchemy import and_, func, insert, or_, select, update

from bot.errors import BadInput
from bot.records import channel_tables as ct
from bot.records import outbox
from bot.records import tables as t
from bot.records.store import Records, Tx

R = ct.reminder.c


class Reminder(msgspec.Struct, frozen=True):
    """A learner's wish. Quiet from `quiet_from` to `quiet_to` o'clock local time; the same hour twice: never quiet."""

    wanted: bool = False
    time_zone: str = "Europe/London"
    quiet_from: int = 21
    quiet_to: int = 8


def wish_of(records: Records, person_id: int) -> Reminder:
    """What the learner has chosen; no reminders before they have."""
    with records.reading() as tx:
        return _wish(tx, person_id)


def _wish(tx: Tx, person_id: int) -> Reminder:
    row = tx._one(select(R.wanted, R.time_zone, R.quiet_from, R.quiet_to).where(R.person_id == person_id))
    return Reminder(**row) if row else Reminder()


def choose(records: Records, person_id: int, wish: Reminder) -> None:
    """Keep a learner's wish; BadInput for a zone or an hour that is none."""
    if zone(wish.time_zone) is None:
        raise BadInput(f"There is no time zone {wish.time_zone!r}. They look like Europe/London.")
    if not all(0 <= hour <= 23 for hour in (wish.quiet_from, wish.quiet_to)):
        raise BadInput("An hour is a number from 0 to 23.")
    values = msgspec.structs.asdict(wish)
    with records.begin() as tx:
        if not tx.connection.execute(update(ct.reminder).where(R.person_id == person_id).values(**values)).rowcount:
            tx.connection.execute(insert(ct.reminder).values(person_id=person_id, **values))


def zone(name: str) -> Optional[ZoneInfo]:
    """The time zone of that name, None if there is none."""
    try:
        return ZoneInfo(name) if name in available_timezones() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_quiet(wish: Reminder, now: datetime) -> bool:
    """Whether it is one of the learner's quiet hours."""
    hour = _local(wish, now).hour
    if wish.quiet_from <= wish.quiet_to:
        return wish.quiet_from <= hour < wish.quiet_to
    return hour >= wish.quiet_from or hour < wish.quiet_to


def _local(wish: Reminder, now: datetime) -> datetime:
    return now.astimezone(zone(wish.time_zone) or ZoneInfo("UTC"))


def remind(
    records: Records,
    now: datetime,
    text: Callable[[int], str],
    buttons: Sequence[Mapping[str, str]] = (),
) -> int:
    """Push one reminder to everybody whose time it is; how many. However many processes call it: once a day."""
    c = t.review_card.c
    query = (
        select(R.person_id, func.count().label("due"))
        .join(t.review_card, c.person_id == R.person_id)
        .join(t.person, t.person.c.id == R.person_id)
        .where(R.wanted.is_(True), c.due <= now, t.person.c.active.is_(True))
        .group_by(R.person_id)
        .order_by(R.person_id)
    )
    with records.reading() as tx:
        people = tx._all(query)
    return sum(_remind(records, row["person_id"], row["due"], now, text, buttons) for row in people)


def _remind(
    records: Records,
    person_id: int,
    due: int,
    now: datetime,
    text: Callable[[int], str],
    buttons: Sequence[Mapping[str, str]],
) -> bool:
    with records.begin() as tx:
        wish = _wish(tx, person_id)
        today: date = _local(wish, now).date()
        if not wish.wanted or is_quiet(wish, now):
            return False
        first = and_(R.person_id == person_id, or_(R.last_on.is_(None), R.last_on < today))
        if not tx.connection.execute(update(ct.reminder).where(first).values(last_on=today)).rowcount:
            return False
        outbox.push(tx, person_id, text(due), "reminder", now, buttons)
    return True
