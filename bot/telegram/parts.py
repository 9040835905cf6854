"""A delivery as what Telegram is sent: pieces of text, the last one with the buttons, then pictures and files."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Optional

import msgspec
from telegram import InlineKeyboardMarkup

from bot.records import personal, roleplays
from bot.records.outbox import Delivery
from bot.records.reports import learner_progress
from bot.records.store import Records
from bot.syllabus.syllabus import Syllabus
from bot.telegram.texts import Texts
from bot.telegram.wording import keyboard, parts

LONG_OPTION = 28  # characters of a choice that a phone still shows whole on a button


class Part(msgspec.Struct, frozen=True):
    """One message of Telegram."""

    kind: Literal["text", "photo", "file"]
    text: str  # of a photo or file: its caption
    keyboard: Optional[InlineKeyboardMarkup] = None
    content: bytes = b""
    name: str = ""


class Maker:
    """Makes the parts of a delivery; the same delivery gives as many parts each time."""

    def __init__(self, records: Records, syllabus: Syllabus, texts: Texts, clock: Callable[[], datetime]) -> None:
        self.records, self.syllabus, self.texts, self.clock = records, syllabus, texts, clock

    def __call__(self, delivery: Delivery) -> list[Part]:
        """The parts, in order; blocking."""
        text, buttons = lettered(delivery.text, delivery.buttons)
        pieces = parts(text)
        markup = keyboard(delivery.message, buttons)
        made = [Part("text", piece, markup if piece is pieces[-1] else None) for piece in pieces]
        return [*made, *self._attached(delivery)]

    def _attached(self, delivery: Delivery) -> list[Part]:
        if delivery.kind.startswith("progress_"):
            return self._progress(delivery.person_id)
        if delivery.kind == "debrief_head":
            return self._mood(delivery.person_id)
        if delivery.kind == "export":
            data = personal.personal_data(self.records, delivery.person_id)
            content = json.dumps(data, indent=1, ensure_ascii=False, default=str).encode()
            return [Part("file", "", content=content, name="rapport-data.json")]
        return []

    def _mood(self, person_id: int) -> list[Part]:
        from bot.pictures import mood_curve_png

        with self.records.reading() as tx:
            run = roleplays.last_run(tx, person_id)
        if run is None:
            return []
        return [Part("photo", self.texts.say("mood_picture"), content=mood_curve_png(run.moods()))]

    def _progress(self, person_id: int) -> list[Part]:
        from bot.pictures import progress_png

        progress = learner_progress(self.records, person_id, self.clock())
        units = []
        for id in progress.units:
            unit = self.syllabus.units.get(id)
            criteria = [c for c in unit.criteria if c.kind == "knowledge"] if unit else []
            states = [progress.cells[k].state for c in criteria if (k := f"{id}/{c.id}") in progress.cells]
            if unit and criteria:
                ready = states.count("ready")
                closed = f" ({self.texts.say('closed')} {unit.expired})" if unit.expired else ""
                name = f"{unit.number} {unit.title}{closed}"
                units.append((name, ready, len(states) - ready, len(criteria) - len(states)))
        if not units:
            return []
        words = (self.texts.say("ready"), self.texts.say("practising"), self.texts.say("not_started"))
        return [Part("photo", self.texts.say("progress_picture"), content=progress_png(units, words))]


def lettered(text: str, buttons: tuple[dict[str, str], ...]) -> tuple[str, tuple[dict[str, str], ...]]:
    """Long options of a choice question go into the text, their letters onto the buttons."""
    choice = [b["payload"].startswith("/choose") for b in buttons]
    if not all(choice) or not any(len(b["title"]) > LONG_OPTION for b in buttons):
        return text, buttons
    letters = string.ascii_lowercase[: len(buttons)]
    lines = [f"{letter}) {b['title']}" for letter, b in zip(letters, buttons)]
    return "\n".join([text, "", *lines]), tuple({**b, "title": letter} for letter, b in zip(letters, buttons))
