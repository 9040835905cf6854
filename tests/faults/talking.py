"""Learners who go on talking whatever happens, and a tutor who corrects marks meanwhile."""

from __future__ import annotations

import random
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections import Counter

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import utc_now
from bot.records import people
from bot.records import tables as t
from tests.faults.system import Hurt

COMMANDS = (
    "quiz me on 4.9", "hint", "dont know", "what does retention mean?", "skip", "why?", "next question",
    "how am i doing", "give me a clue", "quiz me on limits of authority", "4.2",
)  # fmt: skip
ANSWERS = (
    "you hav to pay for adverts to get new custmers in", "they know you alredy so they trust you",
    "happy customers tell their freinds about you", "you ask them what they think and you do somthing about it",
    "i would ask my manager because i am not allowed to change the price", "they come back and spend more",
    "becuase it costs less to keep the ones you have than to find new ones",
)  # fmt: skip


class Talker(threading.Thread, ABC):
    """What all of them share: an end, and chance of their own."""

    def __init__(self, hurt: Hurt, end: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.hurt, self.end, self.dice = hurt, end, random.Random(seed)
        self.accepted: list[str] = []

    def run(self) -> None:
        """One message after the other, two of three of them answers."""
        self.once("quiz me on 4.9")
        while not self.end.is_set():
            self.once(self.dice.choice(ANSWERS if self.dice.random() < 0.67 else COMMANDS))
            self.end.wait(self.dice.uniform(0.2, 1.5))

    @abstractmethod
    def once(self, text: str) -> None:
        """Say it."""

    def wait_closed(self, id: str, patience: float = 6) -> None:
        """Read the answer, or grow tired of waiting and write on."""
        deadline = time.monotonic() + patience
        query = select(t.message.c.status).where(t.message.c.message_id == id)
        while time.monotonic() < deadline and not self.end.is_set():
            try:
                with self.hurt.records.reading() as tx:
                    row = tx._one(query)
                if row and row["status"] != "queued":
                    return
            except SQLAlchemyError:
                pass
            time.sleep(0.3)


class OnTheWeb(Talker):
    """Sends as the page's script does: with the same id until it was taken. `accepted`: ids the web said yes to."""

    def __init__(self, hurt: Hurt, person: int, end: threading.Event, seed: int) -> None:
        super().__init__(hurt, end, seed)
        self.person = person
        self.token, self.csrf = people.open_session(hurt.records, person, utc_now())
        self.resent = 0

    def once(self, text: str) -> None:
        """Again and again until it was taken; sometimes too impatient to hear that it was."""
        key = str(uuid.uuid4())
        id = f"web-{self.person}-{key}"
        while not self.end.is_set():
            timeout = 0.03 if self.dice.random() < 0.1 else 20.0
            try:
                answer = httpx.post(
                    f"{self.hurt.system.url}/chat/messages",
                    data={"message_id": key, "text": text},
                    headers={"x-csrf-token": self.csrf, "x-requested-with": "fetch"},
                    cookies={"rapport-session": self.token},
                    timeout=timeout,
                    trust_env=False,
                )
                if answer.status_code == 200:
                    self.accepted.append(id)
                    return self.wait_closed(id)
            except httpx.HTTPError:
                pass
            self.resent += 1
            self.end.wait(0.3)


class OnThePhone(Talker):
    """Writes to the Bot API's stand-in, which keeps everything until the gateway takes it."""

    def __init__(self, hurt: Hurt, chat: int, end: threading.Event, seed: int) -> None:
        super().__init__(hurt, end, seed)
        self.chat = chat
        self.wrote: list[str] = []

    def once(self, text: str) -> None:
        """Write, and wait for something to come."""
        there = len(self.hurt.api.got(self.chat))
        self.hurt.api.write(self.chat, text)
        self.wrote.append(text)
        deadline = time.monotonic() + 6
        while len(self.hurt.api.got(self.chat)) == there and time.monotonic() < deadline and not self.end.is_set():
            time.sleep(0.2)


class Tutor(Talker):
    """Corrects the newest mark every few seconds. `accepted`: reasons of the corrections the web said yes to."""

    def __init__(self, hurt: Hurt, end: threading.Event, seed: int) -> None:
        super().__init__(hurt, end, seed)
        self.token, self.csrf = people.open_session(hurt.records, hurt.tutor, utc_now())
        self.refused: Counter[int] = Counter()

    def once(self, text: str) -> None:
        """One correction; when it is not taken, none."""
        reason = f"Checked: {uuid.uuid4()}"
        try:
            with self.hurt.records.reading() as tx:
                row = tx._one(select(func.max(t.attempt.c.id).label("id")))
            if row is None or row["id"] is None:
                return
            answer = httpx.post(
                f"{self.hurt.system.url}/coverage/override",
                data={"attempt": str(row["id"]), "complete": "1", "reason": reason},
                headers={"x-csrf-token": self.csrf},
                cookies={"rapport-session": self.token},
                timeout=20,
                trust_env=False,
            )
            if answer.status_code == 303:
                self.accepted.append(reason)
            else:
                self.refused[answer.status_code] += 1
        except (httpx.HTTPError, SQLAlchemyError):
            pass
        self.end.wait(3)
