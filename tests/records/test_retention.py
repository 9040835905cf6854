"""Old chats go, what waits stays, assessment records are only named; figures for monitoring."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from bot.records import conversations, figures, messages, retention
from bot.records import tables as t
from bot.records.engine import open_engine, opened
from bot.records.messages import Reply
from bot.records.store import Records
from tests.conftest import Clock
from tests.records.test_guards import NOW, Office

DAYS, KEPT = timedelta(days=180), timedelta(days=1096)
CLEARED = {"message", "move", "telegram_update", "web_session", "invitation"}


@pytest.fixture
def tracker(tmp_path: Path) -> Any:
    engine = open_engine(f"sqlite:///{tmp_path / 't.sqlite'}")
    yield engine
    engine.dispose()


def test_old_chats_go_with_their_deliveries_and_what_waits_stays(
    records: Records, tracker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    office, old = Office(records), NOW - timedelta(days=200)
    with records.begin() as tx:
        tx.connection.execute(
            insert(t.channel_identity).values(channel="telegram", external_id="5", person_id=office.learner, since=old)
        )
    for id, when, finished in (("a", old, True), ("b", old, True), ("c", old, False), ("d", NOW, True)):
        messages.accept(records, id, office.learner, "web", id, None, when)
        if finished:
            with records.begin() as tx:
                messages.finish(tx, id, [Reply("yes")], when)
    messages.accept(records, "t", office.learner, "telegram", "t", None, old)
    with records.begin() as tx:  # its reply is still to be delivered
        messages.finish(tx, "t", [Reply("undelivered")], old)
    told = retention.would_remove(records, tracker, DAYS, NOW)
    assert told.total == 5 and set(told.rows) == {*CLEARED, "conversation"}
    removed = retention.remove_old(records, tracker, DAYS, NOW)
    with records.reading() as tx:
        left = {r["text"] for r in tx._all(select(t.message.c.text))}
        assert left == {"c", "d", "yes", "undelivered"} and tx._all(select(t.metadata.tables["delivery"]))
    assert removed.rows == {"message": 5}
    assert retention.remove_old(records, tracker, DAYS, NOW).total == 0


@pytest.fixture
def either_tracker(empty_url: str) -> Any:
    with opened(empty_url) as engine:
        yield engine


def test_of_rasas_copy_only_what_an_open_conversation_needs_stays(either_tracker: Any) -> None:
    tracker = either_tracker
    assert conversations.erase_old_events(tracker, 50.0, 2) == 0, "Rasa has not made its table yet"
    rows = [
        ("person-1", "user", 1), ("person-1", "session_started", 2), ("person-1", "user", 3), ("person-1", "user", 90),
        ("person-2", "session_started", 1), ("person-2", "user", 2), ("person-3", "session_started", 80),
    ]  # fmt: skip
    with tracker.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE events (id integer PRIMARY KEY, sender_id text, type_name text, "
                "timestamp float, data text)"
            )
        )
        for id, (sender, kind, at) in enumerate(rows):
            connection.execute(
                text("INSERT INTO events (id, sender_id, type_name, timestamp, data) VALUES (:i, :s, :k, :a, '{}')"),
                {"i": id, "s": sender, "k": kind, "a": at},
            )
    assert conversations.count_old_events(tracker, 50.0) == 3
    assert conversations.erase_old_events(tracker, 50.0, 2) == 3
    assert conversations.count_old_events(tracker, 50.0) == 0
    with tracker.connect() as connection:
        left = connection.execute(text("SELECT sender_id, timestamp FROM events ORDER BY id")).all()
    assert [tuple(r) for r in left] == [("person-1", 2), ("person-1", 3), ("person-1", 90), ("person-3", 80)]


def test_assessment_records_past_their_time_are_named_and_stay(records: Records, tracker: Any) -> None:
    office = Office(records)
    office.decide()
    assert retention.past_their_time(records, NOW + timedelta(days=1000), KEPT) == []
    late = NOW + timedelta(days=1200)
    assert retention.past_their_time(records, late, KEPT) == [(office.learner, NOW)]
    retention.remove_old(records, tracker, DAYS, late)
    assert retention.past_their_time(records, late, KEPT) == [(office.learner, NOW)]


def test_figures_say_how_long_what_waits_has_waited(records: Records, clock: Clock) -> None:
    office = Office(records)
    empty = figures.figures(records, NOW)
    assert (empty.waiting, empty.queue_age, empty.failed_share, empty.not_sure_share) == (0, 0, 0, 0)
    messages.accept(records, "a", office.learner, "web", "a", None, NOW)
    messages.accept(records, "b", office.learner, "web", "b", None, NOW)
    with records.begin() as tx:
        messages.finish(tx, "b", [Reply("sorry")], NOW, status="failed")
    now = figures.figures(records, NOW + timedelta(seconds=9))
    assert (now.waiting, now.queue_age, now.failed_share) == (1, 9.0, 0.5)
