"""The graph component: it reads turns of a role-play, and costs nothing elsewhere."""

from __future__ import annotations

from typing import Optional

import pytest
from rasa.shared.core.events import ActiveLoop
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from bot.dialogue.intents_batch import Understanding
from bot.moves.model import Sentence
from bot.nlu.moves import MovesReader


class Counting:
    """A classifier that notes what it was asked."""

    version = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, text: str, customer_said: str = "") -> tuple[Sentence, ...]:
        self.asked.append(text)
        return (Sentence(text, ("greet",), {"greet": 1.0}),)


def tracker(loop: str) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("someone", [ActiveLoop(loop)])


def message(text: str, taken_as: Optional[str]) -> Message:
    return Message(data={"text": text, **({"gate": {"taken_as": taken_as}} if taken_as else {})})


def test_a_turn_of_a_role_play_gets_its_moves_in_what_is_handed_on() -> None:
    (read,) = MovesReader(Counting()).process([message("hello", "turn")], tracker("roleplay_form"))  # type: ignore[arg-type]
    assert read.as_dict(only_output_properties=True)["moves"] == [{"text": "hello", "moves": ["greet"]}]


@pytest.mark.parametrize(
    ("loop", "taken_as"), [("practice_form", "answer"), ("roleplay_form", "command"), ("roleplay_form", None)]
)
def test_answers_commands_and_buttons_are_not_read(loop: str, taken_as: Optional[str]) -> None:
    counting = Counting()
    (read,) = MovesReader(counting).process([message("hello", taken_as)], tracker(loop))  # type: ignore[arg-type]
    assert counting.asked == [] and read.get("moves") is None


def test_without_a_conversation_nothing_is_read() -> None:
    counting = Counting()
    MovesReader(counting).process([message("hello", "turn")])  # type: ignore[arg-type]
    assert counting.asked == []


def test_the_trained_pipeline_hands_on_the_moves_of_a_role_play_and_of_nothing_else(
    understanding: Understanding,
) -> None:
    said = "sorry about that, ill get my manager to look"
    assert understanding.parse(said, "roleplay")["moves"] == [{"text": said, "moves": ["apologise", "refer_on"]}]
    assert understanding.parse(said, "practice").get("moves") is None
    assert understanding.parse("brief", "roleplay").get("moves") is None
