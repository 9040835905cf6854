"""Start all processes on one machine, restart what dies, stop all of it with Ctrl-C.

It runs as long as they do, in a process of its own that has imported little: `run_instead` turns into it.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import NoReturn, Optional
from urllib.request import ProxyHandler, build_opener

from bot.errors import RapportError, SettingsError
from bot.settings import ROOT, Settings, read_settings, run_file, telegram_file
from bot.training import child_environment

START_TIMEOUT = 180.0  # seconds a slow machine may take until everything answers
RESTART_DELAYS = (0.2, 1.0, 3.0, 10.0)
HOPELESS = 2  # exit code of a gateway that would fail again
FOR_WEB = ("RAPPORT_OIDC_", "RAPPORT_PASSWORDS", "RAPPORT_METRICS_TOKEN")  # beginnings of names
FOR_TELEGRAM = {"TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET"}
DIRECTLY = build_opener(ProxyHandler({}))
LOOK_EVERY = 10.0  # seconds between two looks whether a process still answers
HUNG = 90.0  # seconds without an answer after which a process that lives is killed; the slowest turn takes far less
STEADY = 30.0  # seconds after which a process that dies counts as having run well


class Child:
    """One process of ours, started again when it dies."""

    def __init__(self, name: str, module: str, env: dict[str, str], log: Path, urls: Sequence[str] = ()) -> None:
        self.name, self.module, self.env, self.log = name, module, env, log
        self.urls = urls  # all of them answer to /healthz once it is ready
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.started = 0.0
        self.deaths = 0
        self.not_before = 0.0
        self.silent: dict[
            str, Optional[float]
        ] = {}  # of URLs that have answered: since when they do not, None: they do

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                cwd=ROOT,
                env=self.env,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.started = time.monotonic()
        self.silent.clear()

    def hangs(self, now: float) -> bool:
        """Whether it lives, has answered, and has not answered for too long at one of its URLs."""
        return self.alive() and any(since is not None and now - since > HUNG for since in list(self.silent.values()))

    def kill(self) -> None:
        """End it at once, with the processes that it has forked: one of them may be the one that hangs."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self, signal_: signal.Signals) -> None:
        """Ask it to stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal_)

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:]) if self.log.exists() else ""


def free_port() -> int:
    """A free port on loopback."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Different free ports on loopback."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def web_ports(settings: Settings) -> range:
    """The ports of the web processes."""
    return range(settings.port, settings.port + settings.webs)


def check_port(host: str, port: int) -> None:
    """SettingsError if the port is taken or may not be used."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Stop what runs there, or choose another: RAPPORT_PORT={port + 1} make run"
            ) from error


def check_ports(settings: Settings) -> None:
    """SettingsError if a port of the web processes cannot be used."""
    for port in web_ports(settings):
        check_port(settings.host, port)


def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Run everything until Ctrl-C or SIGTERM. RapportError if a process does not come up."""
    check_ports(settings)
    dialogues = [f"http://127.0.0.1:{port}" for port in free_ports(settings.dialogues)]
    secret = secrets.token_urlsafe(32)
    env = child_environment(
        RAPPORT_DIALOGUE_URL=",".join(dialogues),
        RAPPORT_DIALOGUE_SECRET=secret,
        RAPPORT_DATA=str(settings.data),
        RAPPORT_DEMO=str(int(settings.demo)),
    )
    env.pop("RAPPORT_DIALOGUE_LISTEN", None)  # for dialogue processes that are started by themselves
    # Each secret only to the process that needs it.
    for_telegram = {k: v for k, v in env.items() if not k.startswith(FOR_WEB)}
    for_web = {k: v for k, v in env.items() if k not in FOR_TELEGRAM}
    env = {k: v for k, v in for_web.items() if k in for_telegram}
    logs = settings.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    homes = [f"http://{settings.host}:{port}" for port in web_ports(settings)]
    children = [Child("dialogue", "bot.dialogue.server", env, logs / "dialogue.log", dialogues)]
    for number, (port, home) in enumerate(zip(web_ports(settings), homes), 1):
        name = f"web {number}" if len(homes) > 1 else "web"
        log = logs / f"{name.replace(' ', '-')}.log"
        children.append(Child(name, "bot.web", {**for_web, "RAPPORT_PORT": str(port)}, log, [home]))
    bot = telegram_file(settings.data)
    bot.unlink(missing_ok=True)
    extra = [Child("telegram", "bot.telegram", for_telegram, logs / "telegram.log")] if settings.telegram_token else []
    stopping: list[int] = []
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, lambda number, frame: stopping.append(number))
    path = run_file(settings.data)
    try:
        for child in children:
            child.start()
        path.touch(mode=0o600)
        run = {"dialogue_urls": dialogues, "dialogue_secret": secret, "web": homes[0], "pid": os.getpid()}
        path.write_text(json.dumps(run))
        wait_ready(children, stopping)
        if not stopping:
            say(f"Rapport is ready: {' '.join(homes)}")
        children += extra
        told = not extra
        Thread(target=keep_asking, args=(children,), daemon=True).start()
        while not stopping:
            _look_after(children, say)
            if not told and bot.exists() and (name := bot.read_text()):
                say(f"Telegram is ready: https://t.me/{name}")
                told = True
            time.sleep(0.2)
    finally:
        path.unlink(missing_ok=True)
        _stop(children)


def wait_ready(children: list[Child], stopping: list[int]) -> None:
    """Return when all answer, or when it is to stop. RapportError if one ends, or is not ready in time."""
    deadline = time.monotonic() + START_TIMEOUT
    waiting = [(child, url) for child in children for url in child.urls]
    while waiting and not stopping:
        child, url = waiting[0]
        if not child.alive():
            raise RapportError(f"The {child.name} process did not start:\n{child.last_words()}")
        if answers(url, 2.0):
            waiting.pop(0)
            continue
        if time.monotonic() > deadline:
            raise RapportError(f"The {child.name} process is not ready after {START_TIMEOUT:g} s; see {child.log}")
        time.sleep(0.1)


def answers(url: str, timeout: float = LOOK_EVERY) -> bool:
    """Whether the process at `url` says within `timeout` seconds that it is ready."""
    try:
        with DIRECTLY.open(f"{url}/healthz", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def keep_asking(children: list[Child]) -> None:
    """Ask each process again and again whether it answers; for a thread of its own, as one that hangs lets wait."""
    while True:
        ask(children, answers)
        time.sleep(LOOK_EVERY)


def ask(children: list[Child], answers: Callable[[str], bool]) -> None:
    """Note which URLs of living processes answer."""
    for child in list(children):
        for url in child.urls:
            if child.alive() and answers(url):
                child.silent[url] = None
            elif url in child.silent and child.silent[url] is None:
                child.silent[url] = time.monotonic()


def _look_after(children: list[Child], say: Callable[[str], None]) -> None:
    now = time.monotonic()
    for child in list(children):
        if child.hangs(now):
            say(f"The {child.name} process has not answered for {HUNG:g} s; killing it.")
            child.kill()
        if child.alive():
            continue
        if child.process is not None:
            code = child.process.returncode
            if code == HOPELESS and child.name == "telegram":
                say(f"Telegram does not start: {''.join(child.last_words().splitlines()[-1:])}")
                children.remove(child)
                continue
            child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
            delay = RESTART_DELAYS[min(child.deaths, len(RESTART_DELAYS)) - 1]
            child.not_before, child.process = now + delay, None
            say(f"The {child.name} process ended ({code}); starting it again. Its log: {child.log}")
        if now >= child.not_before:
            child.start()


def _stop(children: list[Child]) -> None:
    """Web first, so that nothing new comes in; turns in flight are finished."""
    for child in reversed(children):
        child.stop(signal.SIGTERM)
    deadline = time.monotonic() + 30
    for child in children:
        if child.process is not None:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.stop(signal.SIGKILL)
                child.process.wait()


def run_instead() -> NoReturn:
    """Go on as a new program that only supervises (`main`), in this process: what was imported takes memory."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", "bot.up"], child_environment())


def main() -> None:
    """Run everything as the settings say; an error of ours is one clear text on standard error and exit code 1."""
    try:
        up(read_settings(), lambda text: print(text, flush=True))
    except RapportError as error:
        sys.exit(str(error))
    print("Rapport has stopped.", flush=True)


if __name__ == "__main__":
    main()
