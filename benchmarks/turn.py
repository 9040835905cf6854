"""Where a practice turn's processor time goes, without marking and encoder: `python -m benchmarks.turn`.

A learner practises through a real relay and a real dialogue process, then a second one who says the same. The process
remembers what was marked and encoded, so that the second learner's turns cost everything else of a turn and only that.
Prints processor time a turn of both processes, by part; statements and commits; wall time. With --profile FOLDER the
dialogue process leaves `cProfile` files there (its turns are then slower).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any, Optional

from benchmarks.figures import percentile
from benchmarks.machine import processor_seconds
from benchmarks.systems import Ours
from benchmarks.talking import OurTalk, Turn
from benchmarks.turn_counted import FIGURES, PARTS, PROFILE
from bot.settings import ROOT
from bot.up import Child, free_port, wait_ready

SEED = 4711


class Here(Ours):
    """This working tree with a dialogue process that counts, and data of its own; no copy, no web."""

    def __init__(self, data: Path, database_url: Optional[str]) -> None:
        self.folder, self.data = ROOT, data
        self.database_url = database_url or f"sqlite:///{data / 'rapport.sqlite'}"
        (data / "cache").symlink_to(ROOT / "var" / "cache")
        self.url, self.secret = f"http://127.0.0.1:{free_port()}", "s" * 32

    def serve(self, profile: Optional[Path]) -> Child:
        """The process, ready."""
        more = {PROFILE: str(profile)} if profile else {}
        own = {"RAPPORT_DATA": str(self.data), "DATABASE_URL": self.database_url, FIGURES: str(self.figures)}
        if not self.database_url.startswith("sqlite"):
            own["RAPPORT_TRACKER_URL"] = self.database_url
        where = {"RAPPORT_DIALOGUE_URL": self.url, "RAPPORT_DIALOGUE_SECRET": self.secret}
        env = {**os.environ, **own, **where, **more}
        child = Child("dialogue", "benchmarks.turn_counted", env, self.data / "dialogue.log", [self.url])
        child.start()
        wait_ready([child], [])
        return child

    @property
    def figures(self) -> Path:
        """Where the process writes what it counted."""
        return self.data / "figures.json"

    def run(self) -> dict[str, Any]:
        """How to reach it."""
        return {"dialogue_urls": [self.url], "dialogue_secret": self.secret}


async def measure(talk: OurTalk, process: int, turns: int) -> tuple[list[Turn], float, float]:
    """The second learner's turns, and processor seconds a turn: of the dialogue process, of this one."""
    async with talk.relay() as relay:
        await talk.practise(relay, talk.new_person(), SEED, count=turns)
        person = talk.new_person()
        os.kill(process, signal.SIGUSR1)
        theirs, mine = processor_seconds([process]), time.process_time()
        said = await talk.practise(relay, person, SEED, count=turns)
        theirs, mine = processor_seconds([process]) - theirs, time.process_time() - mine
    os.kill(process, signal.SIGUSR2)
    return said, theirs / len(said), mine / len(said)


def report(said: list[Turn], theirs: float, mine: float, found: dict[str, Any]) -> str:
    """The figures as lines."""
    many, counted = len(said), found["counted"]
    wall = [turn["seconds"] * 1000 for turn in said]
    lines = [
        f"{many} turns; wall p50 {percentile(wall, 50):.1f} ms, p95 {percentile(wall, 95):.1f} ms",
        f"processor time a turn: dialogue process {theirs * 1000:.2f} ms, relay and talker {mine * 1000:.2f} ms",
    ]
    lines += [f"  {label:28} {found['seconds'].get(label, 0.0) / many * 1000:6.2f} ms" for label in PARTS]
    for name in ("statements", "commits", "answers really marked"):
        lines.append(f"{name} a turn: {counted.get(name, 0) / many:.2f}")
    each = {name: times for name, times in counted.items() if name.startswith("statement:")}
    lines += [f"  {n / many:5.2f} {name[11:]}" for name, n in sorted(each.items(), key=lambda x: -x[1])]
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=60, help="answers of the learner")
    parser.add_argument("--database", help="an empty PostgreSQL database instead of SQLite")
    parser.add_argument("--profile", type=Path, help="folder for cProfile files, one a thread")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Here(Path(folder), given.database)
        if given.profile:
            given.profile.mkdir(parents=True, exist_ok=True)
        child = here.serve(given.profile)
        talk = OurTalk(here)
        try:
            assert child.process is not None
            said, theirs, mine = asyncio.run(measure(talk, child.process.pid, given.turns))
            while not here.figures.exists():
                time.sleep(0.05)
            print(report(said, theirs, mine, json.loads(here.figures.read_text())))
        finally:
            talk.close()
            child.stop(signal.SIGTERM)
            if child.process is not None:
                child.process.wait(30)


if __name__ == "__main__":
    main()
