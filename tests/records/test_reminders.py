"""Reminders of due reviews: wanted, outside quiet hours, once a day."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import insert

from bot.errors import BadInput
from bot.records import messages, people, reminders
from bot.records import tables as t
from bot.records.reminders import Reminder
from bot.records.store import Records
from tests.conftest import Clock


@pytest.fixture
def ada(records: Records, clock: Clock) -> int:
    id = people.add_person(records, "Ada", ["learner"], clock())
    with records.begin() as tx:
        tx.connection.execute(insert(t.review_card).values(person_id=id, question_id="q", card={}, due=clock()))
    return id


def remind(records: Records, clock: Clock) -> int:
    return reminders.remind(records, clock(), lambda due: f"{due} due")


def test_nobody_is_reminded_who_has_not_asked_for_it(records: Records, ada: int, clock: Clock) -> None:
    assert remind(records, clock) == 0
    reminders.choose(records, ada, Reminder(False))
    assert remind(records, clock) == 0


def test_once_a_day_however_often_it_is_looked_for(records: Records, ada: int, clock: Clock) -> None:
    reminders.choose(records, ada, Reminder(True))
    assert [remind(records, clock) for _ in range(3)] == [1, 0, 0]
    clock.move(days=1)
    assert remind(records, clock) == 1
    assert [r["text"] for r in messages.history(records, ada)] == ["1 due", "1 due"]


def test_quiet_hours_are_those_of_the_learners_clock(records: Records, ada: int, clock: Clock) -> None:
    reminders.choose(records, ada, Reminder(True, "Asia/Tokyo", 18, 8))  # 09:00 UTC is 18:00 in Tokyo
    assert remind(records, clock) == 0
    clock.move(hours=13, minutes=59)
    assert remind(records, clock) == 0
    clock.move(minutes=2)
    assert remind(records, clock) == 1


@pytest.mark.parametrize(
    ("quiet", "hour", "expected"),
    [((21, 8), 20, False), ((21, 8), 21, True), ((21, 8), 3, True), ((21, 8), 8, False), ((1, 5), 3, True),
     ((1, 5), 5, False), ((7, 7), 7, False)],
)  # fmt: skip
def test_quiet_hours_may_pass_midnight(quiet: tuple[int, int], hour: int, expected: bool) -> None:
    now = datetime(2026, 1, 10, hour, 30, tzinfo=timezone.utc)
    assert reminders.is_quiet(Reminder(True, "Europe/London", *quiet), now) is expected


def test_summer_time_is_kept(records: Records) -> None:
    wish = Reminder(True, "Europe/London", 21, 8)
    at = datetime(2026, 7, 10, 20, 30, tzinfo=timezone.utc)
    assert reminders.is_quiet(wish, at) and not reminders.is_quiet(wish, at.replace(month=1))


def test_nothing_due_nothing_said(records: Records, clock: Clock) -> None:
    ben = people.add_person(records, "Ben", ["learner"], clock())
    reminders.choose(records, ben, Reminder(True))
    with records.begin() as tx:
        later = clock() + timedelta(days=1)
        tx.connection.execute(insert(t.review_card).values(person_id=ben, question_id="q", card={}, due=later))
    assert remind(records, clock) == 0


@pytest.mark.parametrize("wish", [Reminder(True, "Nowhere"), Reminder(True, "../etc"), Reminder(True, "UTC", 24, 0)])
def test_a_zone_or_hour_that_is_none_is_refused(records: Records, ada: int, wish: Reminder) -> None:
    with pytest.raises(BadInput):
        reminders.choose(records, ada, wish)
    assert reminders.wish_of(records, ada) == Reminder()
