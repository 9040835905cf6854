"""What the relay says itself, read from the same responses as everything else the coach says."""

from __future__ import annotations

from functools import lru_cache

import yaml

from bot.errors import ContentError
from bot.settings import ROOT

NAMES = ("slow", "down", "failed", "gave_up")


@lru_cache(maxsize=1)
def relay_texts() -> dict[str, str]:
    """`slow`, `down`, `failed`, `gave_up`: the text of `utter_notice_…` in `domain/notices.yml`."""
    shown = "domain/notices.yml"
    try:
        responses = yaml.safe_load((ROOT / shown).read_text(encoding="utf-8"))["responses"]
        return {name: str(responses[f"utter_notice_{name}"][0]["text"]) for name in NAMES}
    except (OSError, KeyError, TypeError, IndexError, yaml.YAMLError) as error:
        raise ContentError([f"{shown}: responses: cannot be read ({error})"]) from error
