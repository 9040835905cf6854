"""A stand-in for TensorFlow: Rasa can import it and derive classes from it; whatever is called says what is missing.

Rasa imports TensorFlow even where no component uses it (`rasa/utils/train_utils.py`). Any name may be looked up here,
at any depth, and be used as a base class, a default or an annotation.
"""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

__version__ = "2.12.0+stand.in"

WAY_OUT = "uv sync --extra tensorflow --no-group stand-in"

# What Rasa 3.6 imports from. `tensorflow.experimental` is not among them: with it, thinc would take us for real.
MODULES = (
    "tensorflow.config",
    "tensorflow.keras",
    "tensorflow.keras.backend",
    "tensorflow.keras.callbacks",
    "tensorflow.keras.utils",
    "tensorflow.python",
    "tensorflow.python.eager",
    "tensorflow.python.eager.wrap_function",
    "tensorflow.types",
    "tensorflow.types.experimental",
    "keras.utils",
    "keras.utils.control_flow_util",
    "keras.utils.tf_utils",
)


class TensorFlowMissing(ImportError):
    """Something of TensorFlow was really used, and only the stand-in is installed."""


class Absent(type):
    """The type of every name here: attributes are more of the same, a call is TensorFlowMissing."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") or cls.__dict__.get("_stands_for") is None:  # a class that Rasa derived
            raise AttributeError(name)
        made = absent(f"{cls._stands_for}.{name}")
        setattr(cls, name, made)
        return made

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        name = cls.__dict__.get("_stands_for") or cls.__qualname__
        raise TensorFlowMissing(
            f"{name} needs TensorFlow, and this environment has only Rapport's stand-in for it. "
            f"No component of Rapport uses TensorFlow; for one that does, install the real one: {WAY_OUT}"
        )


def absent(name: str) -> Any:
    """A name of TensorFlow's, without what it stands for."""
    return Absent(name.rpartition(".")[2], (), {"_stands_for": name, "__module__": "tensorflow"})


def _attribute(module: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    found = sys.modules.get(f"{module}.{name}") or absent(f"{module}.{name}")
    setattr(sys.modules[module], name, found)
    return found


def _add(name: str) -> None:
    module = ModuleType(name, "Part of the stand-in for TensorFlow.")
    module.__path__ = []
    module.__getattr__ = partial(_attribute, name)  # type: ignore[method-assign]
    sys.modules[name] = module


for _name in MODULES:
    _add(_name)
__getattr__ = partial(_attribute, "tensorflow")
