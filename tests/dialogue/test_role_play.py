"""Role-play through the real Agent: free text goes to the customer, commands to the coach."""

from __future__ import annotations

from typing import Any

import pytest

from bot import bootstrap
from bot.records import roleplays

START = "can we do a role-play about a late return"


def turns(chat: Any) -> int:
    """How many turns of the last run are on record."""
    with bootstrap.records().reading() as tx:
        run = roleplays.last_run(tx, chat.person_id)
    return len(run.turns) if run else -1


async def test_a_whole_role_play_with_its_commands(chat: Any) -> None:
    begun = await chat.say(START)
    assert "Your brief." in begun and "Mrs Doyle: " in begun and "not evidence" in begun
    assert "Mrs Doyle: " in await chat.say("Good morning! Can I ask what happened, why did you not come sooner?")
    assert "Your brief." in await chat.say("show me the brief")
    assert "A word from the coach" in await chat.say("coach")
    assert turns(chat) == 1
    assert "kept where it stands" in await chat.say("pause")
    assert "Mrs Doyle: " in await chat.say("resume")
    assert "Mrs Doyle: " in await chat.say("I'm so sorry you were ill, that must have been hard.")
    assert turns(chat) == 2
    assert "Once more from turn 2" in await chat.say("again from turn 2")
    assert turns(chat) == 1
    assert "Mrs Doyle: " in await chat.say("I am sorry to hear that, Mrs Doyle.")
    assert "what went well" in await chat.say("stop the role-play")
    assert "This is what I saw:" in await chat.say("I asked her what had happened")
    assert "witness statement" in await chat.say("on Friday, my manager can watch me")


@pytest.mark.parametrize(
    "text",
    [
        "I would stop and listen to you.",
        "Thank you for telling me, Mrs Doyle.",
        "Hello, my name is Sam, how can I help you?",
        "Could you say that again please, Mrs Doyle?",
        "No problem, bye for now.",
    ],
)
async def test_what_is_said_to_a_customer_is_no_command(chat: Any, text: str) -> None:
    await chat.say(START)
    assert (await chat.say(text)).startswith("Mrs Doyle: ")
    assert turns(chat) == 1


async def test_a_button_starts_the_scenario_it_names(chat: Any) -> None:
    begun = await chat.say("A refund", payload='/start_roleplay{"scenario": "shop-late-refund"}')
    assert "Mrs Doyle: " in begun


async def test_from_role_play_to_practice_and_back(chat: Any) -> None:
    await chat.say(START)
    assert "Question" in await chat.say("quiz me on 4.9") or bootstrap.coach().open_loop(chat.person_id) == "practice"
    assert "Mrs Doyle: " in await chat.say(START)
    assert bootstrap.coach().open_loop(chat.person_id) == "roleplay"
