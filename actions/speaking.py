"""Between Rasa's tracker and the coach's values."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.bootstrap import shell_person
from bot.coaching.model import Loop, Move
from bot.records.store import Turn

FORMS = {"practice": "practice_form", "roleplay": "roleplay_form", "assessment": "assessment_form"}
SLOTS = {"practice": "answer", "roleplay": "said", "assessment": "assessed"}


def person_of(tracker: Tracker) -> int:
    """The person a conversation belongs to; `rasa shell` and the like talk as the demo learner."""
    kind, _, id = str(tracker.sender_id).partition("-")
    return int(id) if kind == "person" and id.isdigit() else shell_person()


def turn_of(tracker: Tracker) -> Turn:
    """The message that is being answered."""
    message = tracker.latest_message
    metadata = message.get("metadata") or {}
    return Turn(
        message_id=str(metadata.get("message_id") or message.get("message_id")),
        person_id=person_of(tracker),
        channel=str(metadata.get("channel") or tracker.get_latest_input_channel() or "rasa"),
        text=str(message.get("text") or ""),
    )


def utter(dispatcher: CollectingDispatcher, move: Move) -> None:
    """Say the lines of a move."""
    for line in move.lines:
        buttons = [{"title": b.title, "payload": b.payload} for b in line.buttons]
        extra: dict[str, Any] = {"join": True} if line.join else {}
        dispatcher.utter_message(response=line.name, buttons=buttons, **line.args, **extra)


def speak(dispatcher: CollectingDispatcher, move: Move) -> list[EventType]:
    """Say a move; the events that start or end the free-text loop."""
    utter(dispatcher, move)
    return loop_events(move.loop)


def loop_events(loop: Loop | None) -> list[EventType]:
    """Events after which Rasa waits for free text ("practice", "roleplay") or for commands ("off")."""
    if loop is None:
        return []
    if loop == "off":
        return [ActiveLoop(None), SlotSet("requested_slot", None)]
    return [ActiveLoop(FORMS[loop]), SlotSet("requested_slot", SLOTS[loop])]
