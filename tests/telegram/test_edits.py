"""An edited message counts anew while its question is open; both wordings stay in the record."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.bootstrap import utc_now
from bot.coach import Coach
from bot.coaching.workplace import Workplace
from bot.records import messages, reports
from bot.records import tables as t
from bot.records.messages import Queued
from bot.records.store import Turn
from bot.syllabus.syllabus import Syllabus
from bot.telegram.texts import texts
from tests.conftest import FakeMarker
from tests.telegram.conftest import CHAT, Running, joined
from tests.telegram.standin import StandIn

TOO_LATE = texts().say("too_late_to_edit")


class Practising:
    """A learner in the middle of a question, on Telegram, with a real coach."""

    def __init__(self, gateway: Running, api: StandIn, tiny: Syllabus) -> None:
        self.api, self.records = api, gateway.records
        self.person = joined(self.records)
        self.coach = Coach(tiny, FakeMarker(), self.records, utc_now)
        with self.records.begin() as tx:
            tx.save_workplace(self.person, Workplace("Greenway"), utc_now())
        self.coach.start_practice(Turn("web-0", self.person, "web", "keeping customers"))
        gateway.echo.hook = self._coach
        gateway.start()

    def _coach(self, message: Queued) -> None:
        turn = Turn(message.message_id, message.person_id, message.channel, message.text)
        if message.text in ("hint", "skip", "stop"):
            getattr(self.coach, message.text)(turn)
        else:
            self.coach.take_answer(turn)

    def answers(self) -> list[str]:
        with self.records.reading() as tx:
            return [r["answer"] for r in tx._all(select(t.attempt.c.answer).order_by(t.attempt.c.id))]


@pytest.fixture
def practising(gateway: Running, api: StandIn, tiny: Syllabus, tmp_path: Path) -> Practising:
    return Practising(gateway, api, tiny)


def test_the_last_answer_is_corrected_while_its_question_is_open(practising: Practising, api: StandIn) -> None:
    number = api.write(CHAT, "they cost les")
    api.wait(CHAT, 1)
    api.edit(CHAT, number, "price is what it costs")
    api.wait(CHAT, 2)
    assert practising.answers() == ["they cost les", "price is what it costs"]
    first, second = [r for r in messages.history(practising.records, practising.person) if r["direction"] == "in"]
    with practising.records.reading() as tx:
        extra = tx._one(select(t.message.c.extra).where(t.message.c.id == second["id"]))["extra"]
    assert extra == {"corrects": first["message_id"]}
    shown = reports.attempts_behind(practising.records, practising.person, "t1/2.1")
    assert [(a.answer, a.edited) for a in shown] == [("price is what it costs", True), ("they cost les", False)]


def test_a_correction_can_be_corrected_again_but_the_same_words_count_once(
    practising: Practising, api: StandIn, gateway: Running
) -> None:
    number = api.write(CHAT, "one thing")
    api.wait(CHAT, 1)
    for words in ("another thing", "another thing", "a third thing"):
        api.edit(CHAT, number, words)
    gateway.quiet()
    assert practising.answers() == ["one thing", "another thing", "a third thing"]


def test_an_edit_that_comes_before_the_answer_was_marked_waits_for_it(
    practising: Practising, api: StandIn, gateway: Running
) -> None:
    gateway.echo.delay = 0.5
    number = api.write(CHAT, "quick first try")
    api.edit(CHAT, number, "price of it")
    gateway.quiet()
    assert practising.answers() == ["quick first try", "price of it"]


def test_after_the_question_has_ended_an_edit_is_explained_and_counts_for_nothing(
    practising: Practising, api: StandIn, gateway: Running
) -> None:
    number = api.write(CHAT, "price and trust")
    api.wait(CHAT, 1)
    api.edit(CHAT, number, "price and trust and friends")
    assert api.wait(CHAT, 2)[1]["text"] == TOO_LATE
    assert practising.answers() == ["price and trust"]


@pytest.mark.parametrize("then", ["skip", "stop", "a later answer"])
def test_an_answer_that_is_not_the_last_thing_open_cannot_be_edited(
    practising: Practising, api: StandIn, gateway: Running, then: str
) -> None:
    number = api.write(CHAT, "no idea yet")
    api.write(CHAT, then)
    api.wait(CHAT, 2)
    api.edit(CHAT, number, "price")
    assert api.wait(CHAT, 3)[2]["text"] == TOO_LATE
    assert "price" not in practising.answers()


def test_an_edited_command_is_explained_and_an_edit_from_before_joining_is_passed_over(
    practising: Practising, api: StandIn, gateway: Running
) -> None:
    number = api.write(CHAT, "hint")
    api.wait(CHAT, 1)
    api.edit(CHAT, number, "price")
    api.edit(CHAT, 3, "from long ago")
    gateway.quiet()
    assert api.texts(CHAT)[1:] == [TOO_LATE]
    assert practising.answers() == []
