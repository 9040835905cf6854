"""A gateway with the real python-telegram-bot, speaking over real HTTP to a Bot API stand-in on loopback."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from sqlalchemy import insert, select

from bot.bootstrap import utc_now
from bot.records import channel_tables as ct
from bot.records import messages, people, telegram
from bot.records import tables as t
from bot.records.messages import Queued, Reply
from bot.records.store import Records
from bot.relay_texts import relay_texts
from bot.settings import read_settings
from bot.syllabus.syllabus import Syllabus
from bot.telegram.gateway import Gateway
from bot.telegram.texts import texts
from bot.up import free_port
from tests.telegram.standin import TOKEN, StandIn

CHAT = 7001


class Echo:
    """A dialogue that repeats what it hears; `says` maps a text or payload to other replies."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.says: dict[str, list[Reply]] = {}
        self.delay = 0.0
        self.hook: Optional[Callable[[Queued], None]] = None

    async def work_off(self, message: Queued) -> None:
        await asyncio.sleep(self.delay)
        await asyncio.to_thread(self.answer, message)

    def answer(self, message: Queued) -> None:
        if self.hook:
            self.hook(message)
        said = message.payload or message.text
        replies = self.says.get(said, [Reply(f"heard: {said}")])
        with self.records.begin() as tx:
            messages.finish(tx, message.message_id, replies, utc_now())


class Running:
    """A gateway in a thread of its own."""

    def __init__(self, api: StandIn, records: Records, syllabus: Syllabus, data: Path, **env: str) -> None:
        self.api, self.records, self.syllabus = api, records, syllabus
        self.echo = Echo(records)
        self.hook_port = free_port()
        self.env = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": api.url,
            "TELEGRAM_MESSAGES_PER_SECOND": "500",
            "RAPPORT_DATA": str(data),
            "TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{self.hook_port}",
            **env,
        }
        self.demo = False
        self.thread: Optional[threading.Thread] = None
        self.error: Optional[BaseException] = None

    def start(self) -> Running:
        self.stopping, self.up, self.error = asyncio.Event(), threading.Event(), None
        self.thread = threading.Thread(target=self._main, daemon=True)
        self.thread.start()
        assert self.up.wait(20), self.error
        return self

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:
            self.error = error
        finally:
            self.up.set()

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        settings = read_settings(self.env)
        self.gateway = Gateway(
            settings, self.records, self.syllabus, self.echo, texts(), relay_texts(), utc_now,
            self._new_demo if self.demo else None,
        )  # fmt: skip
        await self.gateway.run(self.stopping, lambda name: self.up.set())

    def _new_demo(self) -> int:
        return people.add_person(self.records, "Telegram Demo-Learner", ["learner"], utc_now(), units=["t1"], demo=True)

    def stop(self) -> None:
        if self.thread and self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stopping.set)
            self.thread.join(30)
            assert not self.thread.is_alive()

    def quiet(self, patience: float = 15) -> None:
        """Wait until nothing is left to do."""
        deadline = time.monotonic() + patience
        while True:
            with self.records.reading() as tx:
                busy = [
                    *tx._all(select(t.message.c.id).where(t.message.c.status == "queued")),
                    *tx._all(select(ct.delivery.c.id).where(ct.delivery.c.status == "queued")),
                    *tx._all(select(ct.telegram_update.c.update_id).where(ct.telegram_update.c.done_at.is_(None))),
                ]
                seen = tx._all(select(ct.telegram_update.c.update_id))
            if not busy and {u["update_id"] for u in self.api.updates} <= {r["update_id"] for r in seen}:
                return
            assert time.monotonic() < deadline, busy
            time.sleep(0.03)


def learner(records: Records, name: str = "Ada", units: tuple[str, ...] = ("t1",), **more: Any) -> int:
    return people.add_person(records, name, ["learner"], utc_now(), units=list(units), **more)


def joined(records: Records, chat: int = CHAT, name: str = "Ada") -> int:
    """A learner whose Telegram account is connected."""
    id = learner(records, name)
    with records.begin() as tx:
        telegram.tie(tx, str(chat), id, "test", utc_now())
    return id


def rows(records: Records, table: Any) -> list[Any]:
    with records.reading() as tx:
        return tx._all(select(table))


def add(records: Records, table: Any, **values: Any) -> None:
    with records.begin() as tx:
        tx.connection.execute(insert(table).values(**values))


@pytest.fixture
def api() -> Iterator[StandIn]:
    made = StandIn().start()
    yield made
    made.stop()


@pytest.fixture
def gateway(api: StandIn, sqlite_records: Records, tiny: Syllabus, tmp_path: Path) -> Iterator[Running]:
    """A gateway that is not started yet."""
    made = Running(api, sqlite_records, tiny, tmp_path)
    yield made
    made.stop()
