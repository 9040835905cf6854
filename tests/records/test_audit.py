"""The audit chain: grows one by one, and shows any change."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from bot.records import audit
from bot.records.store import Records

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


def _fill(records: Records, n: int, who: str = "decision") -> None:
    for i in range(n):
        with records.begin() as tx:
            audit.note(tx, None, "decided", f"{who}/{i}", NOW, outcome="achieved", reason="¡Sí!")


def test_an_untouched_chain_verifies(records: Records) -> None:
    assert audit.verify(records) == audit.Verdict(0)
    _fill(records, 5)
    assert audit.verify(records) == audit.Verdict(5)
    assert [e.id for e in audit.newest(records, limit=2)] == [5, 4]
    assert audit.length(records) == 5


def _tamper(records: Records, statement: str) -> None:
    """As somebody would who owns the database file and its triggers."""
    with records.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET detail = '{}' WHERE id = 3",
        "UPDATE audit SET by_id = NULL, action = 'seen' WHERE id = 3",
        "DELETE FROM audit WHERE id = 3",
    ],
)
def test_a_changed_or_missing_entry_is_named(records: Records, statement: str) -> None:
    _fill(records, 5)
    _tamper(records, statement)
    assert audit.verify(records).broken_at == 3


def test_an_entry_can_be_neither_changed_nor_deleted(records: Records) -> None:
    _fill(records, 1)
    for statement in ("UPDATE audit SET detail = '{}'", "DELETE FROM audit"):
        with pytest.raises(DatabaseError, match="append-only"), records.engine.begin() as connection:
            connection.execute(text(statement))


def test_many_writers_at_once_make_one_chain(records: Records) -> None:
    threads = [threading.Thread(target=_fill, args=(records, 10, f"t{i}")) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.verify(records) == audit.Verdict(40)


def test_an_entry_is_kept_with_what_it_is_about_or_not_at_all(records: Records) -> None:
    with pytest.raises(RuntimeError), records.begin() as tx:
        audit.note(tx, None, "decided", "decision/1", NOW)
        raise RuntimeError("on purpose")
    assert audit.length(records) == 0
