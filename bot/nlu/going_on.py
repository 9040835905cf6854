"""What is going on in a conversation while a message comes in: the exercise, and what the coach said last."""

from __future__ import annotations

from typing import Optional

from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.decide import During

LOOPS: dict[str, During] = {"practice_form": "practice", "roleplay_form": "roleplay", "assessment_form": "assessment"}


def exercise(tracker: Optional[DialogueStateTracker]) -> Optional[During]:
    """The exercise whose free text is waited for, None for none."""
    return LOOPS.get(tracker.active_loop_name or "") if tracker is not None else None


def asked_last(tracker: Optional[DialogueStateTracker]) -> str:
    """What the coach said last, "" if nothing yet."""
    if tracker is not None:
        for event in reversed(tracker.events):
            if isinstance(event, BotUttered) and event.text:
                return str(event.text)
    return ""
