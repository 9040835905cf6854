"""The stand-in for TensorFlow: Rasa imports as with the real one, and what is really called says what to install."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bot.settings import ROOT

STAND_IN = ROOT / "tools" / "tensorflow"


def _run(code: str) -> str:
    """What `code` prints where the stand-in goes before whatever is installed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(ROOT)]), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_everything_of_rasa_that_imports_tensorflow_loads() -> None:
    modules = (
        "rasa.model_training",
        "rasa.server",
        "rasa.core.agent",
        "rasa.core.policies.ted_policy",
        "rasa.core.policies.unexpected_intent_policy",
        "rasa.nlu.classifiers.diet_classifier",
        "rasa.nlu.featurizers.dense_featurizer.convert_featurizer",
        "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
        "rasa.nlu.selectors.response_selector",
    )
    assert _run(f"import tensorflow, {', '.join(modules)}; print(tensorflow.__version__)") == "2.12.0+stand.in"


@pytest.mark.parametrize(
    "use",
    [
        "import tensorflow as tf; tf.constant(1)",
        "from keras import Model; Model()",
        "from tensorflow.keras.callbacks import Callback; type('Ours', (Callback,), {})()",
        "import tensorflow.keras.backend as K; K.clear_session()",
        "import rasa.utils.tensorflow.models as m; m.RasaModel()",
    ],
)
def test_what_is_really_used_says_how_to_install_the_real_one(use: str) -> None:
    code = f"""
try:
    exec({use!r})
except ImportError as error:
    print(error)
"""
    assert "uv sync --extra tensorflow --no-group stand-in" in _run(code)


def test_spacy_does_not_take_it_for_a_tensorflow() -> None:
    assert _run("import thinc.compat; print(thinc.compat.has_tensorflow)") == "False"


def test_names_are_looked_up_once_and_dunder_names_are_not_made_up() -> None:
    assert _run("import tensorflow as tf; print(tf.keras.layers.Dense is tf.keras.layers.Dense)") == "True"
    assert _run("import tensorflow as tf; print(hasattr(tf, '__wrapped__'), hasattr(tf.Tensor, '__len__'))") == (
        "False False"
    )
