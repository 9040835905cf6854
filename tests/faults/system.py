"""The system that is hurt: `rapport up`, two dialogue processes, Telegram, and a database that can be hurt, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Optional

from bot.bootstrap import utc_now
from bot.coaching.workplace import Workplace
from bot.records import people, telegram
from bot.records.engine import migrate, open_engine
from bot.records.store import Records
from bot.settings import ROOT
from bot.telegram.texts import texts
from bot.training import train
from bot.up import free_port
from tests.e2e.conftest import System
from tests.telegram.standin import TOKEN, StandIn

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
TMPFS_BYTES = 192 * 1024 * 1024


class Postgres:
    """A PostgreSQL server of our own, so that it can be killed."""

    def __init__(self, folder: Path) -> None:
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self.data, self.port = folder / "postgres", free_port()
        self.folder = folder
        os.chmod(folder, 0o755)
        self.data.mkdir()
        shutil.chown(self.data, "postgres")
        self._as_postgres(str(self.bin / "initdb"), "-D", str(self.data), "-A", "trust", "-U", "postgres")
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self.start()

    def _as_postgres(self, *command: str) -> None:
        with (self.folder / "postgres.log").open("ab") as out:
            subprocess.run(
                ["runuser", "-u", "postgres", "--", *command], check=True, stdout=out, stderr=out, cwd="/", timeout=120
            )

    def start(self) -> None:
        """Start it, or start it again after a crash: it goes through its log first."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.data} -c max_connections=100"
        self._as_postgres(
            str(self.bin / "pg_ctl"), "-D", str(self.data), "-w", "-t", "100", "-o", options, "-l",
            str(self.data / "server.log"), "start",
        )  # fmt: skip

    def pid(self) -> int:
        """Of the postmaster."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """SIGKILL the postmaster; what it started ends by itself, and it is started again."""
        os.kill(self.pid(), 9)
        time.sleep(1)
        deadline = time.monotonic() + 60
        while True:  # its old children may hold the shared memory for a moment
            try:
                return self.start()
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        """For good."""
        with suppress(subprocess.CalledProcessError, OSError):
            self._as_postgres(str(self.bin / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "stop")


class Hurt:
    """The running system with its people; `kind` is `sqlite` or `postgresql`."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind, self.data = kind, folder / "data"
        self.data.mkdir()
        self.mounted = self._mount()
        self.cannot: list[str] = [] if self.mounted or kind != "sqlite" else ["full disk: no tmpfs may be mounted"]
        self.postgres: Optional[Postgres] = None
        self.running: Optional[System] = None
        self.api = StandIn()
        self.clock = folder / "clock"

    def start(self, learners: int, chats: int) -> None:
        """The database with its people, and all processes; call `stop` whatever happens here."""
        train(ROOT / "models", lambda name, done, of: None)
        (ROOT / "var" / "cache").mkdir(parents=True, exist_ok=True)
        (self.data / "cache").symlink_to(ROOT / "var" / "cache")
        if self.kind == "postgresql":
            self.postgres = Postgres(self.data.parent)
        self.url = self.postgres.url if self.postgres else f"sqlite:///{self.data / 'rapport.sqlite'}"
        self.tracker_url = self.url if self.postgres else f"sqlite:///{self.data / 'tracker.sqlite'}"
        migrate(open_engine(self.url))
        self.records = Records(open_engine(self.url))
        self.api.start()
        self.learners = [self._add(f"Learner {n}") for n in range(learners)]
        self.chats = {700 + n: self._add(f"Phone {n}") for n in range(chats)}
        for chat, person in self.chats.items():
            link = telegram.make_link(self.records, person, utc_now())
            telegram.join(self.records, str(chat), link, texts().consent_version(), utc_now())
        self.tutor = people.add_person(self.records, "Tom Tutor", ["tutor"], utc_now(), "t@example.org", cohort="All")
        self.clock.write_text("+0")
        self.running = System(self.data, **self._environment())
        self.running.wait_ready()

    @property
    def system(self) -> System:
        """The running processes."""
        assert self.running
        return self.running

    def _add(self, name: str) -> int:
        person = people.add_person(self.records, name, ["learner"], utc_now(), units=["d1"], cohort="All")
        with self.records.begin() as tx:
            tx.save_workplace(person, Workplace("Greenway Garage"), utc_now())
        return person

    def _environment(self) -> dict[str, str]:
        env = {
            "DATABASE_URL": self.url, "RAPPORT_DIALOGUES": "2", "RAPPORT_DEMO": "0", "RAPPORT_TURN_TIMEOUT": "10",
            "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": self.api.url,
            **({"RAPPORT_TRACKER_URL": self.tracker_url} if self.postgres else {}),
        }  # fmt: skip
        if FAKETIME.exists():
            env |= {
                "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }  # fmt: skip
        else:
            self.cannot.append("clock: libfaketime is not installed")
        return env

    def _mount(self) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(self.data)]
        return self.kind == "sqlite" and subprocess.run(command, capture_output=True).returncode == 0

    def stop(self) -> None:
        """Everything ends; nothing is left running or mounted."""
        if self.running and self.running.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.system.stop()
            if self.system.process.poll() is None:
                self.system.process.kill()
        if self.api.thread.is_alive():
            self.api.stop()
        if self.postgres:
            self.postgres.stop()
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.data)], check=True)
