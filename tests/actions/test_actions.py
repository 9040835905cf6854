"""The Rasa actions: between the tracker and the coach, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import assessment, common, practice, progress, roleplay, speaking
from bot.coach import Coach
from bot.coaching.model import Button, Line, Move
from bot.records import tables as t
from bot.settings import ROOT
from tests.conftest import Talk

MODULES = (assessment, common, practice, progress, roleplay)
NOT_OF_RULES = {"action_session_start", "validate_practice_form", "validate_roleplay_form", "validate_assessment_form"}
ACTIONS = {a().name(): a for m in MODULES for a in vars(m).values()
           if isinstance(a, type) and issubclass(a, Action) and a.__module__ == m.__name__}  # fmt: skip


@pytest.fixture(autouse=True)
def wired(monkeypatch: pytest.MonkeyPatch, coach: Coach) -> None:
    """All actions ask the tiny coach."""
    for module in MODULES:
        monkeypatch.setattr(module, "coach", lambda: coach)
    monkeypatch.setattr(speaking, "shell_person", lambda: 77)


@pytest.fixture
def tracker_of(talk: Talk) -> Callable[..., Tracker]:
    """Makes a tracker as Rasa hands one to an action."""
    n = 0

    def make(
        text: str = "", sender: str | None = None, entities: list[dict[str, Any]] | None = None, **message: Any
    ) -> Tracker:
        nonlocal n
        n += 1
        latest = {"text": text, "message_id": f"rasa-{n}", "metadata": {}, "entities": entities or [], **message}
        sender_id = f"person-{talk.person_id}" if sender is None else sender
        return Tracker(sender_id, {}, latest, [], False, None, {}, "action_listen")

    return make


def said(action: Action, tracker: Tracker) -> tuple[list[str], list[Any]]:
    """Names of the responses and the events."""
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, tracker, {})
    return [m["response"] for m in dispatcher.messages], events


def test_every_action_of_the_domain_is_there_and_no_other() -> None:
    named = set()
    for path in (ROOT / "domain").glob("*.yml"):
        named |= set(yaml.safe_load(path.read_text(encoding="utf-8")).get("actions") or [])
    assert set(ACTIONS) == named


def test_every_action_is_used_by_a_rule_or_story_or_is_rasas_own() -> None:
    used = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "data").rglob("*.yml"))
    for name in set(ACTIONS) - NOT_OF_RULES:
        assert re.search(rf"\baction: {name}\b", used), name


def test_the_forms_are_those_of_the_domain() -> None:
    forms: dict[str, Any] = {}
    for path in (ROOT / "domain").glob("*.yml"):
        forms |= yaml.safe_load(path.read_text(encoding="utf-8")).get("forms") or {}
    assert {speaking.FORMS[loop]: [speaking.SLOTS[loop]] for loop in speaking.FORMS} == {
        name: form["required_slots"] for name, form in forms.items()
    }


def test_the_message_id_that_came_with_the_message_wins_over_rasas_own(tracker_of: Any, talk: Talk) -> None:
    turn = speaking.turn_of(tracker_of("hello", metadata={"message_id": "web-9", "channel": "telegram"}))
    assert (turn.message_id, turn.person_id, turn.channel, turn.text) == ("web-9", talk.person_id, "telegram", "hello")


def test_without_metadata_rasas_own_id_is_used(tracker_of: Any) -> None:
    turn = speaking.turn_of(tracker_of("hello", metadata=None))
    assert (turn.message_id, turn.channel) == ("rasa-1", "rasa")


def test_a_message_without_text_is_an_empty_one(tracker_of: Any) -> None:
    assert speaking.turn_of(tracker_of(None)).text == ""


@pytest.mark.parametrize("sender", ["default", "person-", "person-x", "person--1", "12", ""])
def test_any_other_sender_talks_as_the_demo_learner(tracker_of: Any, sender: str) -> None:
    assert speaking.person_of(tracker_of(sender=sender)) == 77


def test_a_move_is_said_line_by_line_with_gaps_buttons_and_joins() -> None:
    dispatcher = CollectingDispatcher()
    lines = (Line("utter_a", {"x": "1"}, (Button("Yes", "/yes"),)), Line("utter_b", join=True))
    events = speaking.speak(dispatcher, Move(lines))
    first, second = dispatcher.messages
    assert events == []
    assert (first["response"], first["x"], first["buttons"]) == ("utter_a", "1", [{"title": "Yes", "payload": "/yes"}])
    assert second["join"] is True and "join" not in first


@pytest.mark.parametrize(("loop", "name", "slot"), [("practice", "practice_form", "answer"), ("off", None, None)])
def test_a_move_starts_or_ends_the_loop(loop: Any, name: str | None, slot: str | None) -> None:
    events = speaking.loop_events(loop)
    assert [(e["event"], e.get("name"), e.get("value")) for e in events] == [
        ("active_loop", name, None),
        ("slot", "requested_slot", slot),
    ]


def test_starting_says_the_question_and_waits_for_free_text(tracker_of: Any) -> None:
    names, events = said(practice.ActionStartPractice(), tracker_of("start"))
    assert names == ["utter_practice_starts", "utter_question"]
    assert [e.get("name") for e in events] == ["practice_form", "requested_slot"]


def test_the_form_marks_the_answer_and_goes_on_waiting(tracker_of: Any, talk: Talk) -> None:
    talk.start()
    dispatcher = CollectingDispatcher()
    slots = practice.ValidatePracticeForm().validate_answer("price", dispatcher, tracker_of("price"), {})
    assert slots == {"answer": None}
    assert [m["response"] for m in dispatcher.messages] == ["utter_partly", "utter_credit", "utter_pump"]
    assert talk.rows(t.attempt)[0]["message_id"] == "rasa-1"


def test_the_form_ends_when_the_session_does(tracker_of: Any) -> None:
    slots = practice.ValidatePracticeForm().validate_answer("price", CollectingDispatcher(), tracker_of("price"), {})
    assert slots == {"answer": None, "requested_slot": None}


def test_a_tapped_choice_is_read_from_its_entities(tracker_of: Any, talk: Talk) -> None:
    talk.start("choosing")
    entities = [{"entity": "option", "value": "a"}, {"entity": "question", "value": "t1-2.1-choice"}]
    names, _ = said(practice.ActionChoose(), tracker_of("/choose", entities=entities))
    assert names[0] == "utter_choice_right"


def test_a_choice_without_entities_is_an_old_button(tracker_of: Any, talk: Talk) -> None:
    talk.start("choosing")
    assert said(practice.ActionChoose(), tracker_of("/choose"))[0] == ["utter_old_button"]


def test_a_session_brings_back_the_loop_that_was_open(tracker_of: Any, talk: Talk) -> None:
    action = common.ActionSessionStart()
    assert [e["event"] for e in said(action, tracker_of())[1]] == ["session_started", "action"]
    talk.start()
    events = said(action, tracker_of())[1]
    assert [e["event"] for e in events] == ["session_started", "active_loop", "slot", "action"]
    talk.say("stop")
    assert [e["event"] for e in said(action, tracker_of())[1]] == ["session_started", "action"]


@pytest.mark.parametrize("name", sorted(set(ACTIONS) - NOT_OF_RULES))
@pytest.mark.parametrize("opened", [True, False], ids=["in a question", "out of one"])
def test_every_action_says_something_whatever_the_moment(tracker_of: Any, talk: Talk, name: str, opened: bool) -> None:
    if opened:
        talk.start()
    names, _ = said(ACTIONS[name](), tracker_of("some words"))
    assert names
    with talk.coach.records.reading() as tx:
        assert tx.move_for("rasa-1") is not None
