"""Several processes out of one that has loaded everything: they share its memory, and a dead one is replaced at once.

What is forked must have one thread and no open connections; `bot.dialogue.server` sees to that, and a test looks.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

LAST_CALL = 27  # seconds after which a process that was asked to stop is killed
SOON = 2.0  # seconds; what dies sooner is not started again at once


def run_in_forks(count: int, serve: Callable[[int], None]) -> None:
    """Run `serve(0)` to `serve(count - 1)` in a process each, again when one ends, until SIGTERM or SIGINT."""
    numbers: dict[int, int] = {}  # of running processes: pid → number
    stopping: list[int] = []

    def stop(signal_: int, frame: Any) -> None:
        stopping.append(signal_)
        for pid in list(numbers):
            os.kill(pid, signal.SIGTERM)
        signal.alarm(LAST_CALL)

    def kill(signal_: int, frame: Any) -> None:
        for pid in list(numbers):
            os.kill(pid, signal.SIGKILL)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    signal.signal(signal.SIGALRM, kill)
    started: dict[int, float] = {}
    missing = set(range(count))
    while not stopping or numbers:
        for number in sorted(missing) if not stopping else ():
            # Should the signal come between the two, the new process would not be asked to stop.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
            numbers[_fork(number, serve)] = number
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
            missing.discard(number)
            started[number] = time.monotonic()
        if not numbers:
            break
        pid, status = os.waitpid(-1, 0)
        number = numbers.pop(pid)
        missing.add(number)
        if not stopping:
            log.warning("process %s of %s ended (%s); starting it again", number + 1, count, status)
            time.sleep(max(0.0, SOON / 2 if time.monotonic() - started[number] < SOON else 0.0))


def _fork(number: int, serve: Callable[[int], None]) -> int:
    """The pid of a new process that runs `serve(number)` and nothing of what this one has still to do."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
        serve(number)
        code = 0
    except BaseException:  # whatever it was: it is told, and this copy goes no further
        traceback.print_exc()
    finally:
        os._exit(code)
