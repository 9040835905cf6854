"""The only wiring: settings → content, records, marking → coach."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import lru_cache
from threading import Lock

from bot.coach import Coach
from bot.marking.model import Marking
from bot.records import people, units
from bot.records.engine import migrate, open_engine
from bot.records.store import Records
from bot.settings import Settings, read_settings
from bot.syllabus.loader import load
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus


def utc_now() -> datetime:
    """The clock of the real world."""
    return datetime.now(timezone.utc)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return read_settings()


@lru_cache(maxsize=1)
def records() -> Records:
    """The records, brought up to date."""
    engine = open_engine(settings().database_url)
    migrate(engine)
    return Records(engine)


@lru_cache(maxsize=1)
def syllabus() -> Syllabus:
    """The content; ContentError with all problems if it does not pass."""
    return load(settings().knowledge)


@lru_cache(maxsize=1)
def marker() -> _Marker:
    """The marker with its encoder; heavy, so only where answers are marked."""
    return _Marker()


@lru_cache(maxsize=1)
def coach() -> Coach:
    """The coach, ready to work."""
    from bot.hearing import Hearing

    return Coach(syllabus(), marker(), records(), utc_now, Hearing())


@lru_cache(maxsize=1)
def shell_person() -> int:
    """The learner whom `rasa shell` talks as: the demo learner, made if need be."""
    return demo_people(records())["learner"]


def new_demo_learner() -> int:
    """A fresh made-up learner, for somebody who comes by Telegram without an invitation; the id."""
    offered = set(syllabus().unit_of.values()) - units.withdrawn(records())
    theirs = [u for u in syllabus().units if u in offered]
    return people.add_person(
        records(), "Telegram Demo-Learner", ["learner"], utc_now(), units=theirs, cohort=DEMO_COHORT, demo=True
    )


MOST_EXPECTED = 64  # questions; older ones are made ready when they are answered


class _Marker:
    """Marking and its encoder behind the coach's port."""

    def __init__(self) -> None:
        from bot.marking.encoder import default_encoder
        from bot.marking.marker import Marker as FullMarker

        self.encoder = default_encoder()
        self.full = FullMarker(cache=settings().data / "cache")  # with the encoder tuned for marking
        self._one_at_a_time = Lock()  # actions run in threads; the marker's caches are not made for several
        self._expected: deque[Question] = deque(maxlen=MOST_EXPECTED)

    def mark(self, question: Question, text: str) -> Marking:
        """Mark one answer."""
        with self._one_at_a_time:
            return self.full.mark(question, text)

    def expect(self, question: Question) -> None:
        """An answer to this question comes next."""
        self._expected.append(question)

    def catch_up(self) -> None:
        """Make ready for the answers that are expected; for the time between turns."""
        while True:
            try:
                question = self._expected.popleft()
            except IndexError:
                return
            with self._one_at_a_time:
                self.full.prepare(question)

    def similar(self, text: str, names: Sequence[str]) -> Sequence[float]:
        """Cosine of the sentence vectors."""
        with self._one_at_a_time:
            return [float(x) for x in self.encoder.encode(list(names)) @ self.encoder.encode([text])[0]]


DEMO_COHORT = "Demo group"


DEMO_NAMES = {
    "learner": "Sam Demo-Learner",
    "tutor": "Toni Demo-Tutor",
    "assessor": "Ash Demo-Assessor",
    "quality_assurer": "Quinn Demo-Assurer",
}


def demo_people(records: Records) -> dict[str, int]:
    """One made-up person of each role about the demo group, made where missing: role → person id.

    There is no demo administrator: whoever presses a button must not see or change real people.
    """
    found = {role: people.demo_person(records, role) for role in DEMO_NAMES}
    made = {role: person.id for role, person in found.items() if person}
    for role in [r for r in DEMO_NAMES if r not in made]:
        units = ["d1"] if role == "learner" else []
        made[role] = people.add_person(
            records, DEMO_NAMES[role], [role], utc_now(), units=units, cohort=DEMO_COHORT, demo=True
        )
    return made
