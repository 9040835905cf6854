"""Who saw, decided, overrode, exported: a chain in which every entry holds the hash of all before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import func, insert, select, text

from bot.records import assessment_tables as a
from bot.records.store import Records, Tx

BEGINNING = "0" * 64
ONE_WRITER = 0x52_41_50_50  # PostgreSQL advisory lock: the chain grows one entry at a time
AT_ONCE = 1000


class Entry(msgspec.Struct, frozen=True):
    """One entry of the chain."""

    id: int
    by_id: Optional[int]
    action: str
    subject: str
    detail: str
    made_at: datetime
    hash: str


class Verdict(msgspec.Struct, frozen=True):
    """What checking the chain found: entries read, and the first one that does not fit, with the reason."""

    entries: int
    broken_at: Optional[int] = None
    reason: str = ""


def note(tx: Tx, by_id: Optional[int], action: str, subject: str, now: datetime, **detail: Any) -> int:
    """Append an entry in the transaction of what it is about; its number. `subject` is like "decision/12"."""
    alone(tx)
    e = a.audit.c
    last = tx._one(select(e.id, e.hash).order_by(e.id.desc()).limit(1))
    id, before = (last["id"] + 1, last["hash"]) if last else (1, BEGINNING)
    entry = Entry(id, by_id, action, subject[:120], _text(detail), now, "")
    hashed = msgspec.structs.replace(entry, hash=digest(before, entry))
    tx.connection.execute(insert(a.audit).values(msgspec.structs.asdict(hashed)))
    return id


def alone(tx: Tx) -> None:
    """Hold the end of the chain until the transaction ends; SQLite has one writer anyway."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_WRITER})


def digest(before: str, entry: Entry) -> str:
    """SHA-256 over the hash before and all of the entry but its own hash, as 64 hex digits."""
    fields = [before, entry.id, entry.by_id, entry.action, entry.subject, entry.detail, entry.made_at.isoformat()]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


def verify(records: Records) -> Verdict:
    """Read the whole chain and check it; a cut-off end cannot be seen without the last hash kept elsewhere."""
    before, count = BEGINNING, 0
    e = a.audit.c
    with records.reading() as tx:
        while True:
            rows = tx._all(select(a.audit).where(e.id > count).order_by(e.id).limit(AT_ONCE))
            if not rows:
                return Verdict(count)
            for row in rows:
                entry = Entry(**row)
                if entry.id != count + 1:
                    return Verdict(count, count + 1, "an entry is missing")
                if digest(before, entry) != entry.hash:
                    return Verdict(count, entry.id, "its hash does not fit its content and the entry before")
                before, count = entry.hash, entry.id


def newest(
    records: Records, limit: int = 200, before: Optional[int] = None, action: str = "", by_id: Optional[int] = None
) -> list[Entry]:
    """Entries, newest first; `before` goes on from an earlier page."""
    e = a.audit.c
    query = select(a.audit).order_by(e.id.desc()).limit(limit)
    if before is not None:
        query = query.where(e.id < before)
    if action:
        query = query.where(e.action == action)
    if by_id is not None:
        query = query.where(e.by_id == by_id)
    with records.reading() as tx:
        return [Entry(**row) for row in tx._all(query)]


def all_entries(records: Records) -> Iterator[Entry]:
    """The chain from its beginning, read in pieces."""
    e, last = a.audit.c, 0
    while True:
        with records.reading() as tx:
            rows = tx._all(select(a.audit).where(e.id > last).order_by(e.id).limit(AT_ONCE))
        if not rows:
            return
        for row in rows:
            yield Entry(**row)
        last = rows[-1]["id"]


def actions(records: Records) -> list[str]:
    """Every kind of entry there is, by name."""
    e = a.audit.c
    with records.reading() as tx:
        return [r["action"] for r in tx._all(select(e.action).distinct().order_by(e.action))]


def length(records: Records) -> int:
    """How many entries there are."""
    with records.reading() as tx:
        return int(tx._one(select(func.count().label("n")).select_from(a.audit))["n"])


def _text(detail: Mapping[str, Any]) -> str:
    return json.dumps(detail, sort_keys=True, ensure_ascii=False, default=str)
