"""What is done to the system, at random moments."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from tests.e2e.conftest import System, pids
from tests.faults.system import Hurt

KILLS = ("kill dialogue", "kill one of the dialogues", "kill web", "kill telegram", "kill postgres")


class Faults(threading.Thread):
    """One fault after the other, `kills` kills in `seconds`, the others between them; `done` counts them."""

    def __init__(self, hurt: Hurt, seconds: float, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.hurt, self.dice = hurt, random.Random(seed)
        self.done: Counter[str] = Counter()
        self.log: list[str] = []
        ways = [name for name in KILLS if name != "kill postgres" or hurt.postgres]
        others = ["slow database", "clock"] + (["cut connections"] if hurt.postgres else ["full disk"])
        others = [name for name in others if not any(c.startswith(name) for c in hurt.cannot)]
        names = [ways[n % len(ways)] for n in range(kills)] + [others[n % len(others)] for n in range(kills // 3 + 1)]
        self.dice.shuffle(names)
        self.plan = sorted((self.dice.uniform(0, seconds * 0.95), name) for name in names)

    def run(self) -> None:
        """Keep to the plan; a fault that is late follows at once."""
        begun = time.monotonic()
        for at, name in self.plan:
            time.sleep(max(0.0, begun + at - time.monotonic()))
            try:
                self._ways()[name]()
            except (AssertionError, OSError, SQLAlchemyError, sqlite3.Error) as error:
                self.log.append(f"{name}: {type(error).__name__}: {error}"[:200])  # it is down already
                continue
            self.done[name] += 1

    def _ways(self) -> dict[str, Callable[[], None]]:
        system: System = self.hurt.system
        return {
            "kill dialogue": system.kill_dialogue,
            "kill one of the dialogues": self._kill_one,
            "kill web": lambda: system.kill("bot.web"),
            "kill telegram": lambda: system.kill("bot.telegram"),
            "kill postgres": lambda: self.hurt.postgres.kill(),  # type: ignore[union-attr]
            "slow database": self._slow,
            "cut connections": self._cut,
            "full disk": self._fill,
            "clock": self._jump,
        }

    def _kill_one(self) -> None:
        parents = pids("-f", "-P", str(self.hurt.system.process.pid), "bot.dialogue.server")
        forked = pids("-P", ",".join(parents))
        assert forked, "none is running"
        os.kill(int(self.dice.choice(forked)), 9)

    def _slow(self) -> None:
        """Everything that writes waits for some seconds."""
        seconds = self.dice.uniform(2, 6)
        if self.hurt.postgres:
            engine = create_engine(self.hurt.url)
            with engine.begin() as connection:
                connection.execute(text("LOCK TABLE message, attempt IN SHARE MODE"))
                time.sleep(seconds)
            engine.dispose()
            return
        with sqlite3.connect(self.hurt.data / "rapport.sqlite", timeout=15, isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")

    def _cut(self) -> None:
        engine = create_engine(self.hurt.url)
        with engine.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            )
        engine.dispose()

    def _fill(self) -> None:
        """No byte is left where the database is, for some seconds."""
        heap = self.hurt.data / "heap"
        try:
            with suppress(OSError), heap.open("wb", buffering=0) as out:
                while True:
                    out.write(b"\0" * 65536)
            time.sleep(self.dice.uniform(2, 5))
        finally:
            heap.unlink(missing_ok=True)

    def _jump(self) -> None:
        """The clock of all its processes is wrong by up to two hours, and right again a little later."""
        self.hurt.clock.write_text(f"{self.dice.choice(('+', '-'))}{self.dice.randrange(60, 7200)}")
        time.sleep(self.dice.uniform(3, 6))
        self.hurt.clock.write_text("+0")
