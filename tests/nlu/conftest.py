"""One trained model for all tests here: the newest in models/, else one trained for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.dialogue.intents_batch import Understanding

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`RAPPORT_TEST_MODEL`, or the newest model of the project, or a freshly trained understanding."""
    if given := os.environ.get("RAPPORT_TEST_MODEL"):
        return Path(given)
    found = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if found:
        return found[-1]
    from rasa.model_training import train_nlu

    folder = tmp_path_factory.mktemp("model")
    trained = train_nlu(
        config=str(ROOT / "config.yml"), nlu_data=str(ROOT / "data" / "nlu"), output=str(folder), fixed_model_name="nlu"
    )
    assert trained is not None, "training gave no model"
    return Path(trained)


@pytest.fixture(scope="session")
def understanding(model_file: Path) -> Understanding:
    """The real pipeline: every component, with a conversation prepared for each message."""
    return Understanding(model_file)
