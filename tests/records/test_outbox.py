"""What the coach says unasked, and every delivery to an account on another channel: once, in order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.records import channel_tables as ct
from bot.records import messages, outbox, people
from bot.records import tables as t
from bot.records.outbox import Delivery
from bot.records.store import Records
from tests.conftest import Clock

LEASE = timedelta(minutes=1)
BUTTON = {"title": "Start", "payload": "/start_practice"}


@pytest.fixture
def ada(records: Records, clock: Clock) -> int:
    """A learner with a Telegram account, chat 77."""
    id = people.add_person(records, "Ada", ["learner"], clock())
    tie(records, id, "77", clock)
    return id


def tie(records: Records, person_id: int, chat: str, clock: Clock) -> None:
    with records.begin() as tx:
        tx.connection.execute(
            insert(t.channel_identity).values(channel="telegram", external_id=chat, person_id=person_id, since=clock())
        )


def push(records: Records, person_id: int, text: str, clock: Clock, **more: Any) -> int:
    with records.begin() as tx:
        return outbox.push(tx, person_id, text, "tutor_reply", clock(), **more)


def claim(records: Records, clock: Clock, chat: str = "77", after_number: int = 0) -> Delivery | None:
    return outbox.claim(records, "telegram", chat, clock(), clock() + LEASE, after_number)


def take(records: Records, clock: Clock, chat: str = "77") -> str | None:
    """Claim and deliver the next; its text."""
    delivery = claim(records, clock, chat)
    if delivery is None:
        return None
    outbox.arrived(records, delivery, [1], clock(), last=True)
    return delivery.text


def rows(records: Records) -> list[Any]:
    with records.reading() as tx:
        return tx._all(select(ct.delivery).order_by(ct.delivery.c.id))


def test_what_is_pushed_stands_in_the_history_at_once_and_waits_for_telegram(
    records: Records, ada: int, clock: Clock
) -> None:
    row = push(records, ada, "Your tutor says: well done.", clock, buttons=[BUTTON])
    (shown,) = messages.history(records, ada)
    assert (shown["id"], shown["text"], shown["kind"], shown["buttons"]) == (
        row, "Your tutor says: well done.", "tutor_reply", [BUTTON],
    )  # fmt: skip
    assert outbox.due(records, "telegram", clock()) == ["77"]
    delivery = claim(records, clock)
    assert delivery is not None
    assert (delivery.message, delivery.kind, delivery.buttons, delivery.began) == (row, "tutor_reply", (BUTTON,), False)


def test_a_learner_without_another_channel_has_it_in_the_history_only(records: Records, clock: Clock) -> None:
    ben = people.add_person(records, "Ben", ["learner"], clock())
    push(records, ben, "Hello.", clock)
    assert len(messages.history(records, ben)) == 1
    assert rows(records) == []


def test_deliveries_of_an_account_are_made_once_and_in_order(records: Records, ada: int, clock: Clock) -> None:
    for text in ("one", "two", "three"):
        push(records, ada, text, clock)
    assert [take(records, clock) for _ in range(4)] == ["one", "two", "three", None]
    assert outbox.due(records, "telegram", clock()) == []


def test_a_claimed_delivery_holds_the_account_until_its_time_is_over(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "one", clock)
    push(records, ada, "two", clock)
    assert claim(records, clock) is not None
    assert claim(records, clock) is None
    assert outbox.due(records, "telegram", clock()) == []
    clock.move(seconds=61)
    again = claim(records, clock)
    assert again is not None and again.text == "one" and again.began, "what became of the first try is not known"


def test_a_claim_by_a_clock_that_went_wrong_is_not_believed(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "one", clock)
    clock.move(hours=2)
    assert claim(records, clock) is not None
    clock.move(hours=-2)
    assert outbox.due(records, "telegram", clock()) == ["77"]
    assert claim(records, clock) is not None


def test_a_restart_frees_claims_and_remembers_that_a_request_was_begun(
    records: Records, ada: int, clock: Clock
) -> None:
    push(records, ada, "one", clock)
    claim(records, clock, after_number=41)
    outbox.release_all(records, "telegram")
    again = claim(records, clock, after_number=99)
    assert again is not None and (again.began, again.after_number) == (True, 41)


def test_a_part_that_has_arrived_is_not_sent_again(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "a long one", clock)
    delivery = claim(records, clock)
    assert delivery is not None
    outbox.arrived(records, delivery, [501], clock(), last=False, after_number=501)
    outbox.release_all(records, "telegram")
    again = claim(records, clock)
    assert again is not None and again.numbers == (501,)


def test_a_try_that_surely_did_not_arrive_waits_and_is_fresh(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "one", clock)
    push(records, ada, "two", clock)
    delivery = claim(records, clock)
    assert delivery is not None
    outbox.put_back(records, delivery, clock() + timedelta(seconds=7), "flood limit", unsent=True)
    assert claim(records, clock) is None, "the second does not overtake the first"
    clock.move(seconds=8)
    again = claim(records, clock)
    assert again is not None and (again.text, again.began, again.tries) == ("one", False, 1)


def test_a_held_back_delivery_waits_for_its_time_and_holds_nobody_up(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "tomorrow", clock, not_before=clock() + timedelta(hours=10))
    push(records, ada, "now", clock)
    assert [take(records, clock) for _ in range(2)] == ["now", None]
    clock.move(hours=11)
    assert take(records, clock) == "tomorrow"


def test_a_blocked_bot_is_noted_and_nothing_is_tried_again(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "one", clock)
    push(records, ada, "two", clock)
    assert claim(records, clock) is not None
    outbox.blocked(records, "telegram", "77", "Forbidden: bot was blocked by the user", clock())
    assert {r["status"] for r in rows(records)} == {"failed"}
    push(records, ada, "three", clock)
    assert len(rows(records)) == 2, "nothing is queued for a blocked account"
    assert len(messages.history(records, ada)) == 3
    outbox.unblocked(records, "telegram", "77")
    push(records, ada, "four", clock)
    assert take(records, clock) == "four"


def test_a_migrated_chat_takes_its_deliveries_along(records: Records, ada: int, clock: Clock) -> None:
    push(records, ada, "one", clock)
    claim(records, clock)
    outbox.moved(records, "telegram", "77", "-100123")
    assert outbox.due(records, "telegram", clock()) == ["-100123"]
    assert take(records, clock, "-100123") == "one"


def test_replies_to_a_telegram_message_are_queued_once_with_it(records: Records, ada: int, clock: Clock) -> None:
    messages.accept(records, "tg-1", ada, "telegram", "hint", None, clock())
    messages.accept(records, "web-1", ada, "web", "hint", None, clock())
    for id in ("tg-1", "tg-1", "web-1"):
        with records.begin() as tx:
            messages.finish(tx, id, [messages.Reply(f"first to {id}"), messages.Reply("second")], clock())
    assert [take(records, clock) for _ in range(3)] == ["first to tg-1", "second", None]


def test_a_push_of_a_transaction_that_fails_is_nowhere(records: Records, ada: int, clock: Clock) -> None:
    with pytest.raises(RuntimeError), records.begin() as tx:
        outbox.push(tx, ada, "no", "tutor_reply", clock())
        raise RuntimeError("on purpose")
    assert messages.history(records, ada) == [] and rows(records) == []
