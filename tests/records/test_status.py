"""What the status page and the figures read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from bot.records import audit, people, retention, status, telegram
from bot.records import tables as t
from bot.records.channel_tables import delivery
from bot.records.store import Records

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def records(engine):
    return Records(engine)


def turn(records, person, number, decided, done):
    """A turn that took so many seconds until it was decided and done; None for what did not happen."""
    id = f"m-{number}"
    with records.begin() as tx:
        tx.connection.execute(
            insert(t.message).values(
                message_id=id, person_id=person, direction="in", channel="web", text="x", tries=1,
                status="queued" if done is None else "done", created_at=NOW,
                done_at=None if done is None else NOW + timedelta(seconds=done),
            )
        )  # fmt: skip
        if decided is not None:
            made = {"message_id": id, "person_id": person, "move": {}, "made_at": NOW + timedelta(seconds=decided)}
            tx.connection.execute(insert(t.move).values(made))


def test_turn_times_are_told_by_stage_and_what_waits_counts_for_nothing(records):
    person = people.add_person(records, "Lena", ["learner"], NOW)
    assert status.turn_times(records) == {}
    for i in range(1, 101):
        turn(records, person, i, i * 0.5, i)
    turn(records, person, 101, None, None)  # waiting
    turn(records, person, 102, None, 3)  # done without a move
    times = status.turn_times(records)
    assert times["decided"] == times["said"] == status.Times(100, 25.0, 47.5)
    assert times["turn"] == status.Times(101, 50.0, 95.0)
    assert "carried" not in times


def test_only_the_latest_turns_count(records, monkeypatch):
    monkeypatch.setattr(status, "LATEST", 2)
    person = people.add_person(records, "Lena", ["learner"], NOW)
    for i, seconds in enumerate((100, 1, 2)):
        turn(records, person, i, seconds, seconds)
    assert status.turn_times(records)["turn"] == status.Times(2, 1.0, 2.0)


def test_a_clock_that_was_set_back_gives_no_time_below_nothing(records):
    turn(records, people.add_person(records, "Lena", ["learner"], NOW), 1, -5, -4)
    assert status.turn_times(records)["turn"].p50 == 0


def test_deliveries_that_arrived_are_a_stage_of_their_own(records):
    person = people.add_person(records, "Lena", ["learner"], NOW)
    turn(records, person, 1, 1, 2)
    with records.begin() as tx:
        message = tx._one(select(t.message.c.id))["id"]
        for i, state in enumerate(("sent", "queued")):
            tx.connection.execute(
                insert(delivery).values(
                    message=message, person_id=person, channel="telegram", external_id=str(i), status=state, began=True,
                    after_number=0, numbers=[], tries=1, created_at=NOW,
                    done_at=NOW + timedelta(seconds=4) if state == "sent" else None,
                )
            )  # fmt: skip
    assert status.turn_times(records)["carried"] == status.Times(1, 4.0, 4.0)


def test_upkeep_is_read_from_the_audit_and_the_last_answer(records):
    before = status.upkeep(records)
    assert (before.backed_up, before.removed, before.answered, before.marking) == (None, None, None, "")
    assert before.database in ("sqlite", "postgresql") and before.revision
    with records.begin() as tx:
        for days, action in enumerate((status.BACKED_UP, retention.REMOVED, status.BACKED_UP)):
            audit.note(tx, None, action, "x", NOW + timedelta(days=days))
    after = status.upkeep(records)
    assert (after.backed_up, after.removed) == (NOW + timedelta(days=2), NOW + timedelta(days=1))


def test_the_gateway_is_heard_of(records):
    assert telegram.seen(records) is None
    telegram.note_seen(records, NOW)
    telegram.note_seen(records, NOW + timedelta(seconds=30))
    telegram.note_bot(records, "a_bot")
    assert telegram.seen(records) == NOW + timedelta(seconds=30) and telegram.bot_name(records) == "a_bot"
