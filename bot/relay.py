"""A message in, replies out, exactly once: used by web, Telegram and the terminal alike.

Each incoming message is kept before anything else. One worker a person hands the messages to a dialogue process in
order: it claims the person's earliest waiting message in the records, for some seconds at a time, so that of several
relays one works for a person, and another goes on when it dies. The dialogue process keeps the replies and closes the
message in one transaction, and answers a message it has seen before with the same replies; so a message may be handed
over as often as it takes, to whichever process.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Optional, Protocol

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DialogueUnavailable
from bot.logs import CONVERSATION
from bot.records import messages
from bot.records.messages import Queued
from bot.records.store import Records

log = logging.getLogger(__name__)

LONGEST = 10_000  # characters kept of one message
MOST_TRIES = 5
LEASE = timedelta(seconds=15)
RETRY_DELAYS = (0.3, 1.0, 2.0, 4.0)


class Dialogue(Protocol):
    """Works one message off; returns when its replies are kept, raises DialogueUnavailable otherwise."""

    async def work_off(self, message: Queued) -> Optional[bool]:
        """Whether another message of the person waited when this one was closed; None if that is not known."""


class Relay:
    """Keeps, hands over in order, and tells the person how it goes. `texts` are what it says itself."""

    def __init__(
        self,
        records: Records,
        dialogue: Dialogue,
        clock: Callable[[], datetime],
        texts: dict[str, str],
        notice_after: float = 3.5,
    ) -> None:
        self.records, self.dialogue, self.clock = records, dialogue, clock
        self.texts, self.notice_after = texts, notice_after
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._claimed: dict[int, Queued] = {}  # accepted and claimed in one go, not handed over yet
        self._poked: set[int] = set()  # while their worker was working
        self._taking: set[asyncio.Task[bool]] = set()
        self._changed: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._sweeper: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        """Begin to look for messages that were left waiting, here or by another process."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Stop handing over; what is not finished stays waiting."""
        await asyncio.gather(*self._taking, return_exceptions=True)
        tasks = [t for t in (self._sweeper, *self._workers.values()) if t]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for message in self._claimed.values():
            await asyncio.to_thread(messages.release, self.records, message.message_id, False, self.clock())
        self._claimed.clear()

    async def accept(
        self,
        person_id: int,
        channel: str,
        message_id: str,
        text: str,
        payload: Optional[str] = None,
        corrects: Optional[str] = None,
    ) -> bool:
        """Keep a message and start working on it; False if it was known already. Raises if it cannot be kept."""
        message = Queued(message_id, person_id, channel, clean(text)[:LONGEST], payload, 0, self.clock())
        taking = asyncio.create_task(self._take(message, corrects))
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        return await asyncio.shield(taking)  # whoever hands it in may go away: what is claimed is worked off

    async def _take(self, message: Queued, corrects: Optional[str]) -> bool:
        person_id = message.person_id
        until = None if self._works_for(person_id) else message.created_at + LEASE
        claimed = await asyncio.to_thread(messages.take, self.records, message, corrects, until)
        if claimed:
            self._claimed[person_id] = message
        self.poke(person_id)
        return claimed is not None

    def poke(self, person_id: int) -> None:
        """See to it that a worker looks after this person's waiting messages."""
        if self._works_for(person_id):
            self._poked.add(person_id)
        else:
            self._workers[person_id] = asyncio.create_task(self._work(person_id))

    def _works_for(self, person_id: int) -> bool:
        worker = self._workers.get(person_id)
        return worker is not None and not worker.done()

    async def changed(self, person_id: int, timeout: float) -> bool:
        """Wait until this person may have new messages; False when `timeout` seconds went by first."""
        try:
            await asyncio.wait_for(self._changed[person_id].wait(), timeout)
            return True
        except asyncio.TimeoutError:
            return False

    def _tell(self, person_id: int) -> None:
        self._changed.pop(person_id, asyncio.Event()).set()

    async def _sweep(self) -> None:
        while True:
            try:
                for person_id in await asyncio.to_thread(messages.waiting_people, self.records, self.clock()):
                    self.poke(person_id)
            except SQLAlchemyError:
                log.warning("the records cannot be read just now; trying again")
            self._workers = {p: w for p, w in self._workers.items() if not w.done()}
            await asyncio.sleep(1)

    async def _work(self, person_id: int) -> None:
        CONVERSATION.set(person_id)  # a task has a context of its own
        self._tell(person_id)
        notified: set[str] = set()
        delays = iter(RETRY_DELAYS)
        while True:
            try:
                message = self._claimed.pop(person_id, None) or await self._claim(person_id)
                if message is None and person_id in self._poked:
                    continue
                if message is None:
                    return
                done, more = await self._hand_over(message, notified)
                if done:
                    delays = iter(RETRY_DELAYS)
                    if more is False and person_id not in self._poked:
                        return
                    continue
            except SQLAlchemyError:
                log.warning("the records cannot be reached just now; person %s waits", person_id)
            await asyncio.sleep(next(delays, RETRY_DELAYS[-1]))

    async def _claim(self, person_id: int) -> Optional[Queued]:
        self._poked.discard(person_id)
        now = self.clock()
        return await asyncio.to_thread(messages.claim, self.records, person_id, now, now + LEASE)

    async def _hand_over(self, message: Queued, notified: set[str]) -> tuple[bool, Optional[bool]]:
        """Try once; whether the message is closed, one way or the other, and whether more wait (None: not known)."""
        task = asyncio.ensure_future(self.dialogue.work_off(message))
        failed = False
        try:
            while not task.done():
                waited = (self.clock() - message.created_at).total_seconds()
                left = max(0.05, self.notice_after - waited) if message.message_id not in notified else 5.0
                await asyncio.wait({task}, timeout=min(left, 5.0))
                if not task.done():
                    await self._notice(message, "slow", notified)
                    await asyncio.to_thread(self._extend, message)
            more = task.result()
            self._tell(message.person_id)
            return True, more
        except DialogueUnavailable as error:
            failed = "failed" in error.args
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.to_thread(messages.release, self.records, message.message_id, False, self.clock())
            raise
        if failed and message.tries + 1 >= MOST_TRIES:
            await asyncio.to_thread(self._give_up, message)
            self._tell(message.person_id)
            return True, None
        waited = (self.clock() - message.created_at).total_seconds()
        if failed or waited >= 1.0:
            await self._notice(message, "failed" if failed else "down", notified)
        await asyncio.to_thread(messages.release, self.records, message.message_id, failed, self.clock())
        return False, None

    async def _notice(self, message: Queued, which: str, notified: set[str]) -> None:
        if message.message_id in notified:
            return
        notified.add(message.message_id)
        text = self.texts[which]
        await asyncio.to_thread(messages.add_notice, self.records, message, text, self.clock())
        self._tell(message.person_id)

    def _extend(self, message: Queued) -> None:
        messages.extend(self.records, message.message_id, self.clock() + LEASE)

    def _give_up(self, message: Queued) -> None:
        messages.give_up(self.records, message, self.texts["gave_up"], self.clock())


def clean(text: str) -> str:
    """`text` without NUL and other control characters that no database or page wants; line breaks and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff"))
