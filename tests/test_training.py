"""When the model has to be trained anew, and what a failed training says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Optional

import pytest

from bot import training
from bot.errors import ModelError
from bot.settings import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (
        "config.yml",
        "domain/common.yml",
        "data/rules/x.yml",
        "bot/nlu/x.py",
        "bot/marking/data/encoder/m.onnx",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_any_changed_added_or_renamed_source_changes_the_hash(project: Path) -> None:
    seen = {training.sources_hash(project)}
    (project / "domain" / "common.yml").write_text("changed")
    seen.add(training.sources_hash(project))
    (project / "data" / "rules" / "y.yml").write_text("new")
    seen.add(training.sources_hash(project))
    (project / "data" / "rules" / "y.yml").rename(project / "data" / "rules" / "z.yml")
    seen.add(training.sources_hash(project))
    assert len(seen) == 4


def test_what_no_model_is_trained_from_leaves_the_hash_alone(project: Path) -> None:
    before = training.sources_hash(project)
    (project / "README.md").write_text("read me")
    (project / "bot" / "nlu" / "x.pyc").write_bytes(b"compiled")
    assert training.sources_hash(project) == before


def test_a_model_of_the_sources_as_they_are_is_found_and_not_trained_again(tmp_path: Path) -> None:
    assert training.current_model(tmp_path) is None
    model = tmp_path / f"rapport-{training.sources_hash()}.tar.gz"
    model.write_bytes(b"")
    assert training.current_model(tmp_path) is None  # not ended: no seal yet
    training.seal(model).write_text(hashlib.sha256(b"").hexdigest())
    assert training.current_model(tmp_path) == training.unchanged(model) == model
    assert training.train(tmp_path, lambda *_: pytest.fail("nothing is to be trained")) == model


@pytest.mark.parametrize("sealed", [None, "0" * 64, "ü"])
def test_a_model_that_is_not_the_one_that_was_trained_is_refused(tmp_path: Path, sealed: Optional[str]) -> None:
    model = tmp_path / "rapport-x.tar.gz"
    model.write_bytes(b"a model")
    if sealed:
        training.seal(model).write_text(sealed, encoding="utf-8")
    with pytest.raises(ModelError, match="rapport train"):
        training.unchanged(model)


def test_a_models_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="RAPPORT_MODELS"):
        training.train(tmp_path / "file" / "models", lambda *_: None)


def test_a_failed_training_shows_rasas_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.sys, "executable", "/bin/echo")
    with pytest.raises(ModelError, match="-m bot.dialogue.train"):
        training.train(tmp_path, lambda *_: None)


def test_our_child_processes_keep_bytecode_and_send_nothing_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = training.child_environment(RAPPORT_DATA=str(ROOT))
    assert "PYTHONDONTWRITEBYTECODE" not in env
    assert env["RASA_TELEMETRY_ENABLED"] == "false" and env["RAPPORT_DATA"] == str(ROOT)
