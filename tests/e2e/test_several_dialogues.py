"""Two dialogue processes, two relays, many learners at once, and one of the processes is killed in the middle.

`RAPPORT_TEST_LEARNERS=64` runs the large form.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from bot import bootstrap
from bot.dialogues import Dialogues
from bot.records import messages, people
from bot.records import tables as t
from bot.records.conversations import sender_of
from bot.records.engine import migrate, open_engine
from bot.records.store import Records, Workplace
from bot.relay import Relay
from bot.relay_texts import relay_texts
from bot.settings import ROOT
from bot.training import child_environment, train
from bot.up import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

LEARNERS = int(os.environ.get("RAPPORT_TEST_LEARNERS") or 16)
SAYS = (
    "quiz me on 4.9",
    "they already know you and trust you so you need no adverts",
    "hint",
    "customers who know you tell their friends about you",
    "what does retention mean?",
    "stop",
)
SECRET = "secret-of-the-cluster"


class Cluster:
    """The processes: on PostgreSQL two that know nothing of each other, on SQLite two forked from one."""

    def __init__(self, data: Path, database: str) -> None:
        self.urls = [f"http://127.0.0.1:{port}" for port in free_ports(2)]
        self.postgres = database.startswith("postgresql")
        self.log = data / "dialogue.log"
        env = {
            "RAPPORT_DATA": str(data), "DATABASE_URL": database, "RAPPORT_DIALOGUE_SECRET": SECRET,
            "RAPPORT_TRACKER_URL": "", "RAPPORT_MODELS": "", "RAPPORT_KNOWLEDGE": "",
        }  # fmt: skip
        places = [url.removeprefix("http://") for url in self.urls]
        groups = places if self.postgres else [",".join(places)]
        self.environments = [child_environment(**env, RAPPORT_DIALOGUE_LISTEN=group) for group in groups]
        self.processes = [self.start(env) for env in self.environments]

    def start(self, env: dict[str, str]) -> subprocess.Popen[bytes]:
        """A process as the supervisor starts it."""
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "bot.dialogue.server"], cwd=ROOT, env=env, stdout=out, stderr=out
            )

    def wait_ready(self) -> None:
        """Wait until all answer."""
        deadline = time.monotonic() + 300
        for url in self.urls:
            while True:
                assert time.monotonic() < deadline, self.log.read_text()
                try:
                    if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.2)

    def kill_one(self) -> None:
        """SIGKILL the first; on PostgreSQL it is started again here, on SQLite the process that forked it does that."""
        first = self.processes[0]
        if self.postgres:
            first.kill()
            first.wait()
            self.processes[0] = self.start(self.environments[0])
            return
        children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
        assert len(children) == 2, children
        os.kill(int(children[0]), signal.SIGKILL)

    def stop(self) -> None:
        """Stop all."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(60)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder; the phrasings' vectors are the project's, where they were made."""
    train(ROOT / "models", lambda name, done, of: None)
    (ROOT / "var" / "cache").mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache").symlink_to(ROOT / "var" / "cache")
    return tmp_path


@pytest.fixture
def cluster(data: Path, empty_url: str) -> Iterator[Cluster]:
    """Running processes on an empty database."""
    engine = open_engine(empty_url)
    migrate(engine)
    engine.dispose()
    made = Cluster(data, empty_url)
    try:
        made.wait_ready()
        yield made
    finally:
        made.stop()


async def test_order_is_kept_and_nothing_is_lost_or_doubled_when_one_of_two_is_killed(
    cluster: Cluster, empty_url: str, data: Path
) -> None:
    records = Records(open_engine(empty_url))
    now = bootstrap.utc_now()
    learners = [people.add_person(records, f"Learner {n}", ["learner"], now, units=["d1"]) for n in range(LEARNERS)]
    for person in learners:
        with records.begin() as tx:
            tx.save_workplace(person, Workplace("Greenway Garage"), now)
    relays = [
        Relay(records, Dialogues(cluster.urls, SECRET, 20), bootstrap.utc_now, relay_texts(), notice_after=60)
        for _ in range(2)
    ]
    for relay in relays:
        await relay.start()

    async def talk(number: int, person: int) -> None:
        """All at once, now to one relay, now to the other, as from two web processes."""
        for n, said in enumerate(SAYS):
            await relays[(number + n) % 2].accept(person, "web", f"m-{person}-{n}", said)

    try:
        await asyncio.gather(*(talk(n, person) for n, person in enumerate(learners)))
        everything = LEARNERS * len(SAYS)
        await until(lambda: closed(records) > everything // 3)
        await asyncio.to_thread(cluster.kill_one)
        await until(lambda: closed(records) == everything)
        await until_all_ready(relays[0])
    finally:
        for relay in relays:
            await relay.stop()
            await relay.dialogue.close()  # type: ignore[attr-defined]
    for person in learners:
        check(records, person)
    check_trackers(empty_url if cluster.postgres else f"sqlite:///{data / 'tracker.sqlite'}", learners)
    records.engine.dispose()


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
async def test_asked_to_stop_they_finish_the_turns_in_hand_and_take_no_more(cluster: Cluster, empty_url: str) -> None:
    records = Records(open_engine(empty_url))
    now = bootstrap.utc_now()
    dialogues = Dialogues(cluster.urls, SECRET, 20)
    queued = []
    for n in range(12):
        person = people.add_person(records, f"Learner {n}", ["learner"], now, units=["d1"])
        messages.accept(records, f"m-{person}", person, "web", "quiz me on 4.9", None, now)
        queued.append(messages.claim(records, person, now, now + timedelta(seconds=60)))
    turns = [asyncio.create_task(dialogues.work_off(message)) for message in queued if message]
    await until(lambda: closed(records) > 0)
    in_hand = sum(not turn.done() for turn in turns)
    await asyncio.to_thread(cluster.stop)
    ended = await asyncio.gather(*turns, return_exceptions=True)
    await dialogues.close()
    assert in_hand > 0 and ended == [False] * len(turns)  # nobody has more waiting
    assert closed(records) == len(turns) == 12
    assert all(message and messages.replies_to(records, message.message_id) for message in queued)
    records.engine.dispose()


async def until(condition: Any, patience: float = 400) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + patience
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def until_all_ready(relay: Any) -> None:
    """The killed one is back and is found."""
    await until(lambda: all(process.ready for process in relay.dialogue._known.values()))


def closed(records: Records) -> int:
    """Messages that are worked off."""
    with records.reading() as tx:
        query = select(t.message.c.id).where(t.message.c.direction == "in", t.message.c.status != "queued")
        return len(tx._all(query))


def check(records: Records, person: int) -> None:
    """Every message answered once and well, in order; every answer recorded once."""
    rows = messages.history(records, person, limit=1000)
    sent = [f"m-{person}-{n}" for n in range(len(SAYS))]
    assert [r["message_id"] for r in rows if r["direction"] == "in"] == sent
    assert {r["status"] for r in rows} == {"done"}
    out = [r for r in rows if r["direction"] == "out" and r["kind"] != "notice"]
    answered = [r["in_reply_to"] for r in out]
    assert list(dict.fromkeys(answered)) == sent and answered == sorted(answered)
    assert Counter(r["message_id"] for r in out).most_common(1)[0][1] == 1
    said = {id: "\n".join(r["text"] for r in out if r["in_reply_to"] == id) for id in sent}
    assert "new customer" in said[sent[0]] and "Hint" in said[sent[2]] + said[sent[1]] + said[sent[3]], said
    assert "Keeping" in said[sent[4]] or "keep" in said[sent[4]], said
    with records.reading() as tx:
        attempts = tx._all(select(t.attempt.c.message_id).where(t.attempt.c.person_id == person))
        moves = tx._all(select(t.move.c.message_id).where(t.move.c.person_id == person))
        opened = tx.open_practice(person)
    assert sorted(a["message_id"] for a in attempts) == [sent[1], sent[3]]
    assert sorted(m["message_id"] for m in moves) == sent
    assert opened is None or opened[1].paused, "the last message was `stop`"


def check_trackers(url: str, learners: list[int]) -> None:
    """Rasa's own copy holds every message once, in order."""
    engine = open_engine(url)
    query = text("SELECT data FROM events WHERE sender_id = :who AND type_name = 'user' ORDER BY id")
    with engine.connect() as connection:
        for person in learners:
            rows = connection.execute(query, {"who": sender_of(person)}).scalars().all()
            ids = [str(json.loads(row).get("message_id")) for row in rows]
            assert [id for id in ids if id.startswith("m-")] == [f"m-{person}-{n}" for n in range(len(SAYS))]
    engine.dispose()
