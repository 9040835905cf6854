"""Guarded patches of Rasa 3.6.21, measured to dominate a turn; with another Rasa none of them is applied.

- An action's response is re-checked against a JSON schema that is built anew each time; ours comes from the SDK's own
  executor in this process.
- Every stored event looks for its class among all subclasses; the answer never changes.
- An action call carries every event of the session as JSON; our actions read the latest message, slots and loop.
"""

from __future__ import annotations

import functools
from typing import Any, Optional

import rasa
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import EventVerbosity

KNOWN = "3.6.21"
EVENTS_SHOWN = 30  # more than one turn ever makes; the form validation looks at this turn's slots only


def apply() -> bool:
    """Apply them once; False (and nothing changed) where Rasa is not the version they were written for."""
    if rasa.__version__ != KNOWN:
        return False
    RemoteAction._validate_action_result = _looks_right
    RemoteAction._action_call_format = _short_call
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(functools.lru_cache(maxsize=None)(Event.resolve_by_type))
    return True


def _looks_right(self: Any, result: Any) -> bool:
    """Whether it is an answer of the SDK's executor."""
    if (
        isinstance(result, dict)
        and isinstance(result.get("events"), list)
        and isinstance(result.get("responses"), list)
    ):
        return True
    raise TypeError(f"{self.name()} answered with {type(result).__name__}, not with events and responses")


def _short_call(self: Any, tracker: Any, domain: Any) -> dict[str, Optional[Any]]:
    """The action call with the session's latest events only, and without the domain."""
    state = tracker.current_state(EventVerbosity.NONE)
    state["events"] = [event.as_dict() for event in list(tracker.events)[-EVENTS_SHOWN:]]
    return {
        "next_action": self._name,
        "sender_id": tracker.sender_id,
        "tracker": state,
        "version": rasa.__version__,
        "domain": {"forms": domain.forms, "slots": {slot.name: {} for slot in domain.slots}},
    }
