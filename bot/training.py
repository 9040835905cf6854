"""Train the Rasa model when its sources have changed, with visible progress."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Optional

import yaml

from bot.errors import ModelError
from bot.settings import ROOT

SOURCES = ("config.yml", "domain", "data", "bot/nlu", "bot/marking/data/encoder")
KEPT_MODELS = 2
FINISHED = re.compile(r"(?:Finished training component|Restored component) '(\w+)'")


def sources_hash(root: Path = ROOT) -> str:
    """Hash (16 hex digits) of everything a model is trained from."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = root / source
        files = sorted(p for p in path.rglob("*") if p.suffix in {".yml", ".py", ".onnx"}) if path.is_dir() else [path]
        for file in files:
            digest.update(str(file.relative_to(root)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def current_model(models: Path) -> Optional[Path]:
    """The model trained from the sources as they are now, None if it has to be trained."""
    path = models / f"rapport-{sources_hash()}.tar.gz"
    return path if path.exists() and seal(path).exists() else None


def seal(model: Path) -> Path:
    """The file beside a model with its SHA-256, written when it was trained."""
    return model.with_name(model.name.replace(".tar.gz", ".sha256"))


def unchanged(model: Path) -> Path:
    """`model`, if it is still the file that was trained; ModelError with the way out if not."""
    try:
        whole = seal(model).read_text(encoding="ascii").strip() == _digest(model)
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise ModelError(f"{model} is not the file that was trained. Delete it and run `rapport train`.")
    return model


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def train(models: Path, progress: Callable[[str, int, int], None], force: bool = False) -> Path:
    """Train (or find) the model; `progress(component, done, of)` is called as components finish.

    ModelError with the last lines of Rasa's output if training fails.
    """
    found = current_model(models)
    if found and not force:
        return found
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    steps = len(config["pipeline"]) + len(config["policies"])
    try:
        models.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"Cannot write to {models} ({error.strerror}). Give the folder to this user or set RAPPORT_MODELS."
        ) from error
    name = f"rapport-{sources_hash()}"
    command = [sys.executable, "-m", "bot.dialogue.train", "--name", name, "--out", str(models)]
    lines: list[str] = []
    done = 0
    with subprocess.Popen(
        command, cwd=ROOT, env=child_environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            match = FINISHED.search(line)
            if match:
                done = min(steps, done + 1)
                progress(match[1], done, steps)
    path = models / f"{name}.tar.gz"
    if process.returncode != 0 or not path.exists():
        raise ModelError("Training failed. Rasa's last words:\n" + "\n".join(lines[-15:]))
    seal(path).write_text(_digest(path), encoding="ascii")
    for old in sorted(models.glob("rapport-*.tar.gz"), key=lambda p: p.stat().st_mtime)[:-KEPT_MODELS]:
        old.unlink()
        seal(old).unlink(missing_ok=True)
    return path


def child_environment(**more: str) -> dict[str, str]:
    """The environment for a process we start: bytecode kept, telemetry off, TensorFlow quiet."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env.update(
        RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3", SQLALCHEMY_SILENCE_UBER_WARNING="1",
        PYTHONWARNINGS="ignore", PYTHONUNBUFFERED="1", **more,
    )  # fmt: skip
    return env
