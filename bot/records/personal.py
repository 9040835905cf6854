"""All that is kept about one person, for that person: what `/export` sends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bot.records import tables as t
from bot.records.store import Records

# Keys to the door, machinery, and other people's names are not the person's data.
LEFT_OUT = {"web_session", "invitation", "move", "exercise", "delivery", "audit"}
SECRET = {"password_hash", "token_hash", "csrf"}


def personal_data(records: Records, person_id: int) -> dict[str, Any]:
    """Table → the person's rows in plain values (times as ISO 8601), with the matches of their attempts."""
    found: dict[str, Any] = {}
    with records.reading() as tx:
        for table in t.metadata.sorted_tables:
            column = table.c.id if table.name == "person" else table.c.get("person_id")
            if column is None or table.name in LEFT_OUT:
                continue
            rows = tx._all(select(table).where(column == person_id).order_by(*table.primary_key.columns))
            found[table.name] = [_plain(r) for r in rows]
        match, attempt = t.attempt_match, t.attempt
        query = select(match).join(attempt, attempt.c.id == match.c.attempt_id).where(attempt.c.person_id == person_id)
        found["attempt_match"] = [_plain(r) for r in tx._all(query.order_by(match.c.attempt_id))]
    return {name: rows for name, rows in found.items() if rows}


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, (datetime, date)) else value
        for name, value in row.items()
        if name not in SECRET
    }
