"""Sentence vectors as dense features, from the same encoder (and cache) that marks the answers."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.marking.encoder import default_encoder

AT_A_TIME = 512  # texts warmed together at training; fewer than the encoder's cache holds


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """One unit vector [1, 384] per message; the text is given as it is, so that marking finds it in the cache."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoderFeaturizer:
        """The component of a pipeline; the encoder is loaded here, not at the first message."""
        default_encoder()
        return cls(execution_context.node_name, config)

    @staticmethod
    def required_packages() -> list[str]:
        """Packages whose version is part of the fingerprint."""
        return ["onnxruntime", "tokenizers"]

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to configure."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """The SHA-256 of the encoder file: another file means other features, so train again."""
        return default_encoder().sha256

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to every training example that has a text."""
        examples = training_data.training_examples
        for start in range(0, len(examples), AT_A_TIME):
            some = examples[start : start + AT_A_TIME]
            default_encoder().warm([str(example.get(TEXT)) for example in some if example.get(TEXT) is not None])
            self.process(some)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message that has a text."""
        for message in messages:
            text = message.get(TEXT)
            if text is not None:
                vector = np.asarray(default_encoder().encode([text]), dtype=np.float32)
                message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages
