"""The two assistants as things to train, start and stop. Each lives in a folder of its own with nothing cached."""

from __future__ import annotations

import compileall
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional

import httpx

from benchmarks.environment import rasa_folder
from benchmarks.machine import process_tree, same_process
from bot.errors import RapportError
from bot.settings import ROOT
from bot.training import child_environment, current_model, seal
from bot.up import free_port

# What a run of the project does not need; everything else is copied, so that a new folder is never forgotten.
NOT_COPIED = {"var", "models", "results", "tests", "docs", "benchmarks", "deploy", "tools", "node_modules"}
OURS_TO_SET = re.compile(r"RAPPORT_|DATABASE_URL|TELEGRAM|RASA_|REDIS|SQL_|PYTHONPATH$")
TRAIN_OURS = "from pathlib import Path; from bot import training; training.train(Path('models'), print, force=True)"
PREPARE = ("-m", "bot.cli", "prepare")
WHERE_IS_BOT = "import bot; print(bot.__file__)"
START_TIMEOUT = 600.0
STOP_TIMEOUT = 40.0
LIBC = ctypes.CDLL(None)  # loaded before a fork, not after


class CannotMeasure(RapportError):
    """A figure could not be had; says why."""


def environment(**more: str) -> dict[str, str]:
    """What both run with: `child_environment` without the settings that point to somebody's real system."""
    env = child_environment()
    kept = {name: value for name, value in env.items() if not OURS_TO_SET.match(name)}
    return {**kept, "RASA_TELEMETRY_ENABLED": "false", **more}


class System:
    """An assistant in `folder`. `command` serves it; it runs in a session of its own, out of reach of Ctrl-C."""

    name = ""

    def __init__(self, folder: Path, logs: Path, python: Path = Path(sys.executable)) -> None:
        self.folder, self.logs, self.python = folder, logs, python
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.log = logs / f"{self.name}.log"

    def once(self, what: str, *command: str) -> float:
        """Run a command to its end; seconds. CannotMeasure with its last lines if it fails."""
        log = self.logs / f"{self.name}-{what}.log"
        started = time.perf_counter()
        with log.open("wb") as out:
            process = self._popen(command, out)
            try:
                code = process.wait()
            finally:
                self._end(process)
        if code != 0:
            raise CannotMeasure(f"{self.name}: {what} failed ({code}).\n{_tail(log)}")
        return time.perf_counter() - started

    def _popen(self, command: tuple[str, ...], out: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self.python), *command],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    def environment(self) -> dict[str, str]:
        """The variables it runs with."""
        return environment()

    def train(self) -> float:
        """Train with nothing cached; seconds."""
        raise NotImplementedError

    def command(self) -> tuple[str, ...]:
        """How it is served."""
        raise NotImplementedError

    def ready(self, client: httpx.Client) -> bool:
        """Whether it is there for people."""
        raise NotImplementedError

    def start(self) -> float:
        """Start it; seconds until it is ready."""
        self.before_start()
        started = time.perf_counter()
        with self.log.open("wb") as out:
            self.process = self._popen(self.command(), out)
        with httpx.Client(timeout=2, trust_env=False) as client:
            while True:
                if self.process.poll() is not None:
                    code = self.process.returncode
                    raise CannotMeasure(f"{self.name} ended while starting ({code}).\n{_tail(self.log)}")
                try:
                    if self.ready(client):
                        return time.perf_counter() - started
                except (httpx.HTTPError, OSError, ValueError):
                    pass
                if time.perf_counter() - started > START_TIMEOUT:
                    raise CannotMeasure(f"{self.name} is not ready after {START_TIMEOUT:g} s.\n{_tail(self.log)}")
                time.sleep(0.02)

    def before_start(self) -> None:
        """Choose ports anew."""

    def pids(self) -> list[int]:
        """All its processes."""
        return [pid for pid, _ in process_tree(self.process.pid)] if self.process else []

    def stop(self) -> None:
        """Stop it and whatever it started."""
        if self.process is not None:
            self._end(self.process)
            self.process = None

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        tree = process_tree(process.pid) if process.poll() is None else []
        if tree:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT)
        for pid, started in tree:
            if same_process(pid, started):
                os.kill(pid, signal.SIGKILL)
        process.wait()


class Starter(System):
    """What `rasa init` makes, untouched, served by `rasa run` over its REST channel."""

    name = "starter"
    port = 0

    def __init__(self, folder: Path, logs: Path, python: Path) -> None:
        super().__init__(folder, logs, python)
        # The folder that `rasa init --no-prompt` copies (rasa/cli/scaffold.py, create_initial_project).
        made = rasa_folder(python) / "cli" / "initial_project"
        if not made.is_dir():
            raise CannotMeasure(f"There is no Rasa for {python}.")
        shutil.copytree(made, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def train(self) -> float:
        shutil.rmtree(self.folder / ".rasa", ignore_errors=True)
        shutil.rmtree(self.folder / "models", ignore_errors=True)
        return self.once("train", "-m", "rasa", "train")

    def before_start(self) -> None:
        self.port = free_port()

    def command(self) -> tuple[str, ...]:
        return ("-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(self.port))

    def ready(self, client: httpx.Client) -> bool:
        # Its server answers only after the model is loaded.
        return client.get(f"http://127.0.0.1:{self.port}/").status_code == 200


class Ours(System):
    """A copy of this project, served by `rapport up`."""

    name = "ours"
    port = 0

    def __init__(self, folder: Path, logs: Path) -> None:
        super().__init__(folder, logs)
        self.data = folder.parent / "data"
        self.database_url = self.embedded = f"sqlite:///{self.data / 'rapport.sqlite'}"
        self.dialogues = 0  # processes; 0: as many as `rapport up` starts by itself
        shutil.copytree(ROOT, folder, ignore=_not_copied, symlinks=True)
        for package in ("bot", "actions"):
            compileall.compile_dir(folder / package, quiet=1)

    def environment(self) -> dict[str, str]:
        more = {"RAPPORT_DATA": str(self.data), "RAPPORT_PORT": str(self.port or 1)}
        if self.database_url != self.embedded:  # else it runs with its defaults
            more.update(DATABASE_URL=self.database_url, RAPPORT_DEMO="1")
            if not self.database_url.startswith("sqlite"):
                more["RAPPORT_TRACKER_URL"] = self.database_url
        if self.dialogues:
            more["RAPPORT_DIALOGUES"] = str(self.dialogues)
        return environment(**more)

    def check(self) -> None:
        """CannotMeasure unless commands in the copy really run the copy."""
        self.once("check", "-c", WHERE_IS_BOT)
        found = (self.logs / "ours-check.log").read_text().strip().splitlines()[-1]
        if not Path(found).is_relative_to(self.folder):
            raise CannotMeasure(f"{found} is run instead of the copy in {self.folder}.")

    def train(self) -> float:
        shutil.rmtree(self.folder / ".rasa", ignore_errors=True)
        shutil.rmtree(self.folder / "models", ignore_errors=True)
        return self.once("train", "-c", TRAIN_OURS)

    def prepare(self) -> float:
        """Check the content and compute the phrasings' vectors, none of them kept from before; seconds."""
        shutil.rmtree(self.data / "cache", ignore_errors=True)
        return self.once("prepare", *PREPARE)

    def borrow(self) -> bool:
        """Take over this project's trained model, if it is that of its sources, and its phrasings' vectors."""
        if (vectors := ROOT / "var" / "cache").is_dir():
            shutil.copytree(vectors, self.data / "cache", dirs_exist_ok=True)
        model = current_model(ROOT / "models")
        if model is None:
            return False
        (self.folder / "models").mkdir()
        for file in (model, seal(model)):
            shutil.copy2(file, self.folder / "models")
        return True

    def before_start(self) -> None:
        self.port = free_port()

    def command(self) -> tuple[str, ...]:
        return ("-m", "bot.cli", "up")

    def ready(self, client: httpx.Client) -> bool:
        if b"Rapport is ready" not in self.log.read_bytes():
            return False
        run = self.run()
        return all(client.get(url + "/healthz").status_code == 200 for url in (*run["dialogue_urls"], run["web"]))

    def run(self) -> dict[str, Any]:
        """How to reach the running system."""
        return dict(json.loads((self.data / "run.json").read_text()))


def _end_with_parent() -> None:
    """In a new process: be asked to stop should the benchmark be killed, so that nothing is left running."""
    LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG, see prctl(2)


def _not_copied(folder: str, names: list[str]) -> set[str]:
    top = Path(folder) == ROOT
    return {n for n in names if n == "__pycache__" or (top and (n.startswith(".") or n in NOT_COPIED))}


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
