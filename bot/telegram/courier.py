"""Carries deliveries to Telegram: one at a time per chat, chats in parallel, each part once.

The Bot API has no key by which a repeated request would be known. So when the outcome of a request is not known (the
connection broke, the gateway was killed) the courier looks for the message among the numbers Telegram may have given
it: asking to set the buttons that are there already is refused as "not modified" if, and only if, the message exists.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Optional

import httpx
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, InputFile, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.records import claims, outbox, telegram
from bot.records.outbox import Delivery
from bot.records.store import Records
from bot.records.telegram import CHANNEL, note_seen
from bot.telegram.parts import Part
from bot.telegram.wording import escape

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)  # only a claim that a database error left behind is waited for so long
LOOK_EVERY = 0.3  # seconds; what other processes push is seen no later than this
ALIVE_EVERY = timedelta(seconds=30)  # the status page sees from it that the gateway lives
MOST_LOOKED_AT = 300  # numbers in a search
CATCH_UP = 5.0  # seconds a search waits for the updates that came in the meantime
SPARE = 5  # numbers looked at beyond the newest that is known
MOST_TRIES = 12  # of one delivery, where the reason is no network
GONE = ("chat not found", "user is deactivated", "bot was blocked", "peer_id_invalid")


class Courier:
    """`newest` is the highest message number that this bot has seen."""

    def __init__(
        self,
        bot: Bot,
        records: Records,
        clock: Callable[[], datetime],
        make: Callable[[Delivery], list[Part]],
    ) -> None:
        self.bot, self.records, self.clock, self.make = bot, records, clock, make
        self.newest = 0
        self.caught_up = asyncio.Event()  # set when the updates that waited are in, and `newest` with them
        self.wake = asyncio.Event()
        self.stopping = False
        self._said_alive: Optional[datetime] = None
        self._serving: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look for deliveries until cancelled; requests under way are finished first."""
        try:
            while not self.stopping:  # Python 3.10's wait_for may swallow a cancellation that meets a wake-up
                self.wake.clear()
                try:
                    await self._say_alive()
                    for chat in await asyncio.to_thread(outbox.due, self.records, CHANNEL, self.clock()):
                        if chat not in self._serving:
                            self._serving[chat] = asyncio.create_task(self._serve(chat))
                except SQLAlchemyError:
                    log.warning("the records cannot be read just now; deliveries wait")
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), LOOK_EVERY)
        finally:
            self.stopping = True
            tasks = list(self._serving.values())
            if tasks:
                await asyncio.wait(tasks, timeout=8)

    async def _say_alive(self) -> None:
        now = self.clock()
        if self._said_alive is None or not timedelta() <= now - self._said_alive < ALIVE_EVERY:
            self._said_alive = now
            await asyncio.to_thread(note_seen, self.records, now)

    async def _serve(self, chat: str) -> None:
        try:
            while not self.stopping:
                delivery = await asyncio.to_thread(self._claim, chat)
                if delivery is None:
                    return
                await self._deliver(delivery)
        except SQLAlchemyError:
            log.warning("the records cannot be reached just now; deliveries wait")
            await asyncio.sleep(1)
        finally:
            self._serving.pop(chat, None)

    def _claim(self, chat: str) -> Optional[Delivery]:
        now = self.clock()
        return outbox.claim(self.records, CHANNEL, chat, now, now + LEASE, self.newest)

    async def _deliver(self, delivery: Delivery) -> None:
        numbers, began, after = list(delivery.numbers), delivery.began, delivery.after_number
        searching = False
        try:
            made = await asyncio.to_thread(self.make, delivery)
            for i in range(len(numbers), len(made)):
                searching = began
                number = await self._find(delivery.external_id, after, made[i]) if began else None
                searching = False
                if began and number is None:  # what is sent now has a number above all that are known by now
                    await asyncio.to_thread(outbox.begin_again, self.records, delivery, self.newest)
                if number is None:
                    number = await self._send(delivery.external_id, made[i])
                numbers.append(number)
                began, after = False, max(self.newest, number)
                self.newest = after
                last = i == len(made) - 1
                await asyncio.to_thread(outbox.arrived, self.records, delivery, numbers, self.clock(), last, after)
            if len(numbers) >= len(made) and len(delivery.numbers) == len(numbers):  # nothing was left to send
                await asyncio.to_thread(outbox.arrived, self.records, delivery, numbers, self.clock(), True, after)
        except SQLAlchemyError:
            raise
        except Exception as error:
            # An error of the search says nothing about the request that is searched for.
            await self._failed(delivery, error, unsent=is_unsent(error) and not searching)

    async def _send(self, chat: str, part: Part) -> int:
        caption = escape(part.text) or None
        sent: Message
        if part.kind == "photo":
            sent = await self.bot.send_photo(chat, part.content, caption=caption, parse_mode=ParseMode.HTML)
        elif part.kind == "file":
            file = InputFile(part.content, filename=part.name)
            sent = await self.bot.send_document(chat, file, caption=caption, parse_mode=ParseMode.HTML)
        else:
            sent = await self.bot.send_message(
                chat, escape(part.text), parse_mode=ParseMode.HTML, reply_markup=part.keyboard
            )
        return int(sent.message_id)

    async def _find(self, chat: str, after: int, part: Part) -> Optional[int]:
        """The number of a part that an earlier request may have brought there; None if it did not arrive."""
        if not after:
            return None
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.caught_up.wait(), CATCH_UP)
        top = max(self.newest, await asyncio.to_thread(telegram.newest_number, self.records))
        top += SPARE + await asyncio.to_thread(telegram.uncertain, self.records)
        top = min(top, after + MOST_LOOKED_AT)
        others = await asyncio.to_thread(telegram.numbers_between, self.records, after, top)
        for number in range(after + 1, top + 1):
            if number in others:
                continue
            try:
                found = await self.bot.edit_message_reply_markup(chat, number, reply_markup=part.keyboard)
            except BadRequest as error:
                if "not modified" in str(error).lower():
                    return number
                continue
            if isinstance(found, Message) and part.text in (found.text, found.caption):
                return number
        return None

    async def _failed(self, delivery: Delivery, error: Exception, unsent: bool) -> None:
        """Note what became of it: try again, or never."""
        now, problem = self.clock(), type(error).__name__
        if isinstance(error, ChatMigrated):
            await asyncio.to_thread(outbox.moved, self.records, CHANNEL, delivery.external_id, str(error.new_chat_id))
            return
        if isinstance(error, Forbidden) or _gone(error):
            log.warning("person %s cannot be reached on Telegram (%s)", delivery.person_id, problem)
            await asyncio.to_thread(
                outbox.blocked, self.records, CHANNEL, delivery.external_id, f"{problem}: {error}", now
            )
            return
        network = isinstance(error, (NetworkError, RetryAfter, InvalidToken)) and not isinstance(error, BadRequest)
        if isinstance(error, BadRequest) or (not network and delivery.tries >= MOST_TRIES):
            log.error("delivery %s is given up (%s)", delivery.id, problem)
            await asyncio.to_thread(outbox.failed, self.records, delivery, f"{problem}: {error}", now)
            return
        if isinstance(error, RetryAfter):
            wait = seconds_of(error) + 0.1
        else:
            wait = min(30.0, 0.3 * 2 ** min(delivery.tries, 8))
            log.warning("delivery %s waits %.1f s (%s)", delivery.id, wait, problem)
        until = now + min(timedelta(seconds=wait), claims.BELIEVED)
        await asyncio.to_thread(outbox.put_back, self.records, delivery, until, problem, unsent)


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def is_unsent(error: Exception) -> bool:
    """Whether it is certain that the request has done nothing."""
    if isinstance(error, (RetryAfter, InvalidToken)):
        return True
    if not isinstance(error, TelegramError):
        return False
    return isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))


def _gone(error: Exception) -> bool:
    return isinstance(error, BadRequest) and any(sign in str(error).lower() for sign in GONE)
