"""What the relay says itself, read from the same responses as everything else the coach says."""

from __future__ import annotations

from functools import lru_cache

import yaml

from bot.errors import ContentError
from bot.settings import ROOT

NAMES = ("slow", "down", "failed", "gave_up")
SHOWN = "domain/notices.yml"


@lru_cache(maxsize=1)
def _notices() -> dict[str, str]:
    try:
        responses = yaml.safe_load((ROOT / SHOWN).read_text(encoding="utf-8"))["responses"]
        return {name.removeprefix("utter_notice_"): str(texts[0]["text"]) for name, texts in responses.items()}
    except (OSError, KeyError, TypeError, IndexError, AttributeError, yaml.YAMLError) as error:
        raise ContentError([f"{SHOWN}: responses: cannot be read ({error})"]) from error


def notice(name: str, **values: str) -> str:
    """The text of `utter_notice_NAME` with its gaps filled; ContentError if it is missing or has other gaps."""
    try:
        return _notices()[name].format_map(values)
    except KeyError as error:
        raise ContentError([f"{SHOWN}: utter_notice_{name}: {error} is missing"]) from error


def relay_texts() -> dict[str, str]:
    """`slow`, `down`, `failed`, `gave_up`: the text of `utter_notice_…` in `domain/notices.yml`."""
    return {name: notice(name) for name in NAMES}
