"""An assessor's questions: begin, answer, change, send; a decision seen."""

from __future__ import annotations

from typing import Any, Optional

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.speaking import speak, turn_of, utter
from bot.bootstrap import coach


def number_of(tracker: Tracker, entity: str) -> Optional[int]:
    """A whole number that a button carries, None if it carries none."""
    value = str(next(tracker.get_latest_entity_values(entity), ""))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


class ValidateAssessmentForm(FormValidationAction):
    """Takes the free text of the assessment loop."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_assessment_form"

    def validate_assessed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Keep the answer; an empty slot keeps the loop waiting for the next one."""
        move = coach().take_assessed(turn_of(tracker))
        utter(dispatcher, move)
        return {"assessed": None, "requested_slot": None} if move.loop == "off" else {"assessed": None}


class ActionStartAssessment(Action):
    """Begins a set of questions, or goes on with it."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_start_assessment"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read the button's set, ask the coach, speak."""
        return speak(dispatcher, coach().start_assessment(turn_of(tracker), number_of(tracker, "set")))


class ActionChangeAnswer(Action):
    """Asks one question again."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_change_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read the button's number, ask the coach, speak."""
        return speak(dispatcher, coach().change_answer(turn_of(tracker), number_of(tracker, "number") or 0))


class ActionSendAnswers(Action):
    """Hands the answers in."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_send_answers"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().send_answers(turn_of(tracker)))


class ActionSeeDecision(Action):
    """Notes that the learner has seen a decision."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_see_decision"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read the button's decision, ask the coach, speak."""
        return speak(dispatcher, coach().see_decision(turn_of(tracker), number_of(tracker, "decision") or 0))
