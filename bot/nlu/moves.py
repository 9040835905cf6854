"""The moves of a role-play turn, read in the pipeline by the same classifier as everywhere else."""

from __future__ import annotations

from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.moves.classifier import MoveClassifier, default_classifier
from bot.nlu.gate import GATE
from bot.nlu.going_on import asked_last, exercise

MOVES = "moves"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class MovesReader(GraphComponent):
    """Adds `moves`, a list of {text, moves}, to a message said to the customer of a role-play; to no other message.

    Stands behind the session gate: what it takes for a command is not said to the customer.
    """

    def __init__(self, classifier: MoveClassifier) -> None:
        self.classifier = classifier

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MovesReader:
        """The component of a pipeline; the head is loaded here, not at the first turn."""
        return cls(default_classifier())

    def process(self, messages: list[Message], tracker: Optional[DialogueStateTracker] = None) -> list[Message]:
        """Read each message, if a role-play is going on; `tracker` is the live conversation, given by Rasa."""
        if exercise(tracker) != "roleplay":
            return messages
        said = asked_last(tracker)
        for message in messages:
            gate = message.get(GATE)
            if gate is None or gate.get("taken_as") == "command":
                continue
            read = self.classifier.read(message.get(TEXT) or "", said)
            message.set(MOVES, [{"text": s.text, "moves": list(s.moves)} for s in read], add_to_output=True)
        return messages
