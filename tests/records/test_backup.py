"""Backup and restore, on SQLite and on PostgreSQL, with real tools."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.errors import BadInput, SettingsError
from bot.records import audit, backup, conversations, erasing, people
from bot.records import tables as t
from bot.records.engine import migrate, open_engine
from bot.records.store import Records

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
def databases(empty_url: str, tmp_path: Path) -> dict[str, str]:
    """Records with a person in them, and a tracker store of Rasa's with one event."""
    tracker = empty_url if empty_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    engine = open_engine(empty_url)
    migrate(engine)
    people.add_person(Records(engine), "Ada", ["learner"], NOW)
    engine.dispose()
    made = open_engine(tracker)
    with made.begin() as connection:
        connection.execute(
            text("CREATE TABLE events (id integer, sender_id text, type_name text, timestamp float, data text)")
        )
        connection.execute(text("INSERT INTO events VALUES (1, 'person-1', 'user', 1.0, '{\"text\": \"hello\"}')"))
    made.dispose()
    return {"records": empty_url, "tracker": tracker}


def names(url: str) -> list[str]:
    engine = open_engine(url)
    with Records(engine).reading() as tx:
        found = [r["name"] for r in tx._all(select(t.person.c.name).order_by(t.person.c.id))]
    engine.dispose()
    return found


def test_what_was_backed_up_comes_back_with_its_guards(databases: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "monday.zip"
    made = backup.backup(databases, file, NOW)
    assert len(made.parts) == len(set(databases.values())) and file.stat().st_mode & 0o077 == 0
    engine = open_engine(databases["records"])
    people.add_person(Records(engine), "Ben", ["learner"], NOW)
    erasing.erase(Records(engine), None, 1, NOW)
    tracker = open_engine(databases["tracker"])
    assert conversations.erase_events(tracker, 1) == 1
    tracker.dispose()
    engine.dispose()
    backup.restore(databases, file)
    assert names(databases["records"]) == ["Ada"]
    engine, tracker = (open_engine(url) for url in databases.values())
    assert conversations.events_of(tracker, 1) == [{"text": "hello"}] and audit.length(Records(engine)) == 0
    migrate(engine)
    people.add_person(Records(engine), "Cleo", ["learner"], NOW)
    erasing.erase(Records(engine), None, 1, NOW)
    with engine.connect() as connection:
        assert "erasure" in {*t.metadata.tables} and connection.execute(select(t.person.c.name)).scalars().all()
    engine.dispose()
    tracker.dispose()


def test_a_backup_while_others_write_is_whole(databases: dict[str, str], tmp_path: Path) -> None:
    engine, stop = open_engine(databases["records"]), threading.Event()

    def write() -> None:
        with Records(engine).begin() as tx:
            audit.note(tx, None, "first", "x", NOW)
        while not stop.is_set():
            with Records(engine).begin() as tx:
                audit.note(tx, None, "wrote", "x", NOW)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup.backup(databases, tmp_path / "b.zip", NOW)
    finally:
        stop.set()
        writer.join()
    written = audit.length(Records(engine))
    engine.dispose()
    backup.restore(databases, tmp_path / "b.zip")
    engine = open_engine(databases["records"])
    found = audit.verify(Records(engine))
    assert found.broken_at is None and 0 <= found.entries <= written
    engine.dispose()


def test_a_damaged_or_foreign_file_is_refused_and_nothing_touched(sqlite_template: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'r.sqlite'}"
    (tmp_path / "r.sqlite").write_bytes(sqlite_template.read_bytes())
    backup.backup({"records": url}, tmp_path / "b.zip", NOW)
    with zipfile.ZipFile(tmp_path / "b.zip") as file, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        bad.writestr("manifest.json", file.read("manifest.json"))
        bad.writestr("records", file.read("records")[:-4096] + bytes(4096))
    (tmp_path / "letter.zip").write_text("to my aunt")
    before = (tmp_path / "r.sqlite").read_bytes()
    for name, why in (("bad.zip", "damaged"), ("letter.zip", "not a backup"), ("none.zip", "No such file")):
        with pytest.raises(BadInput, match=why):
            backup.restore({"records": url}, tmp_path / name)
    with pytest.raises(BadInput, match="does not hold what is set"):
        backup.restore({"records": url, "tracker": f"sqlite:///{tmp_path}/t.sqlite"}, tmp_path / "b.zip")
    with pytest.raises(BadInput, match="there already"):
        backup.backup({"records": url}, tmp_path / "b.zip", NOW)
    assert (tmp_path / "r.sqlite").read_bytes() == before


def test_without_the_tools_it_is_said_what_to_install(
    make_postgres_url: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="pg_dump is not there"):
        backup.backup({"records": make_postgres_url()}, tmp_path / "b.zip", NOW)
    assert not list(tmp_path.glob("b.zip*"))
