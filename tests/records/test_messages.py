"""The message queue: kept, claimed in order, finished once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from bot.records import messages, people, statements
from bot.records import tables as t
from bot.records.messages import Queued, Reply
from bot.records.store import Records, Turn
from tests.conftest import Clock

LEASE = timedelta(seconds=15)


@pytest.fixture
def ada(records: Records, clock: Clock) -> int:
    return people.add_person(records, "Ada", ["learner"], clock())


def put(records: Records, person: int, clock: Clock, *ids: str) -> None:
    for id in ids:
        assert messages.accept(records, id, person, "web", f"text of {id}", None, clock())


def claim(records: Records, person: int, clock: Clock) -> Queued | None:
    return messages.claim(records, person, clock(), clock() + LEASE)


def finish(records: Records, id: str, clock: Clock, *texts: str) -> bool:
    with records.begin() as tx:
        return messages.finish(tx, id, [Reply(text) for text in texts], clock())


def test_a_message_is_kept_once_whatever_is_sent_again(records: Records, ada: int, clock: Clock) -> None:
    assert messages.accept(records, "m1", ada, "web", "hello", '/choose{"option": "a"}', clock())
    assert not messages.accept(records, "m1", ada, "web", "hello again", None, clock())
    (row,) = messages.history(records, ada)
    assert (row["text"], row["direction"], row["status"]) == ("hello", "in", "queued")
    claimed = claim(records, ada, clock)
    assert claimed is not None and claimed.payload == '/choose{"option": "a"}'


def wrote_last(records: Records, person: int) -> Any:
    with records.reading() as tx:
        return tx._one(select(t.last_wrote.c.at).where(t.last_wrote.c.person_id == person))["at"]


def test_when_somebody_wrote_last_is_kept_to_the_hour(records: Records, ada: int, clock: Clock) -> None:
    first = clock()
    put(records, ada, clock, "m1")
    clock.move(minutes=50)
    put(records, ada, clock, "m2")
    assert wrote_last(records, ada) == first
    clock.move(minutes=11)
    put(records, ada, clock, "m3")
    assert wrote_last(records, ada) == clock()


def test_a_time_noted_by_a_clock_that_ran_ahead_is_put_right_by_the_next_message(
    records: Records, ada: int, clock: Clock
) -> None:
    assert messages.accept(records, "m1", ada, "web", "hello", None, clock() + timedelta(days=400))
    put(records, ada, clock, "m2")
    assert wrote_last(records, ada) == clock()


def test_a_message_id_of_somebody_else_is_refused(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    other = people.add_person(records, "Ben", ["learner"], clock())
    with pytest.raises(IntegrityError):
        messages.accept(records, "m1", other, "web", "mine?", None, clock())


def test_messages_are_claimed_in_the_order_they_came(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1", "m2", "m3")
    seen = []
    while (message := claim(records, ada, clock)) is not None:
        seen.append(message.message_id)
        finish(records, message.message_id, clock, "ok")
    assert seen == ["m1", "m2", "m3"]


def test_while_one_is_claimed_a_second_claimer_gets_none_not_even_the_next(
    records: Records, ada: int, clock: Clock
) -> None:
    put(records, ada, clock, "m1", "m2")
    assert claim(records, ada, clock) is not None
    assert claim(records, ada, clock) is None


def test_one_person_does_not_wait_for_another(records: Records, ada: int, clock: Clock) -> None:
    ben = people.add_person(records, "Ben", ["learner"], clock())
    put(records, ada, clock, "a1")
    put(records, ben, clock, "b1")
    assert sorted(messages.waiting_people(records, clock())) == [ada, ben]
    assert claim(records, ada, clock) is not None and claim(records, ben, clock) is not None


def test_who_is_being_worked_for_is_not_waiting_until_the_claim_runs_out(
    records: Records, ada: int, clock: Clock
) -> None:
    put(records, ada, clock, "m1", "m2")
    claim(records, ada, clock)
    assert messages.waiting_people(records, clock()) == []
    clock.move(seconds=16)
    assert messages.waiting_people(records, clock()) == [ada]


def test_a_claim_by_a_clock_that_ran_ahead_does_not_hold_up_a_learner(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    clock.move(hours=1)
    claim(records, ada, clock)
    clock.move(hours=-1)
    assert messages.waiting_people(records, clock()) == [ada]
    assert claim(records, ada, clock) is not None


def test_a_release_that_comes_after_the_end_changes_nothing(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    claim(records, ada, clock)
    finish(records, "m1", clock, "ok")
    messages.release(records, "m1", True, clock())
    row = messages.find(records, "m1")
    assert (row["status"], row["claimed_until"], row["tries"]) == ("done", None, 0)


def test_a_claim_runs_out_and_another_may_take_over(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    claim(records, ada, clock)
    clock.move(seconds=14)
    assert claim(records, ada, clock) is None
    clock.move(seconds=1)
    assert claim(records, ada, clock) is not None


def test_an_extended_claim_does_not_run_out(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    claim(records, ada, clock)
    clock.move(seconds=14)
    messages.extend(records, "m1", clock() + LEASE)
    clock.move(seconds=14)
    assert claim(records, ada, clock) is None


def test_a_released_message_can_be_claimed_at_once_and_counts_failures_only(
    records: Records, ada: int, clock: Clock
) -> None:
    put(records, ada, clock, "m1")
    for failed, tries in ((False, 0), (True, 1), (True, 2), (False, 2)):
        assert claim(records, ada, clock) is not None
        messages.release(records, "m1", failed, clock())
        assert messages.find(records, "m1")["tries"] == tries


def test_a_message_is_finished_once_and_its_replies_come_once_in_order(
    records: Records, ada: int, clock: Clock
) -> None:
    put(records, ada, clock, "m1")
    assert finish(records, "m1", clock, "first", "second")
    assert not finish(records, "m1", clock, "never")
    assert [r.text for r in messages.replies_to(records, "m1")] == ["first", "second"]
    assert claim(records, ada, clock) is None and messages.waiting_people(records, clock()) == []


def test_finishing_what_was_never_accepted_says_so_and_keeps_nothing(records: Records, clock: Clock) -> None:
    assert not finish(records, "ghost", clock, "boo")
    assert messages.replies_to(records, "ghost") == [] and messages.find(records, "ghost") is None


def test_replies_keep_kind_and_buttons(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    reply = Reply("Which?", "practice", ({"title": "A", "payload": "/choose"},))
    with records.begin() as tx:
        messages.finish(tx, "m1", [reply], clock())
    assert messages.replies_to(records, "m1") == [reply]
    assert messages.history(records, ada)[-1]["buttons"] == [{"title": "A", "payload": "/choose"}]


def test_notices_stand_beside_the_replies_and_are_none(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    message = claim(records, ada, clock)
    assert message is not None
    messages.add_notice(records, message, "still working", clock())
    finish(records, "m1", clock, "done")
    assert [r.text for r in messages.replies_to(records, "m1")] == ["done"]
    assert [(m["text"], m["kind"]) for m in messages.history(records, ada)[1:]] == [
        ("still working", "notice"),
        ("done", ""),
    ]


def test_giving_up_tells_the_learner_and_puts_it_on_the_tutors_list(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1")
    message = claim(records, ada, clock)
    assert message is not None
    messages.give_up(records, message, "sorry", clock())
    assert [r.text for r in messages.replies_to(records, "m1")] == ["sorry"]
    assert messages.find(records, "m1")["status"] == "failed"
    with records.reading() as tx:
        (request,) = tx._all(select(t.tutor_request))
    assert (request["kind"], request["words"], request["person_id"]) == ("failed_message", "text of m1", ada)
    assert claim(records, ada, clock) is None


def test_giving_up_a_message_that_was_answered_meanwhile_changes_nothing(
    records: Records, ada: int, clock: Clock
) -> None:
    put(records, ada, clock, "m1")
    message = claim(records, ada, clock)
    assert message is not None
    finish(records, "m1", clock, "the answer")
    messages.give_up(records, message, "sorry", clock())
    assert [r.text for r in messages.replies_to(records, "m1")] == ["the answer"]
    with records.reading() as tx:
        assert tx._all(select(t.tutor_request)) == []


def test_giving_up_a_message_that_is_on_the_tutors_list_already_still_closes_it(
    records: Records, ada: int, clock: Clock
) -> None:
    put(records, ada, clock, "m1")
    message = claim(records, ada, clock)
    assert message is not None
    with records.begin() as tx:
        tx.ask_tutor(Turn("m1", ada, "web", "text of m1"), "not_sure", "q", clock())
    messages.give_up(records, message, "sorry", clock())
    assert messages.find(records, "m1")["status"] == "failed"


def test_history_gives_the_latest_oldest_first_and_what_is_new(records: Records, ada: int, clock: Clock) -> None:
    put(records, ada, clock, "m1", "m2", "m3")
    rows = messages.history(records, ada, limit=2)
    assert [r["message_id"] for r in rows] == ["m2", "m3"]
    assert [r["message_id"] for r in messages.history(records, ada, after=rows[0]["id"])] == ["m3"]
    assert messages.history(records, 999) == []


@pytest.mark.parametrize("query", [statements.FIRST_WAITING, statements.PEOPLE_WAITING], ids=["first", "people"])
def test_waiting_messages_are_found_by_their_own_index(sqlite_engine: Engine, query: Any) -> None:
    sql = str(query.statement.compile(sqlite_engine))
    with sqlite_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?")).fetchall()
    assert "ix_message_queued" in str(plan)
