"""What an administrator has written for everybody: whom to ask for help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select

from bot.records import audit
from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Records

CONTACT, LONGEST = "help contact", 1000


def contact(records: Records) -> str:
    """Whom to ask, in the centre's own words; "" where nothing is written."""
    c = t.centre_text.c
    with records.reading() as tx:
        row = tx._one(select(c.words).where(c.name == CONTACT))
    return str(row["words"]) if row else ""


def set_contact(records: Records, by: Person, words: str, now: datetime) -> None:
    """Write it anew; "" takes it away."""
    words = words.strip()[:LONGEST]
    with records.begin() as tx:
        tx.connection.execute(delete(t.centre_text).where(t.centre_text.c.name == CONTACT))
        if words:
            values = {"name": CONTACT, "words": words, "by_id": by.id, "made_at": now}
            tx.connection.execute(insert(t.centre_text).values(**values))
        audit.note(tx, by.id, "set help contact", "centre/help", now)
