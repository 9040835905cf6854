"""What Rasa imports for things that this process never does is left out: a seventh of its memory, a fifth of its start.

Rasa imports its channels, brokers, tracker stores and plots whether they are used or not. Here each name of such a
package is a stand-in that can be imported and derived from, as `tools/tensorflow` does it for every process; what is
really called says what is missing. Only in the dialogue process: training, `rasa shell` and `rasa test` have it all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn, Optional

LEFT_OUT = {
    # other channels, and the terminal
    "aiogram", "fbmessenger", "mattermostwrapper", "rocketchat_API", "slack_sdk", "twilio", "webexteamssdk", "socketio",
    "engineio", "questionary", "prompt_toolkit",
    # tracker stores and brokers that are not used
    "boto3", "botocore", "pymongo", "bson", "gridfs", "aio_pika", "aiormq",
    # plots, and models: `bot.nlu.linear` has its own
    "matplotlib", "sklearn",
}  # fmt: skip


class LeftOut(ImportError):
    """Something was really used that this process does without."""


class Absent(type):
    """The type of every name here: attributes are more of the same, a call is LeftOut."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") or "_stands_for" not in cls.__dict__:  # a class that Rasa derived
            raise AttributeError(name)
        made = absent(f"{cls.__dict__['_stands_for']}.{name}")
        setattr(cls, name, made)
        return made

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        name = cls.__dict__.get("_stands_for", cls.__qualname__)
        raise LeftOut(
            f"{name} is left out of the dialogue process to save memory. If something of yours needs it, take its "
            f"package off LEFT_OUT in {__file__}."
        )


def absent(name: str) -> Any:
    """A name of a package that is left out."""
    return Absent(name.rpartition(".")[2], (), {"_stands_for": name, "__module__": name.rpartition(".")[0]})


class Finder(MetaPathFinder, Loader):
    """Finds stand-ins for what is left out, and nothing else."""

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """The stand-in's spec, None for every other module."""
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] in LEFT_OUT else None

    def create_module(self, spec: ModuleSpec) -> None:
        """As usual."""

    def exec_module(self, module: ModuleType) -> None:
        """Let every name be found."""
        module.__getattr__ = partial(_attribute, module)  # type: ignore[method-assign]


def leave_out() -> None:
    """Do it for this process; before Rasa is imported."""
    sys.meta_path.insert(0, Finder())


def _attribute(module: ModuleType, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    made = absent(f"{module.__name__}.{name}")
    setattr(module, name, made)
    return made
