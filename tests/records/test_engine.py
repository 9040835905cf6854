"""The database: opened, migrated up and down, and guarded by itself, on SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, delete, insert, inspect, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError

from bot.coach import Coach
from bot.errors import SettingsError
from bot.records import messages, people
from bot.records import tables as t
from bot.records.engine import alembic_config, migrate, open_engine
from bot.records.store import Records
from bot.settings import ROOT
from bot.syllabus.syllabus import Syllabus
from tests.conftest import Clock, FakeMarker, Talk, new_talk

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
def used(records: Records, tiny: Syllabus, clock: Clock) -> Talk:
    """A learner with a row in every append-only table."""
    talk = new_talk(Coach(tiny, FakeMarker(), records, clock))
    talk.start("keeping customers")
    talk.answer("myth price")
    talk.say("dispute")
    for _ in range(4):
        talk.say("dont_know")
    return talk


def test_migrations_make_the_tables_the_code_speaks_of(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, t.metadata) == []


def test_migrations_make_every_check_the_tables_name(engine: Engine) -> None:
    """Alembic writes none by itself, and compares none: without this the rules would stand in the code alone."""
    for table in t.metadata.sorted_tables:
        named = {*table.constraints, *(c for column in table.columns for c in column.constraints)}
        # Once the convention has been applied to a column's constraint, its name holds the prefix already.
        given = {str(c.name) for c in named if isinstance(c, CheckConstraint)}
        wanted = {name if name.startswith("ck_") else f"ck_{table.name}_{name}" for name in given}
        made = {c["name"] for c in inspect(engine).get_check_constraints(table.name)}
        assert made == wanted, table.name


A_MESSAGE: dict[str, Any] = {"message_id": "m", "channel": "web", "text": "", "tries": 0, "created_at": NOW}


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (t.person_role, {"role": "boss"}),
        (t.message, {**A_MESSAGE, "direction": "up", "status": "done"}),
        (t.message, {**A_MESSAGE, "direction": "in", "status": "lost"}),
    ],
)
def test_a_value_the_tables_do_not_know_is_refused(records: Records, table: Any, values: dict[str, Any]) -> None:
    id = people.add_person(records, "Ada", ["learner"], NOW)
    with pytest.raises(IntegrityError), records.begin() as tx:
        tx.connection.execute(insert(table).values(person_id=id, **values))


def test_migrations_go_up_down_and_up_again(empty_url: str) -> None:
    engine = open_engine(empty_url)
    migrate(engine)
    everything = set(inspect(engine).get_table_names())
    assert {table.name for table in t.metadata.sorted_tables} <= everything
    command.downgrade(alembic_config(engine), "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate(engine)
    assert set(inspect(engine).get_table_names()) == everything
    engine.dispose()


def test_migrations_go_down_with_data_in_every_table_and_up_again(empty_url: str, tiny: Syllabus, clock: Clock) -> None:
    engine = open_engine(empty_url)
    migrate(engine)
    talk = new_talk(Coach(tiny, FakeMarker(), Records(engine), clock))
    talk.start("keeping customers")
    talk.answer("myth price")
    talk.say("dispute")
    talk.say("talk_to_tutor")
    for _ in range(4):
        talk.say("dont_know")
    people.invite(talk.coach.records, talk.person_id, clock())
    people.open_session(talk.coach.records, talk.person_id, clock())
    command.downgrade(alembic_config(engine), "base")
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(select(t.attempt)).all() == []
    engine.dispose()


def test_what_the_first_tables_hold_survives_the_way_down_and_up_again(
    empty_url: str, tiny: Syllabus, clock: Clock
) -> None:
    """Every migration down to the first and up again: not a row of people, messages and practice is changed."""
    engine = open_engine(empty_url)
    migrate(engine)
    talk = new_talk(Coach(tiny, FakeMarker(), Records(engine), clock))
    messages.accept(talk.coach.records, "waiting", talk.person_id, "web", "hello", None, clock())
    talk.start("keeping customers")
    talk.answer("myth price")
    talk.say("dispute")
    people.open_session(talk.coach.records, talk.person_id, clock())

    def everything(names: set[str]) -> dict[str, Any]:
        with engine.connect() as connection:
            rows = {n: connection.execute(text(f"SELECT * FROM {n}")).mappings().all() for n in sorted(names)}
        return {name: sorted(str(sorted(dict(row).items())) for row in found) for name, found in rows.items()}

    command.downgrade(alembic_config(engine), "0001")
    first = set(inspect(engine).get_table_names()) - {"alembic_version"}
    kept = everything(first)
    migrate(engine)
    command.downgrade(alembic_config(engine), "0001")
    assert everything(first) == kept
    assert kept["attempt"] and kept["message"] and kept["coverage"] and kept["web_session"]
    migrate(engine)
    with engine.connect() as connection:
        assert len(connection.execute(select(t.attempt)).all()) == len(kept["attempt"])
    assert messages.waiting_people(talk.coach.records, clock()) == [talk.person_id]
    engine.dispose()


def test_processes_that_start_at_once_on_an_empty_database_migrate_it_once(empty_url: str) -> None:
    code = "import sys; from bot.records.engine import migrate, open_engine; migrate(open_engine(sys.argv[1]))"
    command = [sys.executable, "-c", code, empty_url]
    processes = [subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE) for _ in range(3)]
    assert [(process.communicate()[1], process.returncode)[1] for process in processes] == [0, 0, 0]
    engine = open_engine(empty_url)
    assert {table.name for table in t.metadata.sorted_tables} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_migrating_twice_changes_nothing_and_keeps_the_data(used: Talk) -> None:
    before = used.rows(t.attempt)
    migrate(used.coach.records.engine)
    assert used.rows(t.attempt) == before != []


@pytest.mark.parametrize("table", t.APPEND_ONLY)
def test_what_is_recorded_can_be_neither_changed_nor_deleted(used: Talk, table: str) -> None:
    made = t.metadata.tables[table]
    with used.coach.records.reading() as tx:
        before = tx._all(select(made))
    assert before, f"the fixture leaves nothing in {table}"
    column = next(c for c in made.columns if not c.foreign_keys and c.name != "id")
    for statement in (update(made).values({column.name: before[0][column.name]}), delete(made)):
        with pytest.raises(DatabaseError, match=f"{table} is append-only"), used.coach.records.begin() as tx:
            tx.connection.execute(statement)
    with used.coach.records.reading() as tx:
        assert tx._all(select(made)) == before


@pytest.mark.parametrize("state", ["achieved", "submitted", "more needed", ""])
def test_no_practice_record_can_say_achieved(records: Records, state: str) -> None:
    id = people.add_person(records, "Ada", ["learner"], NOW)
    row = {"person_id": id, "statement": "d1/4.9", "state": state, "attempts": 1, "last_at": NOW}
    with pytest.raises(IntegrityError), records.begin() as tx:
        tx.connection.execute(insert(t.coverage).values(row))
    with records.begin() as tx:
        tx.connection.execute(insert(t.coverage).values({**row, "state": "practising"}))
    with pytest.raises(IntegrityError), records.begin() as tx:
        tx.connection.execute(update(t.coverage).values(state=state))


def test_a_row_of_nobody_is_refused(records: Records) -> None:
    with pytest.raises(IntegrityError), records.begin() as tx:
        tx.connection.execute(insert(t.enrolment).values(person_id=999, unit_id="t1", since=NOW))


def test_a_learner_has_one_open_exercise_at_most(records: Records) -> None:
    id = people.add_person(records, "Ada", ["learner"], NOW)
    row: dict[str, Any] = {"person_id": id, "kind": "practice", "state": {}, "opened_at": NOW, "touched_at": NOW}
    with pytest.raises(IntegrityError), records.begin() as tx:
        tx.connection.execute(insert(t.exercise), [row, row])


def test_times_come_back_aware_and_in_utc_whatever_zone_they_had(records: Records) -> None:
    there = timezone(timedelta(hours=2))
    id = people.add_person(records, "Ada", ["learner"], datetime(2026, 3, 2, 1, 30, tzinfo=there))
    with records.reading() as tx:
        made_at = tx._one(select(t.person.c.created_at).where(t.person.c.id == id))["created_at"]
    assert made_at == datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc) and made_at.tzinfo is timezone.utc


def test_a_time_without_a_zone_is_refused(records: Records) -> None:
    with pytest.raises(StatementError, match="must carry their zone"):
        people.add_person(records, "Ada", ["learner"], datetime(2026, 3, 2))


def test_a_transaction_that_fails_leaves_nothing(records: Records) -> None:
    with pytest.raises(RuntimeError), records.begin() as tx:
        tx.connection.execute(insert(t.cohort).values(name="Monday group"))
        raise RuntimeError("on purpose")
    with records.reading() as tx:
        assert tx._all(select(t.cohort)) == []


def test_a_url_that_is_none_names_the_setting() -> None:
    for url in ("nonsense", "postgres://x@y/z", "oracle://x@y/z"):
        with pytest.raises(SettingsError, match="DATABASE_URL"):
            open_engine(url)


def test_a_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"Cannot write to .*file/deeper .*RAPPORT_DATA"):
        open_engine(f"sqlite:///{tmp_path}/file/deeper/rapport.sqlite")


def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "rapport.sqlite").write_text("this is a letter to my aunt, and by no means a database" * 50)
    with pytest.raises(SettingsError, match="cannot be opened or written"):
        migrate(open_engine(f"sqlite:///{tmp_path}/rapport.sqlite"))


def test_a_database_of_a_newer_version_is_left_alone(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="another version of Rapport"):
        migrate(sqlite_engine)


def test_a_server_that_is_not_there_is_one_clear_sentence_without_the_password() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        migrate(open_engine("postgresql://me:verysecret@127.0.0.1:9/nowhere"))
    assert "verysecret" not in str(caught.value)
