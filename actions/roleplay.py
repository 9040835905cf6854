"""Role-play: start it, speak to the customer, brief, pause, coach, again from a turn."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.speaking import speak, turn_of, utter
from bot.bootstrap import coach


class ValidateRoleplayForm(FormValidationAction):
    """Takes the free text of the role-play loop."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_roleplay_form"

    def validate_said(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Say it to the customer; an empty slot keeps the loop waiting for what is said next."""
        move = coach().say_to_customer(turn_of(tracker))
        utter(dispatcher, move)
        return {"said": None, "requested_slot": None} if move.loop == "off" else {"said": None}


class ActionStartRoleplay(Action):
    """Starts a role-play."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_start_roleplay"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read a button's scenario, ask the coach, speak."""
        scenario = next(tracker.get_latest_entity_values("scenario"), "")
        return speak(dispatcher, coach().start_roleplay(turn_of(tracker), str(scenario)))


class ActionBrief(Action):
    """Shows the brief."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_brief"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().brief(turn_of(tracker)))


class ActionPause(Action):
    """Keeps it for later."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_pause"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().pause(turn_of(tracker)))


class ActionCoach(Action):
    """Gives a nudge."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_coach"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().nudge(turn_of(tracker)))


class ActionAgainFromTurn(Action):
    """Goes back to a turn."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_again_from_turn"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Read, ask, speak."""
        return speak(dispatcher, coach().again_from_turn(turn_of(tracker)))
