"""The last word of the language understanding: during an exercise, what is not surely a command is an answer."""

from __future__ import annotations

import re
from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.classifier import COMMAND
from bot.nlu.decide import During, Limits, decide
from bot.nlu.going_on import asked_last, exercise
from bot.nlu.normal import default_mender

GATE = "gate"
_payload = re.compile(r"/([a-z_0-9]+)(?:@[0-9.]+)?(?:\{.*\})?", re.DOTALL)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SessionGate(GraphComponent):
    """Rewrites the intent by what is going on; adds `gate`: {taken_as, intent, confidence, rule} to the message.

    `intent` and `confidence` in it are the classifier's. A button's payload has no `gate`: Rasa unpacks "/intent" after
    this component into a message of its own.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.limits = Limits(**{name: float(config[name]) for name in Limits._fields})
        self.mend = default_mender()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The fields of `Limits`."""
        return dict(Limits()._asdict())

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SessionGate:
        """The component of a pipeline."""
        return cls(config)

    def process(self, messages: list[Message], tracker: Optional[DialogueStateTracker] = None) -> list[Message]:
        """Decide for each message; `tracker` is the live conversation, given by Rasa."""
        during = exercise(tracker)
        for message in messages:
            if not _from_button(message):
                self._decide(message, during, asked_last(tracker))
        return messages

    def _decide(self, message: Message, during: Optional[During], asked: str) -> None:
        ranking = {
            str(r[INTENT_NAME_KEY]): float(r[PREDICTED_CONFIDENCE_KEY]) for r in message.get(INTENT_RANKING_KEY) or []
        }
        before = message.get(INTENT) or {}
        decision = decide(message.get(TEXT) or "", ranking, during, self.mend, self.limits, asked, message.get(COMMAND))
        gate = {
            "taken_as": decision.taken_as,
            "intent": before.get(INTENT_NAME_KEY),
            "confidence": before.get(PREDICTED_CONFIDENCE_KEY, 0.0),
            "rule": decision.rule,
        }
        message.set(
            INTENT,
            {INTENT_NAME_KEY: decision.intent, PREDICTED_CONFIDENCE_KEY: decision.confidence},
            add_to_output=True,
        )
        message.set(GATE, gate, add_to_output=True)


def _from_button(message: Message) -> bool:
    """Whether the message already carries the intent of its "/intent" payload."""
    match = _payload.fullmatch((message.get(TEXT) or "").strip())
    return match is not None and (message.get(INTENT) or {}).get(INTENT_NAME_KEY) == match.group(1)
