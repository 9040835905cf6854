"""What is held on a person, as files: JSON for programs, and a page to read."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.errors import BadInput
from bot.records.conversations import events_of
from bot.records.engine import open_engine
from bot.records.personal import LEFT_OUT, personal_data
from bot.records.store import Records
from bot.settings import ROOT

TEMPLATES = ROOT / "bot" / "web" / "templates"


def collect(records: Records, tracker_url: str, person_id: int, now: datetime) -> dict[str, Any]:
    """All that is held: table → rows, Rasa's copy of the conversation, and what is left out with the reason."""
    tracker = open_engine(tracker_url)
    try:
        events = events_of(tracker, person_id)
    finally:
        tracker.dispose()
    data = personal_data(records, person_id)
    return {
        "made_at": now.isoformat(),
        "person_id": person_id,
        "held": data,
        "conversation": events,
        "left_out": LEFT_OUT,
    }


def as_json(data: dict[str, Any]) -> str:
    """For programs."""
    return json.dumps(data, indent=1, ensure_ascii=False, default=str)


def as_page(data: dict[str, Any]) -> str:
    """One page to read, with nothing fetched from anywhere; every value is escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("dossier.html").render(data)


def write(data: dict[str, Any], target: Path) -> tuple[Path, Path]:
    """`target` with .json and with .html for an ending, readable by this user only."""
    files = target.with_suffix(".json"), target.with_suffix(".html")
    for path, content in zip(files, (as_json(data), as_page(data))):
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                out.write(content)
        except OSError as error:
            raise BadInput(f"{error.filename}: {error.strerror}.") from error
    return files
