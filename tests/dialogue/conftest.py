"""A real Rasa Agent with in-process actions, on real SQLite files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import bootstrap
from bot.errors import DialogueUnavailable
from bot.records import messages
from bot.records.messages import Queued
from bot.relay import Relay
from bot.relay_texts import relay_texts
from bot.settings import ROOT
from bot.training import train


@pytest.fixture(scope="session")
def model() -> Path:
    """The trained model of the sources as they are."""
    return train(ROOT / "models", lambda name, done, of: None)


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Bootstrap wired to a data folder of its own for the whole session."""
    data = tmp_path_factory.mktemp("data")
    caches = (bootstrap.settings, bootstrap.records, bootstrap.coach, bootstrap.shell_person, bootstrap.marker)
    patch = pytest.MonkeyPatch()
    patch.setenv("RAPPORT_DATA", str(data))
    patch.delenv("DATABASE_URL", raising=False)
    for cached in caches:
        cached.cache_clear()
    yield data
    patch.undo()
    for cached in caches:
        cached.cache_clear()


@pytest.fixture(scope="session")
def agent(model: Path, wired: Path) -> Any:
    """The Agent as the dialogue process builds it; a hanging action is given up after 1.5 s."""
    from bot.dialogue.agent import build_agent

    for question in bootstrap.syllabus().questions.values():
        if question.id.startswith("d1-4.9"):
            bootstrap.coach().marker.mark(question, "adverts")  # vectors made before turns are timed
    return build_agent(model, f"sqlite:///{wired / 'tracker.sqlite'}", timeout=1.5)


class InProcessDialogue:
    """The dialogue process's turns at the relay's port, without HTTP between."""

    def __init__(self, turns: Any) -> None:
        self.turns = turns

    async def work_off(self, message: Queued) -> bool | None:
        """As the server answers: a failed turn is DialogueUnavailable."""
        from bot.dialogue.turns import TurnFailed

        try:
            return (await self.turns.work_off(message.message_id, message.person_id)).more
        except TurnFailed as failed:
            raise DialogueUnavailable(str(failed), "failed") from failed


class Chat:
    """One learner talking through the relay to the real Agent."""

    def __init__(self, agent: Any, person_id: int) -> None:
        from bot.dialogue.turns import Turns

        self.records = bootstrap.records()
        self.person_id = person_id
        self.turns = Turns(agent, self.records, bootstrap.utc_now)
        self.relay = Relay(
            self.records, InProcessDialogue(self.turns), bootstrap.utc_now, relay_texts(), notice_after=0.8
        )
        self.n = 0

    async def send(self, text: str, payload: str | None = None, id: str = "") -> str:
        """Send without waiting; the message's id."""
        self.n += 1
        id = id or f"t-{self.person_id}-{self.n}"
        await self.relay.accept(self.person_id, "test", id, text, payload)
        return id

    async def say(self, text: str, payload: str | None = None, patience: float = 30) -> str:
        """Send, wait for the real replies, and return them as one text (notices left out)."""
        id = await self.send(text, payload)
        await self.closed(id, patience)
        return "\n".join(r.text for r in messages.replies_to(self.records, id))

    async def closed(self, id: str, patience: float = 30) -> None:
        """Wait until a message is worked off."""
        for _ in range(int(patience / 0.05)):
            if messages.find(self.records, id)["status"] != "queued":
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{id} is still waiting after {patience} s")

    async def noticed(self, id: str, patience: float = 5) -> str:
        """Wait until the learner is told anything about a message; what they are told."""
        for _ in range(int(patience / 0.05)):
            for row in messages.history(self.records, self.person_id):
                if row["direction"] == "out" and row["in_reply_to"] == id:
                    return str(row["text"])
            await asyncio.sleep(0.05)
        raise AssertionError(f"nothing was said about {id} within {patience} s")

    def attempts(self) -> list[Any]:
        """All attempts of the learner, oldest first."""
        from sqlalchemy import select

        from bot.records import tables as t

        with self.records.reading() as tx:
            return tx._all(select(t.attempt).where(t.attempt.c.person_id == self.person_id).order_by(t.attempt.c.id))


@pytest.fixture
def person(wired: Path) -> int:
    """A new learner of unit d1 who has named a workplace."""
    from bot.coaching.workplace import Workplace
    from bot.records import people

    when = bootstrap.utc_now() - timedelta(days=40)
    id = people.add_person(bootstrap.records(), "Robin Test", ["learner"], when, units=["d1"])
    with bootstrap.records().begin() as tx:
        tx.save_workplace(id, Workplace("Greenway Garage"), when)
    return id


@pytest.fixture
def chat(agent: Any, person: int) -> Chat:
    """A conversation of a new learner."""
    return Chat(agent, person)
