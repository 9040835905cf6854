"""50 chats, 20 messages each, with flood limits, broken connections and two kills of the gateway process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.bootstrap import utc_now
from bot.records import channel_tables as ct
from bot.records import messages, telegram
from bot.records import tables as t
from bot.records.messages import Reply
from bot.records.store import Records
from bot.relay_texts import relay_texts
from bot.settings import ROOT
from bot.training import child_environment
from bot.up import free_port
from tests.telegram.conftest import learner, rows
from tests.telegram.standin import TOKEN, StandIn, random_faults

CHATS, EACH = 50, 20
SECRET = "dialogue-secret-of-the-test"


class FakeDialogue:
    """The dialogue process's port over real HTTP; a turn takes a few milliseconds."""

    def __init__(self, records: Records) -> None:
        self.records, self.port, self.turns = records, free_port(), 0
        ready = Route("/healthz", lambda request: Response("ok"))
        app = Starlette(routes=[Route("/turn", self.turn, methods=["POST"]), ready])
        config = uvicorn.Config(app, port=self.port, log_level="critical", ws="none", lifespan="off")
        self.server = uvicorn.Server(config)
        self.server.install_signal_handlers = lambda: None
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    async def turn(self, request: Request) -> Response:
        id = (await request.json())["message_id"]
        await run_in_threadpool(self._answer, id)
        return JSONResponse({"replies": 1})

    def _answer(self, id: str) -> None:
        self.turns += 1
        row = messages.find(self.records, id)
        with self.records.begin() as tx:
            messages.finish(tx, id, [Reply(f"heard: {row['text']}")], utc_now())

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


class Process:
    """The gateway as a process of its own; `kill` is a crash."""

    def __init__(self, api: StandIn, dialogue: FakeDialogue, data: Path, **env: str) -> None:
        self.log = data / "gateway.log"
        self.env = child_environment(
            TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=api.url, TELEGRAM_MESSAGES_PER_SECOND="200",
            RAPPORT_DATA=str(data), RAPPORT_DIALOGUE_URL=f"http://127.0.0.1:{dialogue.port}",
            RAPPORT_DIALOGUE_SECRET=SECRET, RAPPORT_NOTICE_AFTER="60", **env,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "bot.telegram"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=out, stderr=out)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def dialogue(sqlite_records: Records) -> Iterator[FakeDialogue]:
    made = FakeDialogue(sqlite_records)
    yield made
    made.stop()


def done(records: Records) -> bool:
    """Whether no delivery waits."""
    return {d["status"] for d in rows(records, ct.delivery)} == {"sent"}


@pytest.mark.e2e
@pytest.mark.parametrize("seed", [1])
def test_every_message_is_answered_once_and_in_order_through_floods_disconnects_and_two_kills(
    api: StandIn, sqlite_records: Records, dialogue: FakeDialogue, tmp_path: Path, seed: int
) -> None:
    chats = range(7000, 7000 + CHATS)
    for chat in chats:
        person = learner(sqlite_records, f"Learner {chat}")
        with sqlite_records.begin() as tx:
            telegram.tie(tx, str(chat), person, "test", utc_now())
    api.faults = random_faults(seed, 0.06)
    gateway = Process(api, dialogue, tmp_path)
    began = time.monotonic()
    try:
        dice = random.Random(seed)
        for i in range(EACH):
            for chat in dice.sample(list(chats), CHATS):
                api.write(chat, f"m{i}")
            time.sleep(0.1)
        total = CHATS * EACH
        for share in (0.3, 0.65):
            api.wait_for(lambda: sum(len(api.got(c)) for c in chats) > total * share, 240)  # noqa: B023
            gateway.kill()
            gateway.start()
        api.wait_for(lambda: sum(len(api.got(c)) for c in chats) >= total, 300)
        time.sleep(3)  # what is doubled would come now
        assert gateway.stop() == 0
    finally:
        gateway.process.kill()
    wanted = [f"heard: m{i}" for i in range(EACH)]
    for chat in chats:
        got = [(m["message_id"], m["text"]) for m in api.got(chat) if m["text"] not in relay_texts().values()]
        assert [text for _, text in got] == wanted, (chat, got)
    kept = rows(sqlite_records, t.message)
    answers = [m for m in kept if m["direction"] == "out" and m["extra"]["kind"] != "notice"]
    assert len([m for m in kept if m["direction"] == "in"]) == len(answers) == total
    assert {d["status"] for d in rows(sqlite_records, ct.delivery)} == {"sent"}
    assert {u["done_at"] is not None for u in rows(sqlite_records, ct.telegram_update)} == {True}
    assert api.too_early == 0, "Telegram's waiting times were kept"
    log = gateway.log.read_text()
    assert TOKEN not in log and TOKEN.partition(":")[2] not in log and SECRET not in log
    print(f"{total} messages in {time.monotonic() - began:.0f} s; {len(api.calls)} calls; {dialogue.turns} turns")
