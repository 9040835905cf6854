"""Guarded patches of Rasa 3.6.21, measured to dominate a turn; with another Rasa none of them is applied.

- An action's response is re-checked against a JSON schema that is built anew each time; ours comes from the SDK's own
  executor in this process.
- Every stored event looks for its class among all subclasses; the answer never changes.
- An action call carries every event of the session as JSON; our actions read the latest message, slots and loop.
- The graph is handed to dask, which orders it anew for every message and prediction; the order never changes.
- What is only logged is deeply copied first, also where nothing is logged.
- In an active loop the rules are searched before the loop is asked, whose word then counts whatever they say.
- A tracker is copied by replaying all its events, for each action; whether it has any, and when somebody last spoke, is
  asked by replaying them, too.
- Each message is checked against the domain's intents, for a warning that nobody reads, with a new empty domain.
"""

from __future__ import annotations

import copy
import functools
from types import SimpleNamespace
from typing import Any, Optional

import rasa
from rasa.core import processor
from rasa.core.actions import forms
from rasa.core.actions.action import RemoteAction
from rasa.core.policies import rule_policy
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import ActionExecuted, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

KNOWN = "3.6.21"
EVENTS_SHOWN = 30  # more than one turn ever makes; the form validation looks at this turn's slots only


def apply() -> bool:
    """Apply them once; False (and nothing changed) where Rasa is not the version they were written for."""
    if rasa.__version__ != KNOWN:
        return False
    RemoteAction._validate_action_result = _looks_right
    RemoteAction._action_call_format = _short_call
    DaskGraphRunner.run = _run_in_order
    RulePolicy._predict = _loop_first(RulePolicy._predict)
    DialogueStateTracker.copy = copied
    forms.FormAction._temporary_tracker = _with_events
    MessageProcessor._update_tracker_session = _if_over(MessageProcessor._update_tracker_session)
    MessageProcessor._check_for_unseen_features = _nothing
    for module in (processor, forms, rule_policy):  # all their deep copies are for the log
        module.copy = SimpleNamespace(copy=copy.copy, deepcopy=_same)
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


def _loop_first(predict: Any) -> Any:
    """Rasa's own prediction, without a search for rules where an active loop decides: the same, only sooner."""
    if hasattr(predict, "__wrapped__"):
        return predict

    @functools.wraps(predict)
    def sooner(self: Any, tracker: Any, domain: Any) -> Any:
        default, _ = self._find_action_from_default_actions(tracker)
        action, source = self._find_action_from_loop_happy_path(tracker)
        if default or not action:
            return predict(self, tracker, domain)
        probabilities = self._prediction_result(action, tracker, domain)
        return self._rule_prediction(probabilities, source, is_no_user_prediction=True), source

    return sooner


def copied(self: Any) -> Any:
    """A tracker in the same state that can go on by itself; events are shared, as in Rasa's own copies."""
    made = copy.copy(self)
    made.events = self.events.copy()
    made.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
    made.active_loop = copy.copy(self.active_loop)
    made.model_id = made.assistant_id = None
    return made


def _with_events(self: Any, current: Any, additional: list[Event], domain: Any) -> Any:
    """The tracker that a form's validation sees: as it is, then the form's begin and these events."""
    made = copied(current)
    made.update(SlotSet(REQUESTED_SLOT, self.get_slot_to_fill(current)))
    made.update(ActionExecuted(self.name()))
    for event in additional:
        made.update(event)
    return made


def _if_over(update: Any) -> Any:
    """Rasa's own look whether a session must begin, where the last turn did not end as turns do or is long ago."""
    if hasattr(update, "__wrapped__"):
        return update

    @functools.wraps(update)
    async def sooner(self: Any, tracker: Any, output_channel: Any, metadata: Any = None) -> None:
        if tracker.latest_action_name != ACTION_LISTEN_NAME or self._has_session_expired(tracker):
            await update(self, tracker, output_channel, metadata)

    return sooner


def _nothing(*_: Any) -> None:
    """Do nothing."""


def _same(value: Any) -> Any:
    return value


def _run_in_order(
    self: Any, inputs: Optional[dict[str, Any]] = None, targets: Optional[list[str]] = None
) -> dict[str, Any]:
    """Run the nodes that the targets need, in an order worked out once; node name → what it gave."""
    wanted = tuple(targets or self._graph_schema.target_names)
    orders = self.__dict__.setdefault("_orders", {})
    if wanted not in orders:
        orders[wanted] = _order(self._graph_schema.minimal_graph_schema(list(wanted)).nodes, wanted)
    given: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
    try:
        for name, needs in orders[wanted]:
            given[name] = self._instantiated_nodes[name](*(given.get(need, need) for need in needs))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return {name: given[name][1] for name in wanted}


def _order(nodes: Any, targets: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Each node with the names it needs, after all of those; names that are no nodes are inputs."""
    done: dict[str, tuple[str, ...]] = {}

    def add(name: str) -> None:
        if name in nodes and name not in done:
            needs = tuple(nodes[name].needs.values())
            for need in needs:
                add(need)
            done[name] = needs

    for target in targets:
        add(target)
    return list(done.items())
