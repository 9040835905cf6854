"""Practice: start it, take answers, help, skip, repeat, stop, resume, why, disputes."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.speaking import speak, turn_of, utter
from bot.bootstrap import coach


class ValidatePracticeForm(FormValidationAction):
    """Takes the free text of the practice loop."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_practice_form"

    def validate_answer(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Mark the answer; an empty slot keeps the loop waiting for the next one."""
        move = coach().take_answer(turn_of(tracker))
        utter(dispatcher, move)
        return {"answer": None, "requested_slot": None} if move.loop == "off" else {"answer": None}


class ActionChoose(Action):
    """Takes a tapped choice."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_choose"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read the button's option and question, ask the coach, speak."""
        option = next(tracker.get_latest_entity_values("option"), "")
        question = next(tracker.get_latest_entity_values("question"), "")
        return speak(dispatcher, coach().choose(turn_of(tracker), str(question), str(option)))


class ActionStartPractice(Action):
    """Starts or changes what is practised."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_start_practice"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().start_practice(turn_of(tracker)))


class ActionHint(Action):
    """Gives the next help."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_hint"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().hint(turn_of(tracker)))


class ActionDontKnow(Action):
    """Helps on without a bad mark."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_dont_know"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().dont_know(turn_of(tracker)))


class ActionSkip(Action):
    """Leaves the question."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_skip"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().skip(turn_of(tracker)))


class ActionRepeat(Action):
    """Says the question again."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_repeat"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().repeat(turn_of(tracker)))


class ActionStop(Action):
    """Pauses the practice."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_stop"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().stop(turn_of(tracker)))


class ActionResume(Action):
    """Goes on where the learner stopped."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_resume"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().resume(turn_of(tracker)))


class ActionWhy(Action):
    """Explains the mark or the question."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_why"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().why(turn_of(tracker)))


class ActionDispute(Action):
    """Notes a disputed mark."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_dispute"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().dispute(turn_of(tracker)))
