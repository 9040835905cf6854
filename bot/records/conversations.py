"""Rasa's own copy of the conversations, in the tracker store: read, erased, cut short."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import and_, case, column, delete, func, inspect, or_, select, table
from sqlalchemy.engine import Engine

# Rasa makes and owns this table; only what is needed of it is named here.
EVENTS: Any = table(
    "events", column("id"), column("sender_id"), column("type_name"), column("timestamp"), column("data")
)


def sender_of(person_id: int) -> str:
    """The name under which Rasa keeps a person's conversation."""
    return f"person-{person_id}"


def _there(engine: Engine) -> bool:
    return bool(inspect(engine).has_table("events"))


def events_of(engine: Engine, person_id: int) -> list[dict[str, Any]]:
    """Every event of a person's conversation, as Rasa wrote it."""
    if not _there(engine):
        return []
    query = select(EVENTS.c.data).where(EVENTS.c.sender_id == sender_of(person_id)).order_by(EVENTS.c.id)
    with engine.connect() as connection:
        return [json.loads(data) for data in connection.execute(query).scalars()]


def erase_events(engine: Engine, person_id: int) -> int:
    """Delete a person's conversation; how many events went."""
    if not _there(engine):
        return 0
    with engine.begin() as connection:
        return int(connection.execute(delete(EVENTS).where(EVENTS.c.sender_id == sender_of(person_id))).rowcount)


def erase_old_events(engine: Engine, before: float, at_once: int) -> int:
    """Delete events from before that time (seconds since 1970) which no running conversation needs; how many went.

    Rasa reads from the latest start of a session on; of a conversation that has rested since then, nothing is needed.
    """
    if not _there(engine):
        return 0
    later = EVENTS.alias("later")
    same = select(later.c.id).where(later.c.sender_id == EVENTS.c.sender_id)
    begun = same.where(later.c.type_name == "session_started", later.c.id > EVENTS.c.id)
    rested = ~same.where(later.c.timestamp >= before).exists()
    old = select(EVENTS.c.id).where(EVENTS.c.timestamp < before, or_(begun.exists(), rested)).limit(at_once)
    total = 0
    while True:
        with engine.begin() as connection:
            ids = connection.execute(old).scalars().all()
            if ids:
                connection.execute(delete(EVENTS).where(EVENTS.c.id.in_(ids)))
        total += len(ids)
        if len(ids) < at_once:
            return total


def count_old_events(engine: Engine, before: float) -> int:
    """How many events `erase_old_events` would delete now; each conversation is gone through once."""
    if not _there(engine):
        return 0
    begun: Any = case((EVENTS.c.type_name == "session_started", EVENTS.c.id))
    each = (
        select(EVENTS.c.sender_id, func.max(begun).label("begun"), func.max(EVENTS.c.timestamp).label("last"))
        .group_by(EVENTS.c.sender_id)
        .subquery()
    )
    found = select(func.count()).select_from(EVENTS.join(each, each.c.sender_id == EVENTS.c.sender_id))
    old = and_(EVENTS.c.timestamp < before, or_(EVENTS.c.id < each.c.begun, each.c.last < before))
    with engine.connect() as connection:
        return int(connection.execute(found.where(old)).scalar_one())
