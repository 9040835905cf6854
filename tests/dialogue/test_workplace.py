"""The workplace profile through the real Agent: refusals, names and commands while it is asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot import bootstrap
from bot.coaching.workplace import Workplace
from bot.records import people
from tests.dialogue.conftest import Chat

LIMITS = "quiz me on 4.6"


@pytest.fixture
def stranger(agent: Any, wired: Any) -> Chat:
    """A conversation of a learner who has not said where they work."""
    when = bootstrap.utc_now() - timedelta(days=3)
    return Chat(agent, people.add_person(bootstrap.records(), "Nia Test", ["learner"], when, units=["d1"]))


def profile(chat: Chat) -> Workplace | None:
    with bootstrap.records().reading() as tx:
        return tx.workplace(chat.person_id)


async def test_the_profile_is_filled_in_by_conversation_and_then_held_against_the_answer(stranger: Chat) -> None:
    assert "Where do you work" in await stranger.say(LIMITS)
    told = await stranger.say("I work at Greenway Garage")
    assert "I'll use Greenway Garage" in told and "services or products" in told
    assert "limits at Greenway Garage" in await stranger.say("repairs, MOT tests and tyres")
    assert "Whom do you ask" in await stranger.say("we cannot fix electric cars, no refunds over £20 <b>ever</b>")
    asked = await stranger.say("i ask Kim, the duty manager")
    assert "Noted" in asked and "Greenway Garage" in asked.split("Noted")[1] and "?" in asked
    assert profile(stranger) == Workplace(
        "Greenway Garage",
        "repairs, MOT tests and tyres",
        "we cannot fix electric cars, no refunds over £20 <b>ever</b>",
        "i ask Kim, the duty manager",
    )
    assert not stranger.attempts()
    await stranger.say("we dont do electric cars because nobody has the training, we send them to a dealer")
    assert len(stranger.attempts()) == 1 and "Greenway Garage" in stranger.attempts()[0]["question_text"]


@pytest.mark.parametrize("refusal", ["not now", "later", "no thanks", "no", "maybe later"])
async def test_a_refusal_leads_to_the_question_and_counts_for_the_day(stranger: Chat, refusal: str) -> None:
    await stranger.say(LIMITS)
    await stranger.say("Greenway Garage")
    left = await stranger.say(refusal)
    assert "OK, not now." in left and "Greenway Garage" in left
    assert "Which services" not in await stranger.say(LIMITS)
    assert not stranger.attempts()


async def test_commands_work_in_between_and_leave_it(stranger: Chat) -> None:
    await stranger.say(LIMITS)
    assert "Where do you work" in await stranger.say("hint")
    assert "I ask so that" in await stranger.say("why do you ask")
    assert "we leave that" in await stranger.say("Greenway") + await stranger.say("i dont know")
    assert "keep your place" in await stranger.say("stop")
    assert "Greenway" in await stranger.say("resume")
    assert profile(stranger) == Workplace("Greenway")


async def test_a_person_at_the_college_may_be_whom_one_asks(stranger: Chat) -> None:
    await stranger.say(LIMITS)
    for text in ("Greenway", "skip", "skip", "my tutor"):
        await stranger.say(text)
    assert profile(stranger) == Workplace("Greenway", refer_to="my tutor")


async def test_it_is_changed_on_demand_with_no_question_open(chat: Any) -> None:
    asked = await chat.say("change my workplace")
    assert "Where do you work" in asked and "So far it says: “Greenway Garage”" in asked
    assert "I'll use Harbour Café" in await chat.say("Harbour Café")
    assert "Harbour Café" in await chat.say("not now")
