"""A training without Rasa's cache: what is left out changes nothing that is trained from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rasa
from rasa.engine.training import graph_trainer
from rasa.engine.training.hooks import TrainingHook
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils import io, validation
from rasa.shared.utils.validation import YamlValidationException

from bot.dialogue import train

NLU = "/shared/nlu/training_data/schemas/nlu.yml"


def data(*examples: tuple[str, str]) -> TrainingData:
    return TrainingData([Message.build(text=text, intent=intent) for text, intent in examples])


def said(of: TrainingData) -> list[tuple[str, str]]:
    return [(example.get("text"), example.get("intent")) for example in of.training_examples]


def test_the_examples_begun_ahead_are_those_that_rasa_reads(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: stop\n  examples: |\n    - stop\n    - i have to go - bye\n'
    )
    (tmp_path / "broken.yml").write_text("nlu: [")
    (tmp_path / "other.yml").write_text("nlu:\n- synonym: x\n")
    assert list(train.texts(tmp_path)) == ["stop", "i have to go - bye"]


def test_merged_examples_are_those_of_rasas_own_merge() -> None:
    one, two = data(("hello", "greet"), ("stop", "stop")), data(("stop", "stop"), ("stop", "pause"), ("bye", "bye"))
    one.entity_synonyms, two.entity_synonyms = {"d one": "d1"}, {"b fifteen": "b15"}
    merged, rasas = train._merge(one, two, None), one.merge(two, None)
    assert said(merged) == said(rasas) and merged.entity_synonyms == rasas.entity_synonyms
    assert merged.fingerprint() == rasas.fingerprint()


def test_examples_are_distinct_by_what_they_say_and_for_what() -> None:
    distinct = train._distinct(TrainingData.sanitize_examples)
    examples = [Message.build(text=text, intent=intent) for text, intent in (("a", "x "), ("a", "x"), ("a", "y"))]
    assert [(e.get("text"), e.get("intent")) for e in distinct(examples)] == [("a", "x"), ("a", "y")]


def test_the_files_are_read_once_for_each_importer() -> None:
    read: list[Any] = []

    def reading(self: Any, language: str = "en") -> object:
        read.append(self)
        return object()

    once = train._once(reading)
    first, second = object(), object()
    assert once(first) is once(first, language="en") is once(first, "en")
    assert once(second) is not once(first) and read == [first, second]


def test_a_file_of_the_wrong_form_is_told_with_its_line() -> None:
    check = train._fast_first(validation.validate_yaml_schema)
    read = io.read_yaml
    check('version: "3.1"\nnlu:\n- intent: stop\n  examples: |\n    - stop\n', NLU)
    with pytest.raises(YamlValidationException, match="Line 3"):
        check('version: "3.1"\nnlu:\n- intent: stop\n  exmples: |\n    - stop\n', NLU)
    assert io.read_yaml is read


def test_with_another_rasa_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa, "__version__", "3.6.22")
    assert train.lighten() is False
    assert graph_trainer.TrainingHook is TrainingHook
