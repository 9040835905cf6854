"""What a learner may say at any time, and how a Rasa session begins."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, SessionStarted
from rasa_sdk.executor import CollectingDispatcher

from actions.speaking import loop_events, person_of, speak, turn_of
from bot.bootstrap import coach


class ActionSessionStart(Action):
    """Begins a Rasa session, which may be in the middle of a question: the open exercise is brought back."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_session_start"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Start the session with the loop that was open; nothing else is carried over."""
        loop = coach().open_loop(person_of(tracker))
        return [SessionStarted(), *loop_events(loop), ActionExecuted("action_listen")]


class ActionWelcome(Action):
    """Greets."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_welcome"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().welcome(turn_of(tracker)))


class ActionMeaning(Action):
    """Explains a word."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_meaning"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().meaning(turn_of(tracker)))


class ActionTalkToTutor(Action):
    """Passes words on to the tutor."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_talk_to_tutor"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().talk_to_tutor(turn_of(tracker)))


class ActionDeleteData(Action):
    """Passes on the wish to have data deleted."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_delete_data"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().delete_data(turn_of(tracker)))
