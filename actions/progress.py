"""Progress and the workplace profile."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.speaking import speak, turn_of
from bot.bootstrap import coach


class ActionProgress(Action):
    """Says where the learner stands."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_progress"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().progress(turn_of(tracker)))


class ActionChangeWorkplace(Action):
    """Asks for the workplace again."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_change_workplace"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().change_workplace(turn_of(tracker)))
