"""What coaching writes and reads, and several writers at once."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.coach import Coach
from bot.coaching.model import Practice
from bot.coaching.workplace import Workplace
from bot.records import people
from bot.records import tables as t
from bot.records.engine import open_engine
from bot.records.store import Records, Turn
from bot.settings import ROOT
from bot.syllabus.syllabus import Syllabus
from tests.conftest import Clock, FakeMarker, new_talk


def test_a_practice_comes_back_as_it_was_kept(records: Records, clock: Clock) -> None:
    id = people.add_person(records, "Ada", ["learner"], clock())
    practice = Practice("t1", ("t1/2.1",), "T1 2.1", paused=True, question="t1-2.1-why", tries=2)
    with records.begin() as tx:
        exercise = tx.start_practice(id, practice, clock())
    with records.reading() as tx:
        assert tx.open_practice(id) == (exercise, practice)


def test_starting_another_practice_closes_the_first(records: Records, clock: Clock) -> None:
    id = people.add_person(records, "Ada", ["learner"], clock())
    with records.begin() as tx:
        first = tx.start_practice(id, Practice("t1"), clock())
        second = tx.start_practice(id, Practice("t2"), clock())
        opened = tx.open_practice(id)
    assert first != second and opened == (second, Practice("t2"))


def test_somebody_unknown_has_nothing_and_breaks_nothing(records: Records, clock: Clock) -> None:
    with records.reading() as tx:
        assert tx.open_practice(99) is None and tx.name_of(99) == "" and tx.units_of(99) == ()
        assert tx.coverage_of(99) == {} and tx.workplace(99) is None and tx.attempt_of("m") is None
        assert tx.due_questions(99, clock()) == frozenset() and tx.seen_questions(99) == {}


def test_units_come_in_the_order_of_enrolment(records: Records, clock: Clock) -> None:
    id = people.add_person(records, "Ada", ["learner"], clock(), units=["z9", "a1", "m5"])
    with records.reading() as tx:
        assert tx.units_of(id) == ("z9", "a1", "m5")


def test_a_workplace_is_kept_and_replaced(records: Records, clock: Clock) -> None:
    id = people.add_person(records, "Ada", ["learner"], clock())
    for workplace in (Workplace("One"), Workplace("Two", "plants", "none", "Kim")):
        with records.begin() as tx:
            tx.save_workplace(id, workplace, clock())
        with records.reading() as tx:
            assert tx.workplace(id) == workplace


def test_a_question_is_due_from_its_due_time_on(records: Records, clock: Clock) -> None:
    id = people.add_person(records, "Ada", ["learner"], clock())
    due = clock()
    for card in ({"n": 1}, {"n": 2}):
        with records.begin() as tx:
            tx.save_card(id, "q", card, due)
    with records.reading() as tx:
        assert tx.card(id, "q") == {"n": 2} and tx.card(id, "other") is None
        assert tx.due_questions(id, due) == {"q"}
    clock.move(seconds=-1)
    with records.reading() as tx:
        assert tx.due_questions(id, clock()) == frozenset()


def test_coverage_worked_out_anew_is_what_it_was(records: Records, tiny: Syllabus, clock: Clock) -> None:
    talk = new_talk(Coach(tiny, FakeMarker(), records, clock))
    for topic in ("keeping customers", "regulars"):
        talk.start(topic)
        talk.answer("price trust")
        clock.move(days=1)
    with records.begin() as tx:
        before = tx.coverage_of(talk.person_id)
        tx.refresh_coverage(talk.person_id, list(before), {"t1-2.1-choice"})
        assert tx.coverage_of(talk.person_id) == before
        tx.refresh_coverage(talk.person_id, ["t1/2.2"], set())
        assert "t1/2.2" not in tx.coverage_of(talk.person_id)
    assert before["t1/2.1"]["state"] == "ready"


def test_an_emoji_and_other_scripts_come_back_as_they_were(records: Records, tiny: Syllabus, clock: Clock) -> None:
    talk = new_talk(Coach(tiny, FakeMarker(), records, clock), name="Zoë 李")
    talk.start("keeping customers")
    words = "price 🙂 „Qualität“ جيد\nsecond line\ttab"
    talk.answer(words)
    assert talk.rows(t.attempt)[0]["answer"] == words


def test_many_threads_writing_at_once_lose_nothing(engine: Engine, tiny: Syllabus, clock: Clock) -> None:
    records = Records(engine)
    coach = Coach(tiny, FakeMarker(), records, clock)
    learners = [new_talk(coach, name=f"Learner {n}") for n in range(4)]
    for talk in learners:
        talk.start("keeping customers")

    def work(talk) -> None:  # type: ignore[no-untyped-def]
        for _ in range(6):
            talk.answer("nothing")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, learners))
    for talk in learners:
        assert [a["try_no"] for a in talk.rows(t.attempt)] == [1, 2, 3, 4, 5, 6]


def test_one_message_handed_in_by_many_threads_at_once_is_recorded_once(
    engine: Engine, tiny: Syllabus, clock: Clock
) -> None:
    coach = Coach(tiny, FakeMarker(), Records(engine), clock)
    talk = new_talk(coach)
    talk.start("keeping customers")
    turn = Turn("the-one", talk.person_id, "web", "price")

    def hand_in(_: int) -> object:
        for _ in range(5):
            try:
                return coach.take_answer(turn)
            except Exception as error:  # a lost race may fail; the relay then tries again
                last = error
        raise last

    with ThreadPoolExecutor(4) as pool:
        moves = list(pool.map(hand_in, range(4)))
    assert all(move == moves[0] for move in moves)
    assert len(talk.rows(t.attempt)) == 1 and talk.practice.tries == 1


WRITER = """
import sys
from datetime import datetime, timezone
from bot.records import people
from bot.records.engine import open_engine
from bot.records.store import Records
records = Records(open_engine(sys.argv[1]))
for n in range(25):
    people.add_person(records, f"{sys.argv[2]} {n}", ["learner"], datetime.now(timezone.utc), units=["t1"])
"""


def test_two_processes_writing_to_one_sqlite_file_lose_nothing(sqlite_engine: Engine) -> None:
    url = str(sqlite_engine.url)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, who], cwd=ROOT, env=dict(os.environ)) for who in "ab"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    again = Records(open_engine(url))
    with again.reading() as tx:
        assert len(tx._all(select(t.person))) == len(tx._all(select(t.enrolment))) == 50


def test_reading_sees_one_moment_while_another_writes(records: Records, clock: Clock) -> None:
    if records.engine.dialect.name != "sqlite":
        return  # PostgreSQL's READ COMMITTED promises less, and nothing here relies on more
    with records.reading() as tx:
        before = tx._all(select(t.person))
        people.add_person(records, "Ada", ["learner"], clock())
        assert tx._all(select(t.person)) == before
