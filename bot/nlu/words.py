"""The word lists and patterns of `words.yml`, with their macros filled in; read once a process."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ModelError

FILE = Path(__file__).parent / "words.yml"


@lru_cache(maxsize=1)
def _sections() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        sections = yaml.load(FILE.read_text(encoding="utf-8"), Loader=loader)
        macros: dict[str, str] = {}
        for name, text in sections["macros"].items():
            macros[name] = _filled(text, macros)
        return {name: _all_filled(value, macros) for name, value in sections.items()}
    except (OSError, yaml.YAMLError, KeyError, AttributeError) as error:
        raise ModelError(f"{FILE}: the word lists cannot be read ({error}).") from error


def _filled(text: str, macros: dict[str, str]) -> str:
    return re.sub(r"\{([A-Z]+)\}", lambda found: macros.get(found.group(1), found.group(0)), text)


def _all_filled(value: Any, macros: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _all_filled(inner, macros) for key, inner in value.items()}
    if isinstance(value, list):
        return [_all_filled(inner, macros) for inner in value]
    return _filled(value, macros)


def words(section: str) -> tuple[str, ...]:
    """A list of words or patterns."""
    return tuple(_sections()[section])


def table(section: str) -> dict[str, Any]:
    """A section that maps words or intents to a text or a list."""
    return dict(_sections()[section])


def text(section: str) -> str:
    """A section that is one pattern."""
    return str(_sections()[section])


def one_of(patterns: Iterable[str]) -> str:
    """One pattern for any of these."""
    return "(?:" + "|".join(patterns) + ")"


def found_in(patterns: Iterable[str]) -> re.Pattern[str]:
    """Finds any of these as whole words."""
    return re.compile(rf"\b{one_of(patterns)}\b")
