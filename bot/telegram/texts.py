"""What the gateway says itself, read from `domain/telegram.yml`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import yaml

from bot.errors import ContentError
from bot.settings import ROOT

SHOWN = "domain/telegram.yml"
COMMAND = "utter_telegram_command_"


class Texts(msgspec.Struct, frozen=True):
    """Response name → text, and the buttons of those that have any."""

    texts: Mapping[str, str]
    buttons: Mapping[str, tuple[dict[str, str], ...]]

    def say(self, response: str, /, **values: object) -> str:
        """The text `utter_telegram_<response>` with its values filled in."""
        return self.raw(f"utter_telegram_{response}", **values)

    def raw(self, response: str, /, **values: object) -> str:
        """The text of a response with its values filled in."""
        text = self.texts[response]
        for key, value in values.items():
            text = text.replace("{" + key + "}", str(value))
        return text

    def commands(self) -> list[tuple[str, str]]:
        """The menu: command and its description, in order."""
        return [(n.removeprefix(COMMAND), text) for n, text in self.texts.items() if n.startswith(COMMAND)]

    def consent_version(self) -> str:
        """What identifies the text a person has agreed to."""
        return hashlib.sha256(self.say("consent").encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def texts() -> Texts:
    """The gateway's texts; ContentError if the file cannot be read."""
    try:
        responses: dict[str, Any] = yaml.safe_load((ROOT / SHOWN).read_text(encoding="utf-8"))["responses"]
        return Texts(
            {name: str(said[0]["text"]).strip() for name, said in responses.items()},
            {name: tuple(said[0].get("buttons", ())) for name, said in responses.items()},
        )
    except (OSError, KeyError, TypeError, IndexError, AttributeError, yaml.YAMLError) as error:
        raise ContentError([f"{SHOWN}: responses: cannot be read ({error})"]) from error
