"""Ours alone under a small and a large load: a long conversation, a thousand and a million stored attempts, pages."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice

import httpx

from benchmarks.systems import CannotMeasure, Ours
from benchmarks.talking import PRACTISED, OurTalk
from bot.syllabus.loader import load

PER_LEARNER = 500  # attempts of each made-up learner
PAGES = {"progress": ("learner", "/progress"), "coverage": ("tutor", "/coverage"), "chat": ("learner", "/chat")}
BATCH = 20_000


def long_conversation(talk: OurTalk, length: int, window: int) -> dict[str, list[float]]:
    """Seconds of the turns around turn 5 and of those up to turn `length`, of one learner in one conversation."""
    turns = [turn["seconds"] for turn in talk.block(length, 7000) if turn["counts"]]
    return {"turn_5": turns[3 : 3 + window], "turn_500": turns[-window:]}


def pages(ours: Ours, times: int) -> dict[str, list[float]]:
    """Seconds until a page is there, for each of PAGES, signed in with the demo; the first time does not count."""
    home = ours.run()["web"]
    found: dict[str, list[float]] = {}
    for name, (role, path) in PAGES.items():
        with httpx.Client(base_url=home, timeout=60, trust_env=False, follow_redirects=True) as client:
            form = client.get("/sign-in")
            token = form.text.partition('name="csrf" value="')[2].partition('"')[0]
            client.post("/sign-in/demo", data={"role": role, "csrf": token}, headers={"origin": home})
            seconds = []
            for _ in range(times + 1):
                started = time.perf_counter()
                answer = client.get(path)
                seconds.append(time.perf_counter() - started)
                if answer.status_code != 200 or answer.url.path != path:
                    raise CannotMeasure(f"{path} answered {answer.status_code} at {answer.url}.")
            found[name] = seconds[1:]
    return found


def fill(ours: Ours, attempts: int, progress: Callable[[int], None]) -> int:
    """Add made-up learners with attempts, matches, messages, moves and coverage until so many attempts are stored.

    Straight into the SQLite file, as no coach could make a million in reasonable time; the number stored.
    """
    path = ours.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path, timeout=60) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM attempt").fetchone()
        (cohort,) = connection.execute("SELECT min(id) FROM cohort").fetchone()
        syllabus = load(ours.folder / "knowledge")
        questions = [
            (q.id, sorted(syllabus.serves(q)), [e.id for e in q.expectations] or ["choice"])
            for q in syllabus.questions.values()
            if syllabus.unit_of[q.id] in PRACTISED
        ]
        while stored < attempts:
            wanted = min(PER_LEARNER, attempts - stored)
            _learner(connection, cohort, questions, wanted)
            stored += wanted
            connection.commit()
            progress(stored)
        connection.execute("ANALYZE")
    return stored


def _learner(
    connection: sqlite3.Connection, cohort: int, questions: list[tuple[str, list[str], list[str]]], attempts: int
) -> None:
    began = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(days=60)

    def when(number: int) -> str:
        return (began + timedelta(minutes=7 * number)).isoformat(" ", "microseconds")

    add = connection.execute
    cursor = add("INSERT INTO person (name, demo, active, created_at) VALUES ('Made Up', 1, 1, ?)", (when(0),))
    person = cursor.lastrowid
    add("INSERT INTO person_role VALUES (?, 'learner')", (person,))
    add("INSERT INTO enrolment VALUES (?, 'd1', ?)", (person, when(0)))
    # Not all in one group: a tutor's page shows the people of theirs.
    if person is not None and person % 50 == 0:
        add("INSERT INTO cohort_member VALUES (?, ?, 'learner')", (cohort, person))
    exercise = add(
        "INSERT INTO exercise (person_id, kind, state, opened_at, touched_at, closed_at)"
        " VALUES (?, 'practice', '{}', ?, ?, ?)",
        (person, when(0), when(attempts), when(attempts)),
    ).lastrowid
    (first,) = add("SELECT coalesce(max(id), 0) + 1 FROM attempt").fetchone()
    ids = [f"made-{person}-{number}" for number in range(attempts)]
    chosen = [questions[number % len(questions)] for number in range(attempts)]
    text = "they come back more often and it costs less than to find new ones"
    for sql, rows in (
        (
            "INSERT INTO message (message_id, person_id, direction, channel, text, status, tries, created_at, done_at)"
            " VALUES (?, ?, 'in', 'web', ?, 'done', 0, ?, ?)",
            ((id, person, text, when(n), when(n)) for n, id in enumerate(ids)),
        ),
        (
            "INSERT INTO message (message_id, person_id, direction, channel, text, extra, in_reply_to, status, tries,"
            " created_at, done_at) VALUES (?, ?, 'out', 'web', ?, '{}', ?, 'done', 0, ?, ?)",
            ((f"{id}/0", person, text * 2, id, when(n), when(n)) for n, id in enumerate(ids)),
        ),
        (
            "INSERT INTO move VALUES (?, ?, ?, ?)",
            ((id, person, json.dumps({"lines": [], "text": text}), when(n)) for n, id in enumerate(ids)),
        ),
        (
            "INSERT INTO attempt (id, message_id, person_id, exercise_id, question_id, question_text, answer, channel,"
            " verdict, points, needed, complete, unassisted, help, try_no, content_version, marking_version, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'web', 'right', 2, 2, 1, ?, '{}', 1, 'made', 'made', ?)",
            ((first + n, id, person, exercise, chosen[n][0], text, text, n % 2, when(n)) for n, id in enumerate(ids)),
        ),
        (
            "INSERT INTO attempt_match VALUES (?, 'expectation', ?, 'met', 0.9, ?)",
            ((first + n, point, "they come back") for n in range(attempts) for point in chosen[n][2]),
        ),
        (
            "INSERT INTO attempt_statement (attempt_id, statement, person_id) VALUES (?, ?, ?)",
            ((first + n, statement, person) for n in range(attempts) for statement in chosen[n][1]),
        ),
        (
            "INSERT INTO coverage (person_id, statement, state, attempts, last_at) VALUES (?, ?, 'practising', ?, ?)",
            (
                (person, statement, attempts // 20 + 1, when(attempts))
                for statement in sorted({s for each in chosen for s in each[1]})
            ),
        ),
    ):
        for batch in _batches(iter(rows)):
            connection.executemany(sql, batch)


def _batches(rows: Iterator[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
