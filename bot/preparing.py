"""What has to be done before a start, and whether it was done for things as they are now."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.settings import ROOT, Settings
from bot.syllabus.loader import content_version
from bot.training import current_model, sources_hash


def _stamp(settings: Settings) -> str:
    """Hash of content, model sources and marking: with the same one, checks and vectors are as they were."""
    digest = hashlib.sha256(f"{content_version(settings.knowledge)} {sources_hash()}".encode())
    marking = ROOT / "bot" / "marking"
    for path in sorted(
        [*marking.glob("*.py"), *(marking / "data").glob("*.*"), *(ROOT / "bot" / "syllabus").glob("*.py")]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file(settings: Settings) -> Path:
    return settings.data / "prepared"


def is_prepared(settings: Settings) -> bool:
    """Whether content, model and vectors were made ready as they are now."""
    try:
        return current_model(settings.models) is not None and _file(settings).read_text() == _stamp(settings)
    except OSError:
        return False


def note_prepared(settings: Settings) -> None:
    """Remember that everything is ready."""
    _file(settings).write_text(_stamp(settings))
