"""The dialogue process with everything counted, for `benchmarks/turn.py`; marking and encoder cost each text once.

SIGUSR1 begins counting anew, SIGUSR2 writes what was counted.
"""

from __future__ import annotations

import cProfile
import functools
import inspect
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.marking.model import Marking
from bot.syllabus.model import Question

FIGURES, PROFILE = "TURN_FIGURES", "TURN_PROFILE"  # variables with a file and a folder to write to
# Parts of a turn; a part is shown with everything that it calls in its thread.
PARTS = {
    "turn, its loop": "bot.dialogue.turns:Turns.work_off",
    "message found": "bot.records.messages:find",
    "replies kept": "bot.records.messages:finish",
    "tracker loaded": "bot.dialogue.trackers:DirectSQLTrackerStore.retrieve",
    "tracker saved": "bot.dialogue.trackers:DirectSQLTrackerStore.save",
    "Rasa, all of it": "rasa.core.processor:MessageProcessor.handle_message",
    "understanding": "rasa.core.processor:MessageProcessor.parse_message",
    "prediction": "rasa.core.processor:MessageProcessor.predict_next_with_tracker_if_should",
    "actions, the loop's side": "rasa.core.processor:MessageProcessor._run_action",
    "action, in its thread": "bot.dialogue.agent:_run",
    "answer taken": "bot.coach.practice:PracticePart.take_answer",
    "transaction: commit": "sqlalchemy.engine.base:Connection._commit_impl",
}

COUNTED: Counter[str] = Counter()
SECONDS: Counter[str] = Counter()
PROFILES: list[cProfile.Profile] = []


class Remembering:
    """A marker that marks each answer to a question once."""

    def __init__(self, marker: Any) -> None:
        self.marker = marker
        self._known: dict[tuple[str, str], Marking] = {}

    def mark(self, question: Question, text: str) -> Marking:
        """Mark one answer."""
        key = (question.id, text)
        if key not in self._known:
            COUNTED["answers really marked"] += 1
            self._known[key] = self.marker.mark(question, text)
        return self._known[key]

    def expect(self, question: Question) -> None:
        """As the real one."""
        self.marker.expect(question)

    def similar(self, text: str, names: Sequence[str]) -> Any:
        """As the real one."""
        return self.marker.similar(text, names)


def serve() -> None:
    """The dialogue process with everything counted; SIGUSR1 begins anew, SIGUSR2 writes what was counted."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from bot import bootstrap
    from bot.dialogue import server

    if PROFILE in os.environ:
        threading.setprofile(_profile_thread)
        _profile_thread()
    event.listen(Engine, "before_cursor_execute", _count_statement)
    event.listen(Engine, "commit", lambda connection: COUNTED.update(["commits"]))
    coach = bootstrap.coach()
    coach.marker = Remembering(coach.marker)
    if PROFILE not in os.environ:
        for label, place in PARTS.items():
            _time(label, place)
    signal.signal(signal.SIGUSR1, _begin)
    signal.signal(signal.SIGUSR2, _write)
    server.main()


def _profile_thread(*_: Any) -> None:
    PROFILES.append(cProfile.Profile(time.thread_time))
    PROFILES[-1].enable()


def _count_statement(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
    COUNTED["statements"] += 1
    COUNTED["statement: " + " ".join(statement.split())[:150]] += 1


def _time(label: str, place: str) -> None:
    """Add the thread's processor time of each call to `label`."""
    module, _, path = place.partition(":")
    owner: Any = import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def timed(*given: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return inner(*given, **named)
        finally:
            SECONDS[label] += time.thread_time() - began

    @functools.wraps(inner)
    async def timed_later(*given: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return await inner(*given, **named)
        finally:
            SECONDS[label] += time.thread_time() - began

    setattr(owner, name, timed_later if inspect.iscoroutinefunction(inner) else timed)


def _begin(*_: Any) -> None:
    COUNTED.clear()
    SECONDS.clear()
    for each in PROFILES:
        each.clear()


def _write(*_: Any) -> None:
    for number, each in enumerate(PROFILES):
        each.dump_stats(str(Path(os.environ[PROFILE]) / f"thread-{number}.prof"))
    made = Path(os.environ[FIGURES])
    made.with_suffix(".new").write_text(json.dumps({"counted": COUNTED, "seconds": SECONDS}))
    made.with_suffix(".new").rename(made)


if __name__ == "__main__":
    serve()
