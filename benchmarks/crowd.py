"""Many learners at once with each of the two assistants: turns a second, and how long a turn takes then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from itertools import chain, count, cycle
from typing import Any

import httpx

from benchmarks.systems import CannotMeasure
from benchmarks.talking import PATHS, PATIENCE, OurTalk, StarterTalk, Turn, examples

Learner = Callable[[int, float], Coroutine[Any, Any, list[Turn]]]


def starter_crowd(talk: StarterTalk, learners: int, seconds: float) -> dict[str, Any]:
    """So many conversations with the starter at once, each sends its next message when it has its answer."""
    by_intent = examples(talk.starter.folder / "data" / "nlu.yml")
    numbers = count()

    async def run() -> dict[str, Any]:
        limits = httpx.Limits(max_connections=learners, max_keepalive_connections=learners)
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, limits=limits) as client:

            async def learner(number: int, until: float) -> list[Turn]:
                sender, turns = f"crowd-{next(numbers)}-{learners}-{time.time_ns()}", []
                for step, intent in enumerate(chain(("greet",), cycle(chain.from_iterable(PATHS)))):
                    if time.perf_counter() >= until:
                        break
                    texts = by_intent[intent]
                    started = time.perf_counter()
                    message = {"sender": sender, "message": texts[(number + step) % len(texts)]}
                    answer = await client.post(talk.url, json=message)
                    ended = time.perf_counter()
                    if answer.status_code != 200:
                        raise CannotMeasure(f"The starter answered with {answer.status_code} to {learners} at once.")
                    turns.append({"ended": ended, "seconds": ended - started, "counts": step > 0, "kind": intent})
                return turns

            return await _together(learner, learners, seconds)

    return asyncio.run(run())


def our_crowd(talk: OurTalk, learners: int, seconds: float) -> dict[str, Any]:
    """So many learners practising at once through one relay, each answers when they have their reply."""

    async def run() -> dict[str, Any]:
        people = [talk.new_person() for _ in range(learners)]
        async with talk.relay() as relay:

            async def learner(number: int, until: float) -> list[Turn]:
                return await talk.practise(relay, people[number], 5000 + 100 * learners + number, until=until)

            return await _together(learner, learners, seconds)

    return asyncio.run(run())


async def _together(learner: Learner, learners: int, seconds: float) -> dict[str, Any]:
    """Run the learners at once; of the turns that ended after the first fifth of the time: how many, how long."""
    began = time.perf_counter()
    until, warm = began + seconds, began + seconds / 5
    everyone = await asyncio.gather(*(learner(number, until) for number in range(learners)))
    turns = [turn for one in everyone for turn in one if warm <= turn["ended"] <= until]
    counted = [turn["seconds"] for turn in turns if turn["counts"]]
    if not counted:
        raise CannotMeasure(f"No turn of {learners} at once ended in time.")
    return {
        "learners": learners,
        "seconds": until - warm,
        "turns": len(turns),
        "turns_per_second": len(turns) / (until - warm),
        "times": counted,
    }
