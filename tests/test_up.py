"""The supervisor's parts that start nothing of ours."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bot.errors import RapportError, SettingsError
from bot.up import (
    HOPELESS,
    HUNG,
    Child,
    _look_after,
    _stop,
    answers,
    ask,
    check_port,
    free_port,
    run_file,
    wait_ready,
)


def test_a_free_port_passes_and_a_taken_one_is_named_with_the_next() -> None:
    port = free_port()
    check_port("127.0.0.1", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(SettingsError, match=f"Port {port} .*RAPPORT_PORT={port + 1}"):
            check_port("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_named() -> None:
    with pytest.raises(SettingsError, match="203.0.113.9"):
        check_port("203.0.113.9", 8000)


def test_the_run_file_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert run_file(tmp_path) == tmp_path / "run.json"


def test_a_child_that_dies_at_the_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = Child("dialogue", "no.such.module", {}, tmp_path / "dialogue.log", ["http://127.0.0.1:9"])
    child.start()
    assert child.process is not None
    child.process.wait(30)
    with pytest.raises(RapportError, match="dialogue process did not start:(.|\n)*no.such.module|No module named"):
        wait_ready([child], [])


def test_asked_to_stop_while_starting_it_does_not_wait(tmp_path: Path) -> None:
    wait_ready([Child("web", "x", {}, tmp_path / "web.log", ["http://127.0.0.1:9"])], [signal.SIGINT])


def test_children_are_stopped_and_one_never_started_does_not_matter(tmp_path: Path) -> None:
    child = Child("web", "http.server", {}, tmp_path / "web.log")
    child.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    _stop([child, Child("dialogue", "x", {}, tmp_path / "dialogue.log")])
    assert not child.alive() and child.last_words() == ""


def test_a_telegram_gateway_that_would_fail_again_is_told_once_and_left_alone(tmp_path: Path) -> None:
    telegram = Child("telegram", "x", {}, tmp_path / "telegram.log")
    telegram.log.write_text("Telegram does not accept TELEGRAM_BOT_TOKEN.\n")
    telegram.process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({HOPELESS})"])
    telegram.process.wait()
    children, said = [telegram], list[str]()
    for _ in range(2):
        _look_after(children, said.append)
    assert children == [] and said == ["Telegram does not start: Telegram does not accept TELEGRAM_BOT_TOKEN."]


def test_a_process_that_lives_and_does_not_answer_is_killed_with_its_forks(tmp_path: Path) -> None:
    """Only one that has answered before, and only after a long silence; one that answers again is left alone."""
    url = f"http://127.0.0.1:{free_port()}"
    child = Child("dialogue", "http.server", {}, tmp_path / "dialogue.log", [url])
    child.process = subprocess.Popen(
        [sys.executable, "-c", "import os, time; os.fork(); time.sleep(600)"], start_new_session=True
    )
    said, now = list[str](), time.monotonic()
    heard = [False, True, False, True, False]
    for _ in range(4):
        ask([child], lambda _: heard.pop(0))
        assert not child.hangs(now + 10 * HUNG) or len(heard) == 2
    ask([child], lambda _: heard.pop(0))
    assert not child.hangs(time.monotonic())
    child.silent[url] = now - HUNG - 1
    _look_after([child], said.append)
    assert not child.alive() and "has not answered" in said[0] and "starting it again" in said[1]


@pytest.mark.parametrize(
    ("said", "ready"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}", False),
        (b"", False),  # hangs up
        (b"\x00\xff\r\n\r\n", False),  # no HTTP
        (None, False),  # says nothing
    ],
)
def test_a_process_is_ready_only_when_it_says_so_in_time(said: bytes | None, ready: bool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(1000)
                if said is None:
                    time.sleep(0.5)
                else:
                    line.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        assert answers(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.2) is ready
        thread.join()


def test_a_process_that_is_not_there_is_not_ready() -> None:
    assert not answers(f"http://127.0.0.1:{free_port()}", timeout=1)
