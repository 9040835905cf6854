"""What all tests share: real databases, a clock that can be moved, content real and tiny, a fake at the Marker port."""

from __future__ import annotations

import copy
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.engine import Engine, create_engine
from sqlalchemy.exc import OperationalError

from bot.coach import Coach
from bot.coaching.model import Move, Practice
from bot.coaching.roleplay import Said, Spoken
from bot.coaching.workplace import Workplace
from bot.marking.model import Marking, Match
from bot.records import people
from bot.records import tables as t
from bot.records.engine import migrate, open_engine
from bot.records.store import Records, Turn
from bot.settings import ROOT
from bot.syllabus.loader import load
from bot.syllabus.model import Question
from bot.syllabus.scenario import Scenario
from bot.syllabus.syllabus import Syllabus

POSTGRES = "postgresql://postgres@127.0.0.1:5432/"

# Databases ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "rapport.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A migrated SQLite file of its own for each test."""
    path = tmp_path / "rapport.sqlite"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def make_postgres_url() -> Iterator[Callable[[], str]]:
    """Makes new, empty PostgreSQL databases; all are dropped when the tests end."""
    admin = create_engine(POSTGRES + "postgres", isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    made: list[str] = []

    def make() -> str:
        name = f"rapport_test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        made.append(name)
        return POSTGRES + name

    try:
        admin.connect().close()
    except OperationalError as error:
        problem = f"PostgreSQL is not reachable at {POSTGRES}: {str(error.orig).strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_database(make_postgres_url: Callable[[], str]) -> Iterator[Engine]:
    """One migrated PostgreSQL database for the whole session."""
    engine = open_engine(make_postgres_url())
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(postgres_database: Engine) -> Iterator[Engine]:
    """The session's PostgreSQL database, emptied after each test."""
    yield postgres_database
    with postgres_database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # past the append-only triggers
        names = ", ".join(table.name for table in t.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each test twice: on SQLite and on PostgreSQL."""
    made: Engine = request.getfixturevalue("sqlite_engine" if request.param == "sqlite" else "postgres_engine")
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    make: Callable[[], str] = request.getfixturevalue("make_postgres_url")
    return make()


@pytest.fixture
def records(engine: Engine) -> Records:
    """Empty records, on SQLite and on PostgreSQL."""
    return Records(engine)


@pytest.fixture
def sqlite_records(sqlite_engine: Engine) -> Records:
    """Empty records on SQLite only, where the database makes no difference."""
    return Records(sqlite_engine)


# Time ---------------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move on (`hours=25`, `days=1`)."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """A clock at a Monday morning."""
    return Clock(datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc))


# Content ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def syllabus() -> Syllabus:
    """The real content of `knowledge/`."""
    return load(ROOT / "knowledge")


def _expectation(id: str, label: str, answers: list[str]) -> dict[str, Any]:
    return {
        "id": id,
        "label": label,
        "statement": f"The statement of {id}.",
        "phrasings": [f"{id} phrasing {n}" for n in range(6)],
        "counter": [f"no {id}", f"wrong {id}"],
        "hints": [f"First hint on {id}.", f"Second hint on {id}."],
        "prompt": {"text": f"The gap of {id} is ____.", "answers": answers},
        "assertion": f"The assertion of {id}.",
    }


def _open(id: str, criteria: list[str], text: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "form": "open",
        "role": "plain",
        "verb": "describe",
        "criteria": criteria,
        "text": text,
        "expectations": [
            _expectation("price", "it costs less", ["advertising", "adverts"]),
            _expectation("trust", "they trust you", ["trust"]),
            _expectation("friends", "they tell friends", ["recommend"]),
        ],
        "misconceptions": [
            {
                "id": "myth",
                "statement": "A wrong idea.",
                "phrasings": [f"myth phrasing {n}" for n in range(4)],
                "correction": "It is the other way round.",
            }
        ],
        "sufficient": {"points": 2, "means": "Two points."},
        "model_answer": f"The model answer of {id}.",
        **more,
    }


TINY: dict[str, Any] = {
    "units/t1/unit.yml": {
        "id": "t1",
        "title": "Keep customers",
        "number": "T1",
        "body": "Nobody",
        "level": 2,
        "credits": 1,
        "guided_learning_hours": 5,
        "simulation_allowed": False,
        "simulation_clause": "Unit T1, requirement 1: no simulation.",
        "outcomes": [{"id": "1", "title": "Do it"}, {"id": "2", "title": "Know it"}],
        "criteria": [
            {"id": "1.1", "outcome": "1", "kind": "performance", "verb": "show", "text": "Show care"},
            {"id": "1.2", "outcome": "1", "kind": "performance", "verb": "show", "text": "Show more care"},
            {"id": "2.1", "outcome": "2", "kind": "knowledge", "verb": "explain", "text": "Explain retention"},
            {
                "id": "2.2",
                "outcome": "2",
                "kind": "knowledge",
                "verb": "describe",
                "text": "Describe limits",
                "own_organisation": True,
                "workplace": ["limits"],
            },
        ],
        "bullets": [{"id": "care", "outcome": "1", "criteria": ["1.1"], "text": "How to care for customers"}],
    },
    "units/t1/questions.yml": [
        _open("t1-2.1-why", ["2.1"], "Why keep customers?", topics=["keeping customers"]),
        _open("t1-2.1-again", ["2.1"], "What do regulars bring?", topics=["regulars"], role="retest"),
        _open(
            "t1-2.2-yours", ["2.2"], "What are the limits at {organisation}?", topics=["limits"], own_organisation=True
        ),
        _open("t1-2.2-other", ["2.2"], "What is a limit?", topics=["kinds of limit"]),
        _open("t1-care-how", [], "How do you care?", topics=["caring"], bullets=["care"]),
        _open("t1-care-when", [], "When do you care?", topics=["when to care"], bullets=["care"], role="retest"),
        {
            "id": "t1-2.1-choice",
            "form": "choice",
            "role": "plain",
            "verb": "identify",
            "criteria": ["2.1"],
            "text": "Which one is retention?",
            "topics": ["choosing"],
            "options": [
                {"id": "a", "text": "Keeping regulars happy", "correct": True, "feedback": "Yes, they stay."},
                {"id": "b", "text": "Printing leaflets", "correct": False, "feedback": "That is advertising."},
                {"id": "c", "text": "Raising prices", "correct": False, "feedback": "That drives people away."},
            ],
            "model_answer": "Keeping regulars happy.",
        },
    ],
    "glossary.yml": [
        {
            "term": "retention",
            "meaning": "Keeping the customers you have.",
            "example": "A café with regulars.",
            "also": ["keeping customers"],
        },
        {"term": "service offer", "meaning": "What you promise to do."},
    ],
    "crosswalk.yml": [
        {"from": "t1/2.1", "to": "t1/bullet:care", "reason": "Keeping customers is caring for them."},
    ],
}


def tiny_content() -> dict[str, Any]:
    """A small content that passes, as file name → what YAML makes of it; to be changed and written."""
    return copy.deepcopy(TINY)


def write_content(folder: Path, content: dict[str, Any]) -> Path:
    """Write `content` below `folder`; a str is written as it is, bytes too, None leaves the file out."""
    for name, value in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            path.write_bytes(value)
        elif value is not None:
            made = value if isinstance(value, str) else yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True)
            path.write_text(made, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Syllabus:
    """A hand-made unit t1 with seven questions, read by the real loader."""
    return load(write_content(tmp_path_factory.mktemp("knowledge"), tiny_content()))


# Marking ------------------------------------------------------------------------------------------------------------


class FakeMarker:
    """Marks by words: an expectation's id or phrasing meets it, `id?` leaves it unsure; the same for misconceptions."""

    def mark(self, question: Question, text: str) -> Marking:
        """Mark one answer."""
        matches = tuple(self._match(e.id, e.phrasings, text) for e in question.expectations)
        wrong = tuple(self._match(m.id, m.phrasings, text) for m in question.misconceptions)
        met = sum(m.state == "met" for m in matches)
        needed = question.sufficient.points if question.sufficient else 1
        verdict: Any = "right" if met >= needed else "partly" if met else "not_yet"
        if not met and any(m.state == "unsure" for m in matches):
            verdict = "not_sure"
        return Marking(matches, tuple(m for m in wrong if m.state != "not_met"), verdict, "fake-1")

    def __init__(self) -> None:
        self.expected: list[str] = []

    def expect(self, question: Question) -> None:
        """Note it."""
        self.expected.append(question.id)

    def similar(self, text: str, names: Sequence[str]) -> Sequence[float]:
        """The share of the text's words that a name holds."""
        said = set(text.split())
        return [len(said & set(name.split())) / max(1, len(said)) for name in names]

    @staticmethod
    def _match(id: str, phrasings: Sequence[str], text: str) -> Match:
        words = text.lower().split()
        if f"{id}?" in words:
            return Match(id, "unsure", 0.5, f"{id}?")
        said = next((p for p in phrasings if p.lower() in text.lower()), id if id in words else "")
        return Match(id, "met", 0.9, said) if said else Match(id, "not_met", 0.1, "")


class FakeHearing:
    """Hears what is written in brackets: `[empathise ask:why-late] I am sorry` are two moves and a fact asked for."""

    version = "fake-ears"

    def prepare(self, scenario: Scenario) -> None:
        """Nothing to do."""

    def hear(self, scenario: Scenario, text: str, customer_said: str) -> Said:
        """One sentence for each pair of brackets."""
        sentences, asked = [], []
        for words, said in re.findall(r"\[([^\]]*)\]([^\[]*)", text):
            moves = tuple(word.split(":")[0] for word in words.split())
            asked += [word.split(":")[1] for word in words.split() if ":" in word]
            sentences.append(Spoken(said.strip(), moves))
        return Said(text, tuple(sentences), tuple(asked))


# A learner and their coach ------------------------------------------------------------------------------------------


class Talk:
    """One learner talking to a coach; every call is a new message."""

    def __init__(self, coach: Coach, person_id: int) -> None:
        self.coach, self.person_id, self.said = coach, person_id, 0

    def turn(self, text: str = "") -> Turn:
        """The next message."""
        self.said += 1
        return Turn(f"m-{self.person_id}-{self.said}", self.person_id, "web", text)

    def start(self, text: str = "start") -> Move:
        """Say what to practise."""
        return self.coach.start_practice(self.turn(text))

    def answer(self, text: str) -> Move:
        """Answer the open question."""
        return self.coach.take_answer(self.turn(text))

    def choose(self, question: str, option: str) -> Move:
        """Tap an option."""
        return self.coach.choose(self.turn(f"/choose {option}"), question, option)

    def say(self, use_case: str, text: str = "") -> Move:
        """Any other use case by its name."""
        made: Move = getattr(self.coach, use_case)(self.turn(text or use_case))
        return made

    @property
    def practice(self) -> Practice:
        """Where the practice stands."""
        with self.coach.records.reading() as tx:
            opened = tx.open_practice(self.person_id)
        assert opened is not None, "no practice is open"
        return opened[1]

    @property
    def question(self) -> str | None:
        """Id of the open question."""
        return self.practice.question

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table that are this learner's, in the order of their making."""
        with self.coach.records.reading() as tx:
            return list(tx._all(table.select().where(table.c.person_id == self.person_id)))

    def state(self, statement: str) -> str:
        """Coverage state of a statement, "" if not started."""
        with self.coach.records.reading() as tx:
            row = tx.coverage_of(self.person_id).get(statement)
        return str(row["state"]) if row else ""


def names(move: Move) -> list[str]:
    """The responses of a move, in order."""
    return [line.name for line in move.lines]


def args(move: Move, name: str) -> dict[str, str]:
    """What fills the gaps of the first line of that name."""
    return next(line.args for line in move.lines if line.name == name)


def new_talk(coach: Coach, unit: str = "t1", name: str = "Ada Learner") -> Talk:
    """A new learner of a unit, ready to talk."""
    return Talk(coach, people.add_person(coach.records, name, ["learner"], coach.clock(), units=[unit]))


@pytest.fixture
def coach(tiny: Syllabus, sqlite_records: Records, clock: Clock) -> Coach:
    """A coach on the tiny content, SQLite and the fake marker."""
    return Coach(tiny, FakeMarker(), sqlite_records, clock)


@pytest.fixture
def talk(coach: Coach) -> Talk:
    """A learner of t1 who has said where they work."""
    made = new_talk(coach)
    with coach.records.begin() as tx:
        tx.save_workplace(made.person_id, Workplace("Greenway"), coach.clock())
    return made
