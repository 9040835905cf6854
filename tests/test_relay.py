"""The relay: a message in, replies out, exactly once, whatever the dialogue process does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import relay as relay_module
from bot.errors import DialogueUnavailable
from bot.records import messages, people
from bot.records import tables as t
from bot.records.messages import Queued, Reply
from bot.records.store import Records
from bot.relay import LONGEST, MOST_TRIES, Relay, clean
from bot.relay_texts import NAMES, relay_texts
from tests.conftest import Clock

TEXTS = {name: f"<{name}>" for name in NAMES}
DOWN = DialogueUnavailable("down")
FAILED = DialogueUnavailable("the turn failed", "failed")


class FakeDialogue:
    """Answers "echo …"; `plan` says what happens first: an exception to raise or a coroutine function to await."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self.records, self.clock = records, clock
        self.plan: list[Exception | Callable[[], Awaitable[None]]] = []
        self.handed: list[str] = []
        self.at_once = self.most_at_once = 0

    async def work_off(self, message: Queued) -> bool:
        """Do what is planned next, or answer."""
        self.handed.append(message.message_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            step = self.plan.pop(0) if self.plan else None
            if isinstance(step, Exception):
                raise step
            if step is not None:
                await step()
            with self.records.begin() as tx:
                messages.finish(tx, message.message_id, [Reply(f"echo {message.text}")], self.clock())
                return messages.is_waiting(tx, message.person_id)
        finally:
            self.at_once -= 1


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "RETRY_DELAYS", (0.005,))


@pytest.fixture
def ada(sqlite_records: Records, clock: Clock) -> int:
    return people.add_person(sqlite_records, "Ada", ["learner"], clock())


@pytest.fixture
def dialogue(sqlite_records: Records, clock: Clock) -> FakeDialogue:
    return FakeDialogue(sqlite_records, clock)


@pytest.fixture
async def relay(sqlite_records: Records, dialogue: FakeDialogue, clock: Clock) -> AsyncIterator[Relay]:
    made = Relay(sqlite_records, dialogue, clock, TEXTS, notice_after=3.5)
    yield made
    await made.stop()


def said(records: Records, person: int) -> list[str]:
    """What the coach's side has said, in order."""
    return [m["text"] for m in messages.history(records, person) if m["direction"] == "out"]


async def until(condition: Callable[[], Any]) -> None:
    """Wait until something is so; the test's own timeout ends a wait for ever."""
    while not condition():
        await asyncio.sleep(0.01)


def closed(records: Records, *ids: str) -> Callable[[], bool]:
    return lambda: all(messages.find(records, id)["status"] != "queued" for id in ids)


async def test_a_message_is_answered_once(relay: Relay, ada: int, sqlite_records: Records) -> None:
    assert await relay.accept(ada, "web", "m1", "hello")
    await until(closed(sqlite_records, "m1"))
    assert not await relay.accept(ada, "web", "m1", "hello")
    await asyncio.sleep(0.05)
    assert said(sqlite_records, ada) == ["echo hello"]


async def test_two_messages_at_once_are_worked_off_one_after_the_other_in_order(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records
) -> None:
    async def a_while() -> None:
        await asyncio.sleep(0.05)

    dialogue.plan = [a_while, a_while]
    await relay.accept(ada, "web", "m1", "one")
    await relay.accept(ada, "telegram", "m2", "two")
    await until(closed(sqlite_records, "m1", "m2"))
    assert said(sqlite_records, ada) == ["echo one", "echo two"]
    assert dialogue.handed == ["m1", "m2"] and dialogue.most_at_once == 1


async def test_two_relays_on_the_same_records_do_not_do_the_work_twice(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    async def a_while() -> None:
        await asyncio.sleep(0.05)

    other = Relay(sqlite_records, dialogue, clock, TEXTS)
    dialogue.plan = [a_while]
    await relay.accept(ada, "web", "m1", "one")
    other.poke(ada)
    await until(closed(sqlite_records, "m1"))
    await other.stop()
    assert dialogue.handed == ["m1"]


async def test_one_learner_does_not_wait_for_another(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    ben = people.add_person(sqlite_records, "Ben", ["learner"], clock())
    go_on = asyncio.Event()

    async def stuck() -> None:
        await go_on.wait()

    dialogue.plan = [stuck]
    await relay.accept(ada, "web", "a1", "one")
    await until(lambda: dialogue.handed)
    await relay.accept(ben, "web", "b1", "two")
    await until(closed(sqlite_records, "b1"))
    assert messages.find(sqlite_records, "a1")["status"] == "queued"
    go_on.set()
    await until(closed(sqlite_records, "a1"))


async def test_while_dialogue_is_down_the_learner_is_told_once_and_later_answered_once(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    dialogue.plan = [DOWN] * 12
    await relay.accept(ada, "web", "m1", "hello")
    clock.move(seconds=2)
    await until(closed(sqlite_records, "m1"))
    assert said(sqlite_records, ada) == ["<down>", "echo hello"]
    assert messages.find(sqlite_records, "m1")["tries"] == 0, "being down is no fault of the message"


async def test_a_blip_shorter_than_a_second_goes_unmentioned(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records
) -> None:
    dialogue.plan = [DOWN, DOWN]
    await relay.accept(ada, "web", "m1", "hello")
    await until(closed(sqlite_records, "m1"))
    assert said(sqlite_records, ada) == ["echo hello"]


async def test_a_failing_turn_is_told_and_tried_again(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records
) -> None:
    dialogue.plan = [FAILED, FAILED]
    await relay.accept(ada, "web", "m1", "hello")
    await until(closed(sqlite_records, "m1"))
    assert said(sqlite_records, ada) == ["<failed>", "echo hello"]
    assert dialogue.handed == ["m1"] * 3


async def test_a_turn_that_always_fails_is_given_up_and_the_next_message_goes_on(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records
) -> None:
    dialogue.plan = [FAILED] * MOST_TRIES
    await relay.accept(ada, "web", "m1", "poison")
    await relay.accept(ada, "web", "m2", "hello")
    await until(closed(sqlite_records, "m1", "m2"))
    assert said(sqlite_records, ada) == ["<failed>", "<gave_up>", "echo hello"]
    assert dialogue.handed == ["m1"] * MOST_TRIES + ["m2"]
    with sqlite_records.reading() as tx:
        assert [r["words"] for r in tx._all(select(t.tutor_request))] == ["poison"]


async def test_a_slow_turn_is_told_once_and_kept_reserved(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    relay.notice_after = 0.05
    go_on = asyncio.Event()

    async def slow() -> None:
        clock.move(seconds=4)
        await go_on.wait()

    dialogue.plan = [slow]
    await relay.accept(ada, "web", "m1", "hello")
    await until(lambda: said(sqlite_records, ada))
    await until(lambda: messages.find(sqlite_records, "m1")["claimed_until"] > clock() + timedelta(seconds=14))
    go_on.set()
    await until(closed(sqlite_records, "m1"))
    assert said(sqlite_records, ada) == ["<slow>", "echo hello"]
    assert dialogue.handed == ["m1"]


async def test_messages_left_waiting_are_found_at_the_start(
    relay: Relay, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    messages.accept(sqlite_records, "m1", ada, "web", "from before", None, clock())
    await relay.start()
    await until(closed(sqlite_records, "m1"))
    assert said(sqlite_records, ada) == ["echo from before"]


async def test_stopping_in_the_middle_gives_the_message_back(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    async def stuck() -> None:
        await asyncio.Event().wait()

    dialogue.plan = [stuck]
    await relay.accept(ada, "web", "m1", "hello")
    await until(lambda: dialogue.handed)
    await relay.stop()
    row = messages.find(sqlite_records, "m1")
    assert (row["status"], row["claimed_until"], row["tries"]) == ("queued", clock(), 0)
    after = Relay(sqlite_records, dialogue, clock, TEXTS)
    after.poke(ada)
    await until(closed(sqlite_records, "m1"))
    assert said(sqlite_records, ada) == ["echo hello"]


async def test_who_waits_for_a_change_is_woken_and_otherwise_gets_false(relay: Relay, ada: int) -> None:
    assert not await relay.changed(ada, 0.01)
    waiting = asyncio.create_task(relay.changed(ada, 30))
    await asyncio.sleep(0)
    await relay.accept(ada, "web", "m1", "hello")
    assert await waiting


async def test_control_characters_are_left_out_and_a_long_message_is_cut(
    relay: Relay, ada: int, sqlite_records: Records
) -> None:
    await relay.accept(ada, "web", "m1", "he\x00ll\x1bo\x7f\n\tyou \ud800")
    await relay.accept(ada, "web", "m2", "x" * (LONGEST + 1))
    assert messages.find(sqlite_records, "m1")["text"] == "hello\n\tyou "
    assert messages.find(sqlite_records, "m2")["text"] == "x" * 10_000
    await until(closed(sqlite_records, "m1", "m2"))


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=50))
def test_what_is_left_can_be_written_anywhere(text: str) -> None:
    kept = clean(text)
    kept.encode("utf-8")
    assert "\x00" not in kept and clean(kept) == kept


def test_the_texts_come_from_the_domain_and_are_all_there() -> None:
    texts = relay_texts()
    assert set(texts) == set(NAMES) and all(len(text.split()) > 5 for text in texts.values())


async def test_a_message_is_claimed_as_it_is_kept_unless_another_one_waits(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    """What was left by another process comes first, and nothing is handed over twice."""
    messages.accept(sqlite_records, "m0", ada, "web", "before", None, clock())
    await relay.accept(ada, "web", "m1", "hello")
    await until(closed(sqlite_records, "m0", "m1"))
    assert dialogue.handed == ["m0", "m1"]


async def test_who_hands_a_message_in_may_go_away_at_once(relay: Relay, ada: int, sqlite_records: Records) -> None:
    """It is kept, claimed and answered all the same, not only when the claim is over."""
    handing = asyncio.create_task(relay.accept(ada, "web", "m1", "hello"))
    await asyncio.sleep(0)
    handing.cancel()
    await until(lambda: messages.find(sqlite_records, "m1"))
    await until(closed(sqlite_records, "m1"))


async def test_what_was_claimed_and_not_begun_is_given_back_when_the_relay_stops(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    handing = asyncio.create_task(relay.accept(ada, "web", "m1", "hello"))
    await asyncio.sleep(0)
    await relay.stop()
    await asyncio.gather(handing, return_exceptions=True)
    row = messages.find(sqlite_records, "m1")
    assert row["status"] == "done" or row["claimed_until"] == clock()


async def test_the_dialogue_says_whether_more_waits(
    relay: Relay, dialogue: FakeDialogue, ada: int, sqlite_records: Records, clock: Clock
) -> None:
    """Then no look is needed; a message that came meanwhile by another process is found at once."""

    async def another() -> None:
        messages.accept(sqlite_records, "m2", ada, "web", "meanwhile", None, clock())

    dialogue.plan = [another]
    await relay.accept(ada, "web", "m1", "one")
    await until(closed(sqlite_records, "m1"))
    await until(closed(sqlite_records, "m2"))
    assert dialogue.handed == ["m1", "m2"]
