"""Our linear classifiers as a Rasa graph component (numpy arrays in .npz, ready in a tenth of a second).

One model tells the intents apart; two heads say how probably a message is a command at all: in a question, where the
rest are answers, and in a role-play, where the rest are turns. They see n-grams, signs of the wording, and the sentence
encoder's vector, which costs ten times the rest: it is only asked for where it could change what is decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.marking.encoder import Array, default_encoder
from bot.nlu import grams, linear, normal, vectors, wording, words
from bot.nlu.ahead import AHEAD
from bot.nlu.decide import (
    ANSWER,
    FOR_THE_COACH,
    LONGEST_GUESS,
    ROLEPLAY_ONLY,
    TO_THE_CUSTOMER,
    During,
    only_for_classifiers,
)
from bot.nlu.going_on import asked_last, exercise
from bot.nlu.grams import signs
from bot.nlu.linear import LinearModel, Row
from bot.nlu.normal import Said, default_mender, read

HEADS = ("practice", "roleplay")
BY_WORDS = {name: f"{name}_by_words" for name in HEADS}  # the same heads without the vector: whether to ask for it
COMMAND = "command"  # {"practice": p, "roleplay": p} of a message
NO_COMMAND = 0.15  # what such a head says less of is no command with the vector either: none of 2,700 held-out ones
SOURCES = (*(str(part.__file__) for part in (linear, grams, normal, vectors, wording, words)), str(words.FILE))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Sets `intent`, `intent_ranking` and `command`.

    Config: `strength` (C) and `temperature` of the intents, `head_strength` and `head_temperature` of the heads (the
    temperatures have the least log loss in cross-validation), `dense_weight`, `sign_weight` and `ranking_length`.
    Examples with the metadata `during: roleplay` are for the head of that name alone.
    """

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        models: Optional[dict[str, LinearModel]] = None,
    ) -> None:
        self.config, self.storage, self.resource, self.models = config, storage, resource, models or {}
        self.mend = default_mender()

    @staticmethod
    def required_packages() -> list[str]:
        """Packages whose version is part of the fingerprint."""
        return ["onnxruntime", "tokenizers"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {
            "strength": 9.0, "head_strength": 9.0, "dense_weight": 0.67, "sign_weight": 0.33, "temperature": 1.2,
            "head_temperature": 1.1, "ranking_length": 12,
        }  # fmt: skip

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """The arithmetic, the words and the encoder live in other files, which Rasa's fingerprint does not see."""
        files = b"".join(Path(file).read_bytes() for file in SOURCES)
        return hashlib.sha256(files + default_encoder().sha256.encode()).hexdigest()

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
        """The trained component; ModelError if a file is missing or damaged."""
        with model_storage.read_from(resource) as folder:
            heads = [name for name in (*HEADS, *BY_WORDS.values()) if (folder / f"{name}.npz").exists()]
            models = {name: LinearModel.load(folder / f"{name}.npz") for name in ("intents", *heads)}
        return cls(config, model_storage, resource, models)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every example that has a text and an intent, and keep the arrays."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        rows = self._rows([str(e.get(TEXT)) for e in examples])
        named = [(row, str(e.get(INTENT)), _during(e)) for row, e in zip(rows, examples)]
        kinds = {
            "intents": [(r, i) for r, i, d in named if (i, d) != (ANSWER, "roleplay")],
            "practice": [(r, _kind(i)) for r, i, d in named if d != "roleplay" and i not in ROLEPLAY_ONLY],
            "roleplay": [(r, kind) for r, i, d in named if (kind := _kind_in_roleplay(i, d))],
        }
        kinds |= {BY_WORDS[name]: [(_without_vector(row), kind) for row, kind in kinds[name]] for name in HEADS}
        # A few examples of commands alone make no head.
        wanted = [name for name, found in kinds.items() if name == "intents" or len({kind for _, kind in found}) > 1]
        with ThreadPoolExecutor(2) as pool:
            fitted = pool.map(lambda name: self._fitted(kinds[name], "" if name == "intents" else "head_"), wanted)
            self.models = dict(zip(wanted, fitted))
        with self.storage.write_to(self.resource) as folder:
            for name, model in self.models.items():
                model.save(folder / f"{name}.npz")
        return self.resource

    def _fitted(self, examples: Sequence[tuple[Row, str]], whose: str) -> LinearModel:
        strength, temperature = (float(self.config[whose + name]) for name in ("strength", "temperature"))
        return linear.fit([row for row, _ in examples], [label for _, label in examples], strength, temperature)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Predict on the training examples."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message], tracker: Optional[DialogueStateTracker] = None) -> list[Message]:
        """Set the intent and the ranking; the intent is never None. `tracker` is the conversation, given by Rasa."""
        if self.models:
            for message in messages:
                self._classify(message, exercise(tracker), asked_last(tracker))
        return messages

    def _classify(self, message: Message, during: Optional[During], asked: str) -> None:
        text = str(message.get(TEXT) or "")
        typed = not text.startswith("/")  # else a button: Rasa takes the intent from the text itself
        said = read(text, self.mend)
        row = self._row(said)
        ranking = self._answer_by_words(said, row, during, asked) if typed else None
        if ranking is None:
            row = self._with_vector(row, vectors.of(default_encoder().encoded(text))) if typed else row
            probabilities = self.models["intents"].probabilities(row)
            order = np.argsort(-probabilities)[: int(self.config["ranking_length"])]
            ranking = [(self.models["intents"].labels[i], float(probabilities[i])) for i in order]
            heads = {name: self.models[name].probability(COMMAND, row) for name in HEADS if name in self.models}
            message.set(COMMAND, heads)
        named = [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: p} for name, p in ranking]
        message.set(INTENT, dict(named[0]), add_to_output=True)
        message.set(INTENT_RANKING_KEY, named, add_to_output=True)

    def _answer_by_words(
        self, said: Said, row: Row, during: Optional[During], asked: str
    ) -> Optional[list[tuple[str, float]]]:
        """The ranking of what is an answer whatever the vector says: too long to be a command, or far from any."""
        head = self.models.get(BY_WORDS["roleplay" if during == "roleplay" else "practice"])
        if head is None or not only_for_classifiers(said, during, asked):
            return None
        command = head.probability(COMMAND, row)
        return [(ANSWER, 1.0 - command)] if said.words > LONGEST_GUESS or command < NO_COMMAND else None

    def _rows(self, texts: Sequence[str]) -> list[Row]:
        AHEAD.begin(texts)
        rows = [self._with_vector(self._row(read(text, self.mend)), AHEAD.vector(text)) for text in texts]
        AHEAD.end()
        return rows

    def _row(self, said: Said) -> Row:
        """Its n-grams, and the signs of its wording times their weight; no vector."""
        return Row(*grams.grams(said.whole.plain), signs(said) * np.float32(self.config["sign_weight"]))

    def _with_vector(self, row: Row, vector: Array) -> Row:
        """The row with the vector of the text as it is, times its weight."""
        return row._replace(dense=np.concatenate([row.dense, vector * np.float32(self.config["dense_weight"])]))


def _without_vector(row: Row) -> Row:
    return row._replace(dense=row.dense[: -vectors.WIDTH])


def _during(example: Message) -> str:
    """The exercise that an example's block in the training data is for, "" for any."""
    metadata = (example.get("metadata") or {}).get("intent") or {}
    return str(metadata.get("during", "")) if isinstance(metadata, dict) else ""


def _kind(intent: str) -> str:
    return ANSWER if intent == ANSWER else COMMAND


def _kind_in_roleplay(intent: str, during: str) -> str:
    """What an example is in a role-play; "" where that cannot be said."""
    if during == "roleplay":
        return _kind(intent)
    if intent in TO_THE_CUSTOMER or intent == ANSWER:
        return ANSWER
    return COMMAND if intent in ROLEPLAY_ONLY | FOR_THE_COACH else ""
