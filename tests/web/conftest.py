"""A real SQLite, a small syllabus, a fake dialogue at the port, and browsers without a browser."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.marking.model import Marking, Match
from bot.records import messages, people
from bot.records import tables as t
from bot.records.engine import migrate, open_engine
from bot.records.messages import Queued, Reply
from bot.records.store import Records, Turn
from bot.relay import Relay
from bot.settings import read_settings
from bot.syllabus.model import (
    Bullet,
    Criterion,
    Expectation,
    Misconception,
    Outcome,
    Prompt,
    Question,
    Sufficient,
    Unit,
)
from bot.syllabus.syllabus import Syllabus
from bot.web.app import create_app
from bot.web.serve import server

PASSWORD = "correct horse battery"
TEXTS = {"slow": "Still working.", "down": "Restarting.", "failed": "Trying again.", "gave_up": "Could not."}
BUTTONS = ({"title": "Give me a hint", "payload": '/hint{"point": "costs"}'}, {"title": "Skip", "payload": "/skip"})


class FakeDialogue:
    """Answers every message with one reply and two buttons."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.worked: list[Queued] = []

    async def work_off(self, message: Queued) -> None:
        self.worked.append(message)
        await asyncio.to_thread(self._finish, message)

    def _finish(self, message: Queued) -> None:
        with self.records.begin() as tx:
            replies = [Reply(f"You said: {message.text[:80]}", "question", BUTTONS)]
            messages.finish(tx, message.message_id, replies, datetime.now(timezone.utc))


class Clock:
    """The real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead


class Centre:
    """People and answers to test with."""

    def __init__(self, records: Records, syllabus: Syllabus) -> None:
        self.records, self.syllabus = records, syllabus
        self.now = datetime.now(timezone.utc)
        self.learner = self.add("Lena Learner", "learner", "lena@example.org", "Spring")
        self.tutor = self.add("Tom Tutor", "tutor", "tom@example.org", "Spring")
        self.stranger = self.add("Stan Stranger", "learner", "stan@example.org", "Autumn")
        self.admin = self.add("Ada Admin", "admin", "ada@example.org", None)

    def add(self, name: str, role: str, email: str, cohort: Optional[str], **kw: Any) -> int:
        """A person with the password PASSWORD."""
        units = ["d1"] if role == "learner" else []
        id = people.add_person(self.records, name, [role], self.now, email, units, cohort, **kw)
        people.set_password(self.records, id, PASSWORD)
        return id

    def attempt(self, person: int, answer: str, key: str, **values: Any) -> int:
        """One stored answer to the cost question, with coverage refreshed."""
        question = self.syllabus.questions["d1-4.9-cost"]
        marking = Marking(
            (Match("costs", "met", 0.93, "pay for   ADVERTS"), Match("trust", "unsure", 0.5, "")),
            (Match("cheaper", "met", 0.81, "new is cheaper"),),
            "partly",
            "head-1",
        )
        stored = {
            "question_id": question.id,
            "question_text": question.text,
            "verdict": "partly",
            "points": 1,
            "needed": 2,
            "complete": False,
            "unassisted": False,
            "help": ["trust: hint_1"],
            "try_no": 2,
            "content_version": self.syllabus.version,
            "made_at": self.now,
            **values,
        }
        with self.records.begin() as tx:
            made = insert(t.exercise).values(
                person_id=person, kind="practice", state={}, opened_at=self.now, touched_at=self.now, closed_at=self.now
            )
            exercise = tx.connection.execute(made).inserted_primary_key[0]
            id = tx.add_attempt(
                Turn(key, person, "web", answer), exercise, stored, marking, self.syllabus.serves(question)
            )
            tx.refresh_coverage(person, self.syllabus.serves(question), set())
        return id

    def chat(self, person: int) -> list[dict[str, Any]]:
        """The conversation as it is kept."""
        return messages.history(self.records, person)


def _point(id: str, label: str) -> Expectation:
    return Expectation(id, label, f"{label}.", (), (), (), Prompt("", ()), "")


@pytest.fixture(autouse=True, scope="session")
def _quick_hashes() -> Iterator[None]:
    """The real hash takes a tenth of a second and 64 MB each time; these tests are not about it."""
    kept = people.HASHER, people._NOBODY
    people.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    people._NOBODY = people.HASHER.hash("nobody")
    yield
    people.HASHER, people._NOBODY = kept


@pytest.fixture(scope="session")
def syllabus() -> Syllabus:
    unit = Unit(
        id="d1", title="Develop customer relationships", number="D1", body="OCR", level=2, credits=6,
        guided_learning_hours=40, simulation_allowed=False, simulation_clause="1",
        outcomes=(Outcome("1", "Build confidence"), Outcome("4", "Know how")),
        criteria=(
            Criterion("1.1", "1", "performance", "show", "Show that they behave well"),
            Criterion("4.9", "4", "knowledge", "explain", "Explain the cost of new customers"),
            Criterion("4.10", "4", "knowledge", "identify", "Identify whom to refer to"),
        ),
        bullets=(Bullet("costs-new", "4", "What new customers cost", ("4.9",)),),
    )  # fmt: skip
    question = Question(
        id="d1-4.9-cost", form="open", role="plain", verb="explain", text="Why does a new customer cost more?",
        model_answer="", criteria=("4.9",), bullets=("costs-new",), sufficient=Sufficient(2, "two"),
        expectations=(_point("costs", "finding customers costs money"), _point("trust", "trust takes time")),
        misconceptions=(Misconception("cheaper", "New customers are cheaper.", (), "The other way round."),),
    )  # fmt: skip
    return Syllabus({"d1": unit}, {question.id: question}, {question.id: "d1"}, (), (), "abc123")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "empty.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def records(tmp_path: Path, migrated: Path) -> Iterator[Records]:
    path = tmp_path / "test.sqlite"
    shutil.copy(migrated, path)
    engine = open_engine(f"sqlite:///{path}")
    yield Records(engine)
    engine.dispose()


@pytest.fixture
def centre(records: Records, syllabus: Syllabus) -> Centre:
    return Centre(records, syllabus)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dialogue(records: Records) -> FakeDialogue:
    return FakeDialogue(records)


@pytest.fixture
def make_app(records: Records, syllabus: Syllabus, clock: Clock, dialogue: FakeDialogue) -> Callable[..., Starlette]:
    def make(demo: bool = True, **env: str) -> Starlette:
        settings = read_settings({"RAPPORT_DEMO": "1" if demo else "0", **env})
        return create_app(settings, syllabus, records, Relay(records, dialogue, clock, TEXTS), clock)

    return make


class Browser:
    """A browser without scripts: keeps cookies, fills in the forms' tokens."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf = ""

    def get(self, path: str, **kw: Any) -> Any:
        answer = self.client.get(path, **kw)
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        self.csrf = found[1] if found else self.csrf
        return answer

    def post(self, path: str, follow: bool = False, headers: Optional[dict[str, str]] = None, **form: str) -> Any:
        form.setdefault("csrf", self.csrf)
        return self.client.post(path, data=form, follow_redirects=follow, headers=headers)

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        self.get("/sign-in")
        answer = self.post("/sign-in", email=email, password=password)
        if answer.status_code == 303:
            self.get("/", follow_redirects=True)
        return answer


@pytest.fixture
def browser(make_app: Callable[..., Starlette], centre: Centre) -> Iterator[Browser]:
    with TestClient(make_app(), raise_server_exceptions=False) as client:
        yield Browser(client)


@pytest.fixture
def live(make_app: Callable[..., Starlette], centre: Centre) -> Iterator[Any]:
    """The application under a real uvicorn; `.url`, and `.stop()` returns the seconds it took."""

    class Live:
        def __init__(self) -> None:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
            self.url = f"http://127.0.0.1:{self.port}"
            self.start()

        def start(self) -> None:
            self.server = server(make_app(), "127.0.0.1", self.port)
            self.thread = threading.Thread(target=self.server.run, daemon=True)
            self.thread.start()
            wait_for(lambda: self.server.started)

        def stop(self) -> float:
            begun = time.monotonic()
            self.server.handle_exit(2, None)
            self.thread.join(10)
            return time.monotonic() - begun

    running = Live()
    yield running
    running.stop()


def wait_for(what: Callable[[], Any], seconds: float = 5) -> Any:
    """What `what` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
