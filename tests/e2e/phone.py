"""A learner's phone on the Bot API stand-in."""

from __future__ import annotations

import time
from typing import Any

from tests.telegram.standin import StandIn


class Phone:
    """Sends what is typed and reads what comes."""

    def __init__(self, api: StandIn, chat: int) -> None:
        self.api, self.chat, self.seen = api, chat, 0

    def more(self, count: int = 1, patience: float = 40) -> list[dict[str, Any]]:
        """The next messages, at least `count`, until none comes for a moment."""
        self.api.wait(self.chat, self.seen + count, patience)
        while True:
            there = len(self.api.got(self.chat))
            time.sleep(1.0)
            if len(self.api.got(self.chat)) == there:
                break
        return self._read()

    def hears(self, *words: str, patience: float = 60) -> list[dict[str, Any]]:
        """The next messages, once all of these words are in them."""

        def heard() -> bool:
            text = "\n".join(self.api.texts(self.chat)[self.seen :])
            return all(w in text for w in words)

        deadline = time.monotonic() + patience
        while not heard():
            assert time.monotonic() < deadline, (words, self.api.texts(self.chat)[self.seen :])
            time.sleep(0.05)
        return self._read()

    def say(self, text: str, count: int = 1) -> str:
        """Type, and read the answer as one text."""
        self.api.write(self.chat, text)
        return "\n".join(m.get("text") or m.get("caption") or "" for m in self.more(count))

    def press(self, message: dict[str, Any], title: str) -> str:
        """Press a button, and read the answer."""
        self.api.press(self.chat, message, title)
        return "\n".join(m.get("text") or "" for m in self.more())

    def _read(self) -> list[dict[str, Any]]:
        new = self.api.got(self.chat)[self.seen :]
        self.seen += len(new)
        return new
