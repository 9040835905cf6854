"""The starter's own environment: Rasa with the real TensorFlow that its DIET and TED need, in exactly our versions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bot.errors import RapportError
from bot.settings import ROOT

STARTER_ENVIRONMENT = ROOT / "var" / "starter-environment"
# All packages of this project at its pins, but TensorFlow in place of the stand-in, and without the project itself.
SYNC = ("sync", "--quiet", "--extra", "tensorflow", "--no-default-groups", "--no-install-project", "--compile-bytecode")


class NoEnvironment(RapportError):
    """The starter's environment could not be set up; says why."""


def starter_python(folder: Path = STARTER_ENVIRONMENT) -> Path:
    """Its Python, after making the environment (2 GB, some minutes) or bringing it up to date (a second)."""
    uv = subprocess.run([str(ROOT / "tools" / "uv-path")], capture_output=True, text=True)
    if uv.returncode != 0:
        raise NoEnvironment(f"uv is needed to set up the starter's environment.\n{uv.stderr.strip()}")
    unset = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    env = {k: v for k, v in os.environ.items() if k not in unset}
    done = subprocess.run(
        [uv.stdout.strip(), *SYNC],
        cwd=ROOT,
        env={**env, "UV_PROJECT_ENVIRONMENT": str(folder)},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise NoEnvironment(
            f"The starter's environment could not be set up in {folder}.\n{done.stderr.strip()[-1500:]}"
        )
    return folder / "bin" / "python"


def rasa_folder(python: Path) -> Path:
    """Where Rasa is installed in the environment of this Python."""
    return python.parent.parent / "lib" / "python3.10" / "site-packages" / "rasa"
