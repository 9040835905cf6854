"""The made-up month of practice."""

from __future__ import annotations

from sqlalchemy import func, select

from bot import demo
from bot.coach import Coach
from bot.records import people
from bot.records import tables as t
from bot.records.coverage_reports import Asked, Row, coverage_matrix
from bot.records.store import Records
from bot.syllabus.syllabus import Syllabus
from tests.conftest import Clock, FakeMarker


def test_the_demo_adds_marked_people_with_practice_once_and_gives_the_clock_back(
    sqlite_records: Records, syllabus: Syllabus, clock: Clock, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(
        demo, "LEARNERS", (("Aisha Demo", 3, 0.9, 0.05), ("Dana Demo", 2, 0.3, 0.4), ("Finn Demo", 0, 0.0, 0.0))
    )
    coach = Coach(syllabus, FakeMarker(), sqlite_records, clock)
    steps: list[tuple[int, int]] = []
    said = demo.fill(coach, sqlite_records, lambda done, of: steps.append((done, of)))
    assert said.startswith("Added 3 made-up learners with ") and steps[-1] == (5, 5)
    assert coach.clock is clock
    everybody = people.everybody(sqlite_records)
    assert all(p.demo and "Demo" in p.name for p in everybody)
    with sqlite_records.reading() as tx:
        rows = tx._all(select(t.attempt.c.person_id, func.count()).group_by(t.attempt.c.person_id))
        states = {r["state"] for r in tx._all(select(t.coverage.c.state))}
    assert len(rows) == 2 and states <= {"practising", "ready"}
    assert "already" in demo.fill(coach, sqlite_records, lambda done, of: None)
    assert people.everybody(sqlite_records) == everybody


def test_there_is_a_demo_person_of_each_role_but_administrator_about_the_same_group(sqlite_records: Records) -> None:
    made = demo.demo_people(sqlite_records)
    assert set(made) == set(t.ROLES) - {"admin"} and demo.demo_people(sqlite_records) == made
    assessor = people.find(sqlite_records, made["assessor"])
    assert assessor is not None and assessor.demo
    assert [row.id for row in learners_seen(sqlite_records, assessor)] == [made["learner"]]


def learners_seen(records: Records, viewer: people.Person) -> list[Row]:
    return coverage_matrix(records, viewer, Asked("d1", ("d1/4.9",)))[0]
