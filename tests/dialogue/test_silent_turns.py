"""Every row of "A turn that fails is silent" (rasa.md): here the learner is told, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from rasa.core.policies.policy import PolicyPrediction
from sqlalchemy.exc import OperationalError

from bot import bootstrap
from bot.records import messages
from bot.relay_texts import relay_texts

ANSWER = "you have to pay for adverts to find new people. existing customers already know you and trust you"


async def in_a_question(chat: Any) -> None:
    """Open question 4.9."""
    reply = await chat.say("quiz me on 4.9")
    assert "new customer" in reply


def once_broken(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, breakage: Any, times: int = 1) -> list[int]:
    """Let `owner.name` break `times` times, then work as before; the list counts the calls."""
    real = getattr(owner, name)
    calls: list[int] = []

    def broken(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return breakage(*args, **kwargs) if len(calls) <= times else real(*args, **kwargs)

    monkeypatch.setattr(owner, name, broken)
    return calls


def raising(*args: Any, **kwargs: Any) -> Any:
    """Break."""
    raise RuntimeError("made to fail")


def database_down(*args: Any, **kwargs: Any) -> Any:
    """Break as a database does."""
    raise OperationalError("SELECT 1", {}, Exception("the database is gone"))


async def told_and_then_answered(chat: Any, text: str = ANSWER) -> str:
    """Send; within 5 s a notice; then the real reply, once."""
    id = await chat.send(text)
    notice = await chat.noticed(id)
    assert notice in relay_texts().values()
    await chat.closed(id)
    replies = messages.replies_to(chat.records, id)
    assert replies and replies[0].kind != "failed"
    assert [a["message_id"] for a in chat.attempts()].count(id) == 1
    return "\n".join(r.text for r in replies)


async def test_an_action_that_raises_is_told_and_the_answer_marked_once(chat: Any, monkeypatch: Any) -> None:
    """Action raises: a notice, then the same message again."""
    await in_a_question(chat)
    calls = once_broken(monkeypatch, bootstrap.coach(), "take_answer", raising)
    await told_and_then_answered(chat)
    assert len(calls) == 2


async def test_an_action_that_hangs_is_told_and_the_answer_marked_once(chat: Any, monkeypatch: Any) -> None:
    """Action hangs beyond its time: a notice at once, the turn given up and tried again."""
    await in_a_question(chat)
    once_broken(monkeypatch, bootstrap.coach(), "take_answer", lambda *a, **k: time.sleep(4))
    await told_and_then_answered(chat)


async def test_language_understanding_that_raises_is_told_and_the_answer_kept(
    chat: Any, agent: Any, monkeypatch: Any
) -> None:
    """NLU raises: nothing is stored by Rasa, the message is tried again."""
    await in_a_question(chat)
    once_broken(monkeypatch, agent.processor, "_parse_message_with_graph", raising)
    await told_and_then_answered(chat)


@pytest.mark.parametrize("text", ["", "   ", "/", "///", "\n"])
async def test_an_empty_text_gets_an_ordinary_reply(chat: Any, text: str) -> None:
    """Text is None or empty: Rasa would answer with silence."""
    assert "empty" in await chat.say(text)


async def test_one_failed_read_of_the_tracker_does_not_make_a_stranger_of_the_learner(
    chat: Any, agent: Any, monkeypatch: Any
) -> None:
    """A failed database read: the answer is still marked as an answer to the open question."""
    await in_a_question(chat)
    once_broken(monkeypatch, agent.tracker_store, "retrieve", database_down)
    await told_and_then_answered(chat)
    assert chat.attempts()[-1]["question_id"].startswith("d1-4.9")


async def test_a_failed_save_of_the_tracker_loses_nothing(chat: Any, agent: Any, monkeypatch: Any) -> None:
    """The attempt was recorded before the save failed; the second try says the same and records nothing twice."""
    await in_a_question(chat)
    once_broken(monkeypatch, agent.tracker_store, "save", database_down)
    await told_and_then_answered(chat)
    assert "empty" not in await chat.say("hint")


async def test_a_failed_write_of_the_records_loses_nothing(chat: Any, monkeypatch: Any) -> None:
    """The replies could not be kept: the turn is handed over again."""
    await in_a_question(chat)
    once_broken(monkeypatch, messages, "finish", database_down)
    id = await chat.send(ANSWER)
    await chat.closed(id)
    assert messages.replies_to(chat.records, id)
    assert len(chat.attempts()) == 1


async def test_an_output_channel_that_raises_in_mid_send_loses_nothing(chat: Any, monkeypatch: Any) -> None:
    """Part of the reply was out when sending failed: the whole reply comes, once."""
    from bot.dialogue.turns import Collected

    await in_a_question(chat)
    real = Collected.send_response
    calls: list[int] = []

    async def second_fails(self: Any, recipient_id: str, message: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("made to fail")
        await real(self, recipient_id, message)

    monkeypatch.setattr(Collected, "send_response", second_fails)
    await told_and_then_answered(chat)


async def test_too_many_predictions_are_told_and_put_on_the_tutors_list(
    chat: Any, agent: Any, monkeypatch: Any
) -> None:
    """More than 10 predictions: Rasa falls silent; after some tries the learner is told how to go on."""
    await in_a_question(chat)
    silent = PolicyPrediction.for_action_name(agent.domain, "action_deactivate_loop")
    monkeypatch.setattr(agent.processor, "_predict_next_with_tracker", lambda tracker: silent)
    id = await chat.send("hint")
    assert await chat.noticed(id) == relay_texts()["failed"]
    await chat.closed(id, 40)
    assert messages.find(chat.records, id)["status"] == "failed"
    assert messages.replies_to(chat.records, id)[-1].text == relay_texts()["gave_up"]
    monkeypatch.undo()
    assert "Hint" in await chat.say("hint")


@pytest.mark.parametrize(
    "text", ["/restart", "/back", "/session_start", "/stop", '/nonsense{"a": 1}', "/start_practice"]
)
async def test_typed_commands_with_a_slash_are_text_and_get_a_reply(chat: Any, text: str) -> None:
    """Only a button carries an intent; what is typed is text, and the open question is not lost by it."""
    await in_a_question(chat)
    assert await chat.say(text)
    assert await chat.say("resume")
    assert bootstrap.coach().open_loop(chat.person_id) == "practice"


async def test_a_session_that_expired_overnight_goes_on_with_the_open_question(
    chat: Any, agent: Any, monkeypatch: Any
) -> None:
    """A new Rasa session brings the open exercise back, and the first message is marked as its answer."""
    await in_a_question(chat)
    monkeypatch.setattr(agent.processor, "_has_session_expired", lambda tracker: True)
    reply = await chat.say(ANSWER)
    monkeypatch.undo()
    assert [a["question_id"][:6] for a in chat.attempts()] == ["d1-4.9"]
    assert reply
    assert "Hint" in await chat.say("hint")


async def test_the_same_message_handed_over_twice_at_once_is_worked_off_once(chat: Any) -> None:
    """Two relays may hand over one message; both get the same replies."""
    await in_a_question(chat)
    messages.accept(chat.records, "twice", chat.person_id, "test", ANSWER, None, bootstrap.utc_now())
    first, second = await asyncio.gather(chat.turns.work_off("twice"), chat.turns.work_off("twice"))
    assert first.replies == second.replies
    assert len(chat.attempts()) == 1


async def test_two_messages_at_once_are_answered_in_order(chat: Any) -> None:
    """An answer and a hint sent in one breath."""
    await in_a_question(chat)
    one, two = await chat.send(ANSWER), await chat.send("hint")
    await chat.closed(two)
    out = [r["in_reply_to"] for r in messages.history(chat.records, chat.person_id) if r["direction"] == "out"]
    assert out.index(one) < out.index(two)
    assert len(out) - out[::-1].index(one) - 1 < out.index(two)
