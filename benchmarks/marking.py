"""Marking alone, on one core: `python -m benchmarks.marking` prints the seconds of each answer as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.systems import CannotMeasure

EXPECTATIONS = 6  # of the questions that count: the most that any has
ANSWERS = 30  # to each of them
ROOT = Path(__file__).parent.parent
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def marking_times() -> list[float]:
    """Seconds of each marking, in a process of its own.

    Raises:
        CannotMeasure: with the process's last words, if it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.marking"],
        cwd=ROOT, env={**os.environ, **ONE_CORE}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotMeasure(f"marking alone failed ({done.returncode}).\n{done.stderr[-2000:]}")
    return [float(seconds) for seconds in json.loads(done.stdout.splitlines()[-1])]


def _measure() -> list[float]:
    """Answers that are all new, to questions whose phrasings have been encoded before."""
    from benchmarks.answers import Learner
    from bot.marking.marker import Marker
    from bot.syllabus.loader import load

    questions = [q for q in load(ROOT / "knowledge").questions.values() if len(q.expectations) == EXPECTATIONS]
    learner, times = Learner(11), []
    with tempfile.TemporaryDirectory() as folder:
        marker = Marker(cache=Path(folder))
        marker.warm(questions)
        for number in range(ANSWERS + 1):
            for question in questions:
                text = learner.answer(question, [point.id for point in question.expectations])
                begin = time.perf_counter()
                marker.mark(question, text)
                if number:  # the first round warms up
                    times.append(time.perf_counter() - begin)
    return times


if __name__ == "__main__":
    print(json.dumps(_measure()))
