"""The graph components by themselves: features, a round trip of the classifier, buttons left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.events import ActiveLoop
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.errors import ModelError
from bot.marking.encoder import Encoded, Encoder, default_encoder
from bot.nlu.classifier import LinearIntentClassifier
from bot.nlu.gate import SessionGate
from bot.nlu.linear import LinearModel, Row, fit

CONTEXT = ExecutionContext(GraphSchema({}), node_name="node")
EXAMPLES = {"stop": ["stop", "please stop", "i want to stop"], "hint": ["hint", "a clue", "give me a hint"]}


def messages_of(texts: list[str]) -> list[Message]:
    return [Message(data={"text": text}) for text in texts]


def trained_on(
    examples: dict[str, list[str]], storage: LocalModelStorage, resource: Resource
) -> LinearIntentClassifier:
    named = [
        Message(data={"text": text, "intent": intent, "metadata": {}})
        for intent, texts in examples.items()
        for text in texts
    ]
    classifier = LinearIntentClassifier.create(LinearIntentClassifier.get_default_config(), storage, resource, CONTEXT)
    classifier.train(TrainingData(named))
    return classifier


def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the sentence encoder is asked for from now on."""
    asked: list[str] = []
    encode = Encoder.encoded

    def noted(self: Encoder, text: str) -> Encoded:
        asked.append(text)
        return encode(self, text)

    monkeypatch.setattr(Encoder, "encoded", noted)
    return asked


def test_another_encoder_file_means_training_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = LinearIntentClassifier.fingerprint_addon({})
    monkeypatch.setattr(default_encoder(), "sha256", "another")
    assert LinearIntentClassifier.fingerprint_addon({}) != before


def test_a_trained_classifier_says_the_same_after_it_was_loaded(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage(tmp_path), Resource("c")
    config = LinearIntentClassifier.get_default_config()
    trained = trained_on(EXAMPLES, storage, resource)
    loaded = LinearIntentClassifier.load(config, storage, resource, CONTEXT)
    first, second = messages_of(["can we stop", "can we stop"])
    trained.process([first])
    loaded.process([second])
    assert first.get("intent")["name"] == second.get("intent")["name"] == "stop"
    assert abs(first.get("intent")["confidence"] - second.get("intent")["confidence"]) < 1e-3
    assert abs(sum(r["confidence"] for r in second.get("intent_ranking")) - 1) < 1e-4


LONG = (
    "they said it was all fine and then it was not so they went off somewhere else and told every one of their friends"
)


def test_in_an_exercise_what_cannot_be_a_command_is_not_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["adverts cost the shop money", "they tell their friends", "customers come back", "new ones need adverts"]
    classifier = trained_on({**EXAMPLES, "give_answer": answers}, LocalModelStorage(tmp_path), Resource("c"))
    practice = DialogueStateTracker.from_events("x", [ActiveLoop("practice_form")])
    asked = encoded(monkeypatch)
    long, command, button = messages_of([LONG, "can we please stop", "/hint"])
    classifier.process([long, button], practice)
    assert asked == [] and long.get("intent")["name"] == "give_answer"
    classifier.process([command], practice)
    assert asked == ["can we please stop"] and command.get("intent")["name"] == "stop"
    classifier.process(messages_of([LONG]))
    assert asked[1:] == [LONG], "outside an exercise every message is looked at whole"


def test_a_text_without_features_still_gets_an_intent(tmp_path: Path) -> None:
    zeros = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32), np.zeros(2, dtype=np.float32)
    model = fit([Row(zeros[0], zeros[1], np.array(d, dtype=np.float32)) for d in ([1, 0], [0, 1])], ["a", "b"], 1.0)
    assert model.probabilities(Row(*zeros)).sum() == pytest.approx(1.0)


def test_a_damaged_model_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "intents.npz").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="intents.npz"):
        LinearModel.load(tmp_path / "intents.npz")


def test_loading_the_classifier_imports_no_scikit_learn() -> None:
    code = (
        "import sys; from bot.nlu.linear import LinearModel, softmax; "
        "assert not [m for m in sys.modules if m.split('.')[0] in ('sklearn', 'scipy')], 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])


def test_the_gate_reads_the_live_conversation_and_leaves_buttons_alone() -> None:
    gate = SessionGate(SessionGate.get_default_config())
    tracker = DialogueStateTracker.from_events("x", [ActiveLoop("practice_form")])
    typed = Message(data={"text": "they leave", "intent": {"name": "bye", "confidence": 0.6}, "intent_ranking": []})
    button = Message(data={"text": "/hint", "intent": {"name": "hint", "confidence": 1.0}, "intent_ranking": []})
    gate.process([typed, button], tracker)
    assert typed.get("intent")["name"] == "give_answer"
    assert typed.get("gate")["taken_as"] == "answer" and typed.get("gate")["intent"] == "bye"
    assert button.get("intent") == {"name": "hint", "confidence": 1.0} and button.get("gate") is None
    gate.process([typed])
    assert typed.get("gate")["taken_as"] == "fallback"
