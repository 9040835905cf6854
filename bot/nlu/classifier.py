"""Our linear intent classifier as a Rasa graph component (numpy arrays in .npz, ready in a tenth of a second).

Its features are the message's words, pairs of words and groups of letters, and the dense vector of the encoder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import linear, ngrams
from bot.nlu.linear import LinearModel, Row

FILE = "intents.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Sets `intent` and `intent_ranking`; config: `strength` (C), `dense_weight`, `ranking_length`."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: Optional[LinearModel] = None
    ) -> None:
        self.config, self.storage, self.resource, self.model = config, storage, resource, model

    @classmethod
    def required_components(cls) -> list[type[Any]]:
        """What must come before it in the pipeline."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {"strength": 8.0, "dense_weight": 2.0, "ranking_length": 10}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """The arithmetic lives in other modules, which Rasa's fingerprint does not see."""
        files = (linear.__file__, ngrams.__file__)
        return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        """An untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """The trained component; ModelError if its file is missing or damaged."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearModel.load(folder / FILE))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every example that has a text and an intent, and keep the arrays."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        terms = ngrams.vocabulary(_text(e) for e in examples)
        known = {term: place for place, term in enumerate(terms)}
        self.model = linear.fit(
            [self._row(e, known) for e in examples],
            [str(e.get(INTENT)) for e in examples],
            float(self.config["strength"]),
            terms,
        )
        with self.storage.write_to(self.resource) as folder:
            self.model.save(folder / FILE)
        return self.resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Predict on the training examples."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking; the intent is never None."""
        if self.model is None:
            return messages
        for message in messages:
            probabilities = self.model.probabilities(self._row(message, self.model.places))
            order = np.argsort(-probabilities)[: int(self.config["ranking_length"])]
            ranking = [
                {INTENT_NAME_KEY: self.model.labels[i], PREDICTED_CONFIDENCE_KEY: float(probabilities[i])}
                for i in order
            ]  # fmt: skip
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _row(self, message: Message, known: Mapping[str, int]) -> Row:
        """Sparse counts damped and scaled to length 1, dense vector times its weight."""
        places, times = ngrams.places(_text(message), known)
        values = np.sqrt(np.array(times, dtype=np.float32))
        values = values / max(float(np.linalg.norm(values)), 1e-9)
        _, dense = message.get_dense_features(TEXT)
        vector = np.zeros(0, dtype=np.float32)
        if dense is not None:
            vector = np.asarray(dense.features, dtype=np.float32).reshape(-1) * float(self.config["dense_weight"])
        return Row(np.array(places, dtype=np.int64), values.astype(np.float32), vector.astype(np.float32))


def _text(message: Message) -> str:
    tokens = message.get(TOKENS_NAMES[TEXT])
    return ngrams.joined(token.text for token in tokens) if tokens else ngrams.joined(str(message.get(TEXT)).split())
