"""How long things are kept is chosen within limits, with a reason, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import IntegrityError

from bot.errors import BadInput
from bot.records import audit, erasing, people, retention_times
from bot.records.engine import alembic_config, migrate, opened
from bot.records.retention_tables import LIMITS, retention_time
from bot.records.retention_times import Change
from bot.records.store import Records
from tests.records.test_guards import NOW, Office

DEFAULT = 180.0


@pytest.fixture
def ada(records: Records) -> Any:
    return people.find(records, people.add_person(records, "Ada", ["admin"], NOW))


def in_force(records: Records) -> dict[str, str]:
    return {name: time.words for name, time in retention_times.in_force(records, DEFAULT).items()}


def test_until_somebody_chooses_the_defaults_are_in_force(records: Records) -> None:
    assert in_force(records) == {"chats": "180 days", "assessments": "3 years"}
    assert retention_times.in_force(records, 30.5)["chats"].span == timedelta(days=30.5)
    assert retention_times.in_force(records, 3650)["chats"].outside


def test_what_is_chosen_is_in_force_whatever_the_default_and_every_change_is_audited(
    records: Records, ada: Any
) -> None:
    retention_times.set_time(records, ada, "chats", Change(90, DEFAULT, " less is enough "), DEFAULT, NOW)
    retention_times.set_time(records, ada, "chats", Change(400, 90.0, "a long course"), DEFAULT, NOW)
    retention_times.set_time(records, ada, "assessments", Change(6, 3.0, "the body wants six"), DEFAULT, NOW)
    assert in_force(records) == {"chats": "400 days", "assessments": "6 years"}
    times = retention_times.in_force(records, 7)
    chosen = times["chats"].chosen
    assert times["chats"].amount == 400 and chosen is not None
    assert (chosen.by, chosen.at, chosen.reason) == ("Ada", NOW, "a long course")
    entries = audit.newest(records)[::-1]
    assert [(e.action, e.subject, e.by_id) for e in entries] == [
        (retention_times.CHANGED, f"retention/{name}", ada.id) for name in ("chats", "chats", "assessments")
    ]
    assert json.loads(entries[1].detail) == {"old": "90 days", "new": "400 days", "reason": "a long course"}
    assert audit.verify(records).broken_at is None


@pytest.mark.parametrize(
    ("name", "amount", "was", "reason", "said"),
    [
        ("chats", 6, DEFAULT, "x", "7 to 1095"),
        ("chats", 1096, DEFAULT, "x", "7 to 1095"),
        ("assessments", 2, 3, "x", "3 to 10"),
        ("assessments", 0, 3, "x", "3 to 10"),
        ("assessments", 11, 3, "x", "3 to 10"),
        ("chats", 90, DEFAULT, " \n", "reason"),
        ("chats", 90, DEFAULT, "x" * 501, "at most 500"),
        ("chats", 90, 170.0, "x", "180 days now"),
        ("chats", 90, float("nan"), "x", "180 days now"),
        ("chats", 180, DEFAULT, "x", "already"),
    ],
)
def test_what_cannot_be_chosen_is_said_and_changes_nothing(
    records: Records, ada: Any, name: str, amount: int, was: float, reason: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        retention_times.set_time(records, ada, name, Change(amount, was, reason), DEFAULT, NOW)
    assert in_force(records) == {"chats": "180 days", "assessments": "3 years"} and audit.length(records) == 0


@pytest.mark.parametrize(
    ("name", "amount"), [("assessments", 2), ("assessments", 11), ("chats", 6), ("chats", 1096), ("audit", 5)]
)
def test_the_database_itself_refuses_what_is_outside_of_the_limits(
    records: Records, ada: Any, name: str, amount: int
) -> None:
    row = {"name": name, "amount": amount, "reason": "x", "by_id": ada.id, "made_at": NOW}
    with pytest.raises(IntegrityError), records.begin() as tx:
        tx.connection.execute(insert(retention_time).values(**row))


def test_years_are_never_shorter_than_by_the_calendar() -> None:
    for years in range(3, 11):
        span = retention_times.Time(LIMITS["assessments"], years).span
        for first in range(2024, 2032):
            assert NOW.replace(year=first) + span >= NOW.replace(year=first + years)


def test_of_two_administrators_at_once_one_is_told(records: Records, ada: Any) -> None:
    """Both saw the same time in force: only one change is made, and the audit has no old value that was none."""
    refused: list[str] = []
    together = threading.Barrier(2)

    def choose(days: int) -> None:
        together.wait(10)
        try:
            retention_times.set_time(records, ada, "chats", Change(days, DEFAULT, "x"), DEFAULT, NOW)
        except BadInput as error:
            refused.append(str(error))

    threads = [threading.Thread(target=choose, args=(days,)) for days in (200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1 and "Somebody has changed it" in refused[0] and audit.length(records) == 1


def test_an_erasure_tells_the_date_of_the_time_in_force(records: Records, ada: Any) -> None:
    office = Office(records)
    office.decide()
    assert erasing.plan(records, office.learner).until == NOW + timedelta(days=1096)
    retention_times.set_time(records, ada, "assessments", Change(5, 3.0, "x"), DEFAULT, NOW)
    plan = erasing.plan(records, office.learner)
    assert plan.until == NOW + timedelta(days=1827) and plan.kept_for == "5 years"


def test_the_migration_goes_down_with_a_chosen_time_and_up_again(empty_url: str) -> None:
    with opened(empty_url) as engine:
        migrate(engine)
        records = Records(engine)
        ada: Any = people.find(records, people.add_person(records, "Ada", ["admin"], NOW))
        retention_times.set_time(records, ada, "chats", Change(90, DEFAULT, "x"), DEFAULT, NOW)
        command.downgrade(alembic_config(engine), "0013")
        assert not inspect(engine).has_table("retention_time")
        migrate(engine)
        assert in_force(records)["chats"] == "180 days" and people.find(records, ada.id) is not None
        with records.reading() as tx:
            assert tx._all(select(retention_time)) == []
