"""What must not grow with all that is stored: found by an index, for every statement of the pages that tutors open."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from bot.records import group_reports, people, sittings, tutor_reports, tutoring
from bot.records import tables as t
from bot.records.coverage_reports import Asked, coverage_matrix
from bot.records.store import Records, Turn

NOW = datetime(2026, 11, 24, 9, tzinfo=timezone.utc)
LARGE = ("attempt", "attempt_match", "attempt_statement", "message", "move", "coverage", "tutor_request")


@pytest.fixture
def records(sqlite_engine: Engine) -> Records:
    return Records(sqlite_engine)


@pytest.fixture
def tutor(records: Records) -> people.Person:
    id = people.add_person(records, "Tom Tutor", ["tutor"], NOW, "t@example.org", cohort="Spring")
    found = people.find(records, id)
    assert found is not None
    return found


def learner(records: Records) -> int:
    return people.add_person(records, "Lena", ["learner"], NOW, units=["d1"], cohort="Spring")


def plans(records: Records, read: Any) -> list[str]:
    """How SQLite finds the rows of every statement that `read` runs, in the order of the statements."""
    found: list[str] = []

    def look(connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT"):
            found.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall())

    event.listen(records.engine, "before_cursor_execute", look)
    read()
    event.remove(records.engine, "before_cursor_execute", look)
    return found


def scanned(found: list[str]) -> list[str]:
    """Large tables that are read whole."""
    return [
        line for line in found if line.startswith("SCAN") and line.split()[1] in LARGE and "coverage_stuck" not in line
    ]


def test_the_work_list_reads_no_large_table_whole(records: Records, tutor: people.Person) -> None:
    learner(records)
    found = plans(records, lambda: tutor_reports.work_list(records, tutor, NOW))
    assert found and scanned(found) == []
    assert any("ix_tutor_request_open" in line for line in found)
    assert not any(" message" in line for line in found)  # quiet learners are found without what they wrote


def test_insights_find_answers_by_learner_and_question(records: Records, tutor: people.Person) -> None:
    people_ = [learner(records)]
    for read in (
        lambda: group_reports.question_stats(records, people_, ["d1-4.9-cost"]),
        lambda: group_reports.misconceptions(records, people_, ["d1-4.9-cost"]),
        lambda: group_reports.trend(records, people_, "d1", ["d1-4.9-cost"], NOW),
    ):
        found = plans(records, read)
        assert scanned(found) == [] and any("ix_attempt_person_id" in line for line in found)


def test_the_matrix_reads_the_coverage_of_those_it_shows_alone(records: Records, tutor: people.Person) -> None:
    learner(records)
    asked = Asked("d1", ("d1/4.9",), sort="ready", only_stuck=True)
    found = plans(records, lambda: coverage_matrix(records, tutor, asked, 10))
    assert scanned(found) == []
    # By person: a look for each pair of a person and one of 41 statements takes five times as long.
    assert any("ix_coverage_ready (person_id=?)" in line for line in found)
    assert not any("coverage" in line and "statement=?" in line for line in found)


def test_who_has_handed_in_is_found_by_learner_and_not_by_all_questions(records: Records) -> None:
    def read() -> None:
        with records.reading() as tx:
            sittings.submitted(tx, [learner_id], None)

    learner_id = learner(records)
    found = plans(records, read)
    assert any("sitting USING" in line and "(person_id=?)" in line for line in found)
    assert not any("MULTI-INDEX" in line for line in found)


def test_a_request_that_is_closed_is_marked_so_and_leaves_the_list(records: Records, tutor: people.Person) -> None:
    id = learner(records)
    with records.begin() as tx:
        tx.ask_tutor(Turn("q-1", id, "web", "when?"), "question", None, NOW)
    assert [w.kind for w in tutor_reports.work_list(records, tutor, NOW)] == ["question"]
    with records.reading() as tx:
        request = tx._one(select(t.tutor_request.c.id))["id"]
    tutoring.close(records, tutor, "request", request, "seen", NOW)
    assert tutor_reports.work_list(records, tutor, NOW) == []
    with records.reading() as tx:
        assert tx._one(select(t.tutor_request.c.seen_at))["seen_at"] == NOW
