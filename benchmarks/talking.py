"""Talking to the two assistants, one message at a time, each turn timed from the message to its last reply."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain, cycle
from pathlib import Path
from typing import Any, Optional

import httpx
import yaml

from benchmarks.answers import WORKPLACES, Learner
from benchmarks.systems import CannotMeasure, Ours, Starter
from bot import bootstrap
from bot.dialogues import Dialogues
from bot.records import messages, people, roleplays
from bot.records.engine import open_engine
from bot.records.messages import Queued
from bot.records.store import Records
from bot.relay import Relay
from bot.relay_texts import relay_texts
from bot.settings import read_settings
from bot.syllabus.loader import load
from bot.syllabus.model import Question

PATIENCE = 60.0  # seconds for one turn
PRACTISED = ("d1",)  # units whose questions the made-up learners are asked
# The stories of the starter, by intent, with its bot challenge between them.
PATHS = (
    ("greet", "mood_great", "goodbye"),
    ("greet", "mood_unhappy", "affirm"),
    ("bot_challenge",),
    ("greet", "mood_unhappy", "deny", "goodbye"),
)
Turn = dict[str, Any]


def first_answer(url: str, text: str = "hello") -> None:
    """Ask the starter once; CannotMeasure unless it says something."""
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        answer = client.post(url, json={"sender": "first", "message": text})
    if answer.status_code != 200 or not answer.json():
        raise CannotMeasure(f"The starter did not answer {text!r} ({answer.status_code}).")


class StarterTalk:
    """Its own example sentences, in the order of its stories; a new conversation each block."""

    def __init__(self, starter: Starter) -> None:
        self.starter = starter
        by_intent = examples(starter.folder / "data" / "nlu.yml")
        self._examples = {intent: cycle(texts) for intent, texts in by_intent.items()}
        self._block = 0

    @property
    def url(self) -> str:
        """Its REST webhook."""
        return f"http://127.0.0.1:{self.starter.port}/webhooks/rest/webhook"

    def block(self, count: int, seed: int) -> list[Turn]:
        """A conversation of `count` turns after one that does not count."""
        self._block += 1
        sender = f"bench-{self._block}-{seed}"
        turns: list[Turn] = []
        script: Iterator[str] = chain(("greet",), cycle(chain.from_iterable(PATHS)))
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            for number, intent in zip(range(count + 1), script):
                text = next(self._examples[intent])
                started = time.perf_counter()
                answer = client.post(self.url, json={"sender": sender, "message": text})
                seconds = time.perf_counter() - started
                if answer.status_code != 200:
                    raise CannotMeasure(f"The starter answered {text!r} with {answer.status_code}.")
                replies = len(answer.json())
                turns.append(
                    {"seconds": seconds, "counts": number > 0, "kind": intent, "text": text, "replies": replies}
                )
        if sum(not turn["replies"] for turn in turns) > len(turns) / 2:
            raise CannotMeasure("The starter says nothing to most messages.")
        return turns


def examples(nlu: Path) -> dict[str, list[str]]:
    """The example sentences of a Rasa NLU file by intent."""
    data = yaml.safe_load(nlu.read_text(encoding="utf-8"))
    return {
        block["intent"]: [line.removeprefix("- ").strip() for line in block["examples"].splitlines() if line.strip()]
        for block in data["nlu"]
        if "intent" in block
    }


class TimedDialogue(Dialogues):
    """Notes how long the dialogue process took of each turn."""

    def __init__(self, urls: Sequence[str], secret: str, timeout: float) -> None:
        super().__init__(urls, secret, timeout)
        self.seconds: dict[str, float] = {}

    async def work_off(self, message: Queued) -> Optional[bool]:
        started = time.perf_counter()
        try:
            return await super().work_off(message)
        finally:
            self.seconds[message.message_id] = time.perf_counter() - started


class TimedRelay(Relay):
    """A relay with the dialogue that times it."""

    dialogue: TimedDialogue


class OurTalk:
    """Made-up learners who practise: a new one each block, every answer a different text."""

    def __init__(self, ours: Ours) -> None:
        self.ours = ours
        self.syllabus = load(ours.folder / "knowledge")
        self.records = Records(open_engine(ours.database_url))
        self.settings = read_settings({})
        self.units = [unit for unit in dict.fromkeys(self.syllabus.unit_of.values()) if unit in PRACTISED]

    def close(self) -> None:
        """Close the database."""
        self.records.engine.dispose()

    def block(self, count: int, seed: int) -> list[Turn]:
        """A practice session with `count` answers in their own words; turns of other kinds do not count."""
        return asyncio.run(self._block(count, seed))

    def first_answer(self) -> None:
        """Ask once."""
        asyncio.run(self._block(0, 0))

    async def _block(self, count: int, seed: int) -> list[Turn]:
        async with self.relay() as relay:
            return await self.practise(relay, self.new_person(), seed, count=count)

    def new_person(self) -> int:
        """A learner enrolled in every unit that is practised here."""
        name = f"Bench Learner {uuid.uuid4().hex[:6]}"
        now, cohort = bootstrap.utc_now(), bootstrap.DEMO_COHORT
        return people.add_person(self.records, name, ["learner"], now, units=self.units, cohort=cohort, demo=True)

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[TimedRelay]:
        """A relay to the running system."""
        run = self.ours.run()
        dialogue = TimedDialogue(run["dialogue_urls"], run["dialogue_secret"], self.settings.turn_timeout)
        relay = TimedRelay(self.records, dialogue, bootstrap.utc_now, relay_texts(), self.settings.notice_after)
        try:
            yield relay
        finally:
            await relay.stop()
            await dialogue.close()

    def roleplay(self, count: int, seed: int) -> list[Turn]:
        """Role-plays one after the other with `count` messages to customers; turns of other kinds do not count."""
        return asyncio.run(self._roleplay(count, seed))

    async def _roleplay(self, count: int, seed: int) -> list[Turn]:
        person, dice = self.new_person(), random.Random(seed)
        said = [b.better for s in self.syllabus.scenarios.values() for b in s.behaviours]
        said += [q for s in self.syllabus.scenarios.values() for f in s.facts for q in f.questions]
        turns: list[Turn] = []
        async with self.relay() as relay:
            while sum(t["counts"] for t in turns) < count:
                if len(turns) > 10 * count + 20:
                    raise CannotMeasure("Role-plays do not go on.")
                playing = roleplays.is_playing(self.records, person)
                text = f"{dice.choice(said)} {dice.choice(said)}" if playing else "role-play"
                turn = await self._turn(relay, person, text)
                turns.append({**turn, "counts": playing, "kind": "roleplay" if playing else "start", "text": text})
        return turns

    async def practise(
        self, relay: TimedRelay, person: int, seed: int, count: Optional[int] = None, until: Optional[float] = None
    ) -> list[Turn]:
        """The turns of one learner: `count` answers, or as many as begin before `until`."""
        learner = Learner(seed)
        turns: list[Turn] = []
        answers = 0
        text, kind, question = "quiz me", "start_practice", ""
        while until is None or time.perf_counter() < until:
            turn = await self._turn(relay, person, text)
            turns.append({**turn, "counts": kind == "answer", "kind": kind, "question": question, "text": text})
            answers += kind == "answer"
            if count is not None and answers >= count:
                break
            if len(turns) > 10 * answers + 30:
                raise CannotMeasure(f"Practice does not go on; last said: {text!r}")
            text, kind, question = await asyncio.to_thread(self._next, person, learner)
        return turns

    async def _turn(self, relay: TimedRelay, person: int, text: str) -> Turn:
        id = f"bench-{uuid.uuid4().hex}"
        started = time.perf_counter()
        await relay.accept(person, "terminal", id, text)
        kept = time.perf_counter()
        while True:
            # Wait first, then look: what happens in between is not missed.
            waiting = asyncio.ensure_future(relay.changed(person, 0.25))
            await asyncio.sleep(0)
            row = await asyncio.to_thread(messages.find, self.records, id)
            if row["status"] != "queued":
                ended = time.perf_counter()
                waiting.cancel()
                break
            await waiting
            if time.perf_counter() - started > PATIENCE:
                raise CannotMeasure(f"No reply to {text!r} within {PATIENCE:g} s; see {self.ours.data / 'logs'}.")
        replies = await asyncio.to_thread(messages.replies_to, self.records, id)
        if row["status"] != "done" or not replies:
            raise CannotMeasure(f"The turn {text!r} ended as {row['status']} with {len(replies)} replies.")
        return {
            "ended": ended,
            "seconds": ended - started,
            "keeping": kept - started,
            "dialogue": relay.dialogue.seconds.pop(id, 0.0),
            "replies": len(replies),
            "reply_kinds": [reply.kind for reply in replies],
        }

    def _next(self, person: int, learner: Learner) -> tuple[str, str, str]:
        """What to say now: text, kind of turn, question id."""
        with self.records.reading() as tx:
            opened = tx.open_practice(person)
        if opened is None or opened[1].question is None or opened[1].paused:
            return "quiz me", "start_practice", ""
        practice = opened[1]
        question: Question = self.syllabus.questions[practice.question or ""]
        if practice.waiting == "workplace":
            return learner.dice.choice(WORKPLACES), "workplace", question.id
        if question.form == "choice":
            return learner.dice.choice(question.options).text, "choice", question.id
        still_open = [point.id for point in practice.points if point.state == "open"]
        return learner.answer(question, still_open), "answer", question.id
