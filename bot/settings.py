"""The only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

import msgspec

from bot.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent


class Settings(msgspec.Struct, frozen=True):
    """Everything that can be set; `docs/settings.md` has a row for each (a test checks that)."""

    data: Path
    database_url: str
    tracker_url: str
    knowledge: Path
    models: Path
    host: str
    port: int
    dialogue_url: str
    dialogue_secret: str
    demo: bool
    notice_after: float
    turn_timeout: float


VARIABLES = {
    "RAPPORT_DATA": "folder for databases, caches and logs (default: `var` in the project)",
    "DATABASE_URL": "records database (default: SQLite in RAPPORT_DATA)",
    "RAPPORT_TRACKER_URL": "Rasa's tracker store (default: a SQLite file of its own in RAPPORT_DATA)",
    "RAPPORT_KNOWLEDGE": "folder with the content (default: `knowledge` in the project)",
    "RAPPORT_MODELS": "folder with trained Rasa models (default: `models` in the project)",
    "RAPPORT_HOST": "address the web pages listen on (default: 127.0.0.1)",
    "RAPPORT_PORT": "port the web pages listen on (default: 8000)",
    "RAPPORT_DIALOGUE_URL": "where the dialogue process listens (default: set by `rapport up`)",
    "RAPPORT_DIALOGUE_SECRET": "shared secret between web and dialogue (default: made anew by `rapport up`)",
    "RAPPORT_DEMO": "1 shows the demo sign-in, 0 hides it (default: 1 with the embedded SQLite, else 0)",
    "RAPPORT_NOTICE_AFTER": "seconds until a waiting learner is told that the coach is still working (default: 3.5)",
    "RAPPORT_TURN_TIMEOUT": "seconds after which a hanging turn is given up and tried again (default: 20)",
}


def read_settings(environ: Optional[Mapping[str, str]] = None) -> Settings:
    """The settings from the environment; SettingsError naming the variable that is wrong."""
    env = os.environ if environ is None else environ
    data = Path(env.get("RAPPORT_DATA") or ROOT / "var").expanduser()
    database = env.get("DATABASE_URL") or f"sqlite:///{data / 'rapport.sqlite'}"
    embedded = not env.get("DATABASE_URL")
    return Settings(
        data=data,
        database_url=database,
        tracker_url=env.get("RAPPORT_TRACKER_URL") or f"sqlite:///{data / 'tracker.sqlite'}",
        knowledge=Path(env.get("RAPPORT_KNOWLEDGE") or ROOT / "knowledge"),
        models=Path(env.get("RAPPORT_MODELS") or ROOT / "models"),
        host=env.get("RAPPORT_HOST") or "127.0.0.1",
        port=_port(env),
        dialogue_url=env.get("RAPPORT_DIALOGUE_URL") or "http://127.0.0.1:5005",
        dialogue_secret=env.get("RAPPORT_DIALOGUE_SECRET") or "",
        demo=_switch(env, "RAPPORT_DEMO", embedded),
        notice_after=_number(env, "RAPPORT_NOTICE_AFTER", 3.5, 0.1, 60),
        turn_timeout=_number(env, "RAPPORT_TURN_TIMEOUT", 20, 0.5, 600),
    )


def run_file(data: Path) -> Path:
    """Where a running system says how to reach its dialogue process (readable by this user only)."""
    return data / "run.json"


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SettingsError(f"{name} is {text!r}; it must be a number from {low:g} to {high:g}.")
    return value


def _port(env: Mapping[str, str]) -> int:
    value = _number(env, "RAPPORT_PORT", 8000, 1, 65535)
    if value != int(value):
        raise SettingsError(f"RAPPORT_PORT is {env['RAPPORT_PORT']!r}; it must be a whole number.")
    return int(value)


def _switch(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = (env.get(name) or str(int(default))).strip().lower()
    if text not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise SettingsError(f"{name} is {text!r}; it must be 1 or 0.")
    return text in {"1", "true", "yes", "on"}
