"""The real system: `rapport up` with its processes, on a data folder and ports of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.records.engine import open_engine
from bot.records.store import Records
from bot.settings import ROOT
from bot.training import child_environment
from bot.up import free_port
from tests.telegram.standin import TOKEN, StandIn

OUTPUT = Path(os.environ.get("RAPPORT_CI_OUTPUT") or ROOT / "tests" / "output")


class System:
    """A running Rapport."""

    def __init__(self, data: Path, **env: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = child_environment(RAPPORT_DATA=str(data), RAPPORT_PORT=str(self.port), **env)
        self.log = data / "up.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "up"], cwd=ROOT, env=self.env, stdout=out, stderr=out
            )

    def wait_ready(self, patience: float = 400) -> None:
        """Wait for the line that says so."""
        deadline = time.monotonic() + patience
        while f"Rapport is ready: {self.url}" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def records(self) -> Records:
        """The same database as the system's."""
        return Records(open_engine(f"sqlite:///{self.data / 'rapport.sqlite'}"))

    def rapport(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command against it."""
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            cwd=ROOT, env=self.env, input=input, text=True, capture_output=True, timeout=300,
        )  # fmt: skip

    def kill_dialogue(self) -> None:
        """SIGKILL the dialogue process, as a crash would."""
        self.kill("bot.dialogue.server")

    def kill(self, module: str) -> None:
        """SIGKILL one of its processes, and those forked from it."""
        found = pids("-f", "-P", str(self.process.pid), module)
        assert found
        for pid in [*found, *pids("-P", ",".join(found))]:
            os.kill(int(pid), signal.SIGKILL)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def pids(*options: str) -> list[str]:
    return subprocess.run(["pgrep", *options], text=True, capture_output=True).stdout.split()


def with_vectors(data: Path) -> Path:
    """A data folder with the vectors there are, named by their content's checksum: minutes less on a slow machine."""
    if (ROOT / "var" / "cache").is_dir():
        shutil.copytree(ROOT / "var" / "cache", data / "cache")
    return data


@pytest.fixture(scope="session")
def telegram() -> Iterator[StandIn]:
    """A Bot API stand-in, to which the running system is connected."""
    api = StandIn().start()
    yield api
    api.stop()


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, telegram: StandIn) -> Iterator[System]:
    """One running system for all end-to-end tests."""
    data = with_vectors(tmp_path_factory.mktemp("system"))
    running = System(data, TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)
    try:
        running.wait_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


class Learner:
    """A signed-in demo learner over plain HTTP, as a browser without JavaScript."""

    def __init__(self, url: str, role: str = "learner") -> None:
        self.client = httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=20)
        page = self.client.get("/sign-in").text
        self.client.post("/sign-in/demo", data={"csrf": csrf_of(page), "role": role})

    def send(self, text: str) -> str:
        """Send a message through the form of the page; the page after it."""
        page = self.client.get("/chat").text
        form = page[page.index('id="composer"') :]
        id = re.search(r'name="message_id" value="([^"]+)"', form)
        assert id
        answer = self.client.post("/chat/messages", data={"csrf": csrf_of(page), "message_id": id[1], "text": text})
        assert answer.status_code == 200, answer.text[:500]
        return answer.text


def csrf_of(page: str) -> str:
    """The page's CSRF token."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page[:500]
    return found[1]


@pytest.fixture
def browser() -> Iterator[Any]:
    """A real headless Chromium; skipped with the reason where there is none, a failure in CI."""
    from selenium import webdriver

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium and chromedriver must be there in CI")
        pytest.skip("no chromium or chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    ):  # fmt: skip
        options.add_argument(argument)
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield started
    finally:
        started.quit()
