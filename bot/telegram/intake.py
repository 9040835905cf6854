"""Where updates come in: by polling or by webhook; recorded once, then worked off in their chat's order."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Optional

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram import Bot, Update
from telegram.constants import ChatType
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.records import telegram
from bot.records.store import Records
from bot.telegram.courier import Courier, seconds_of
from bot.telegram.desk import Desk
from bot.telegram.door import Door

log = logging.getLogger(__name__)

WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
MOST_TRIES = 4  # of one update that cannot be worked off for a reason of ours
LONGEST_POLL = 25  # seconds
IDLE_RESET = 20 * 3600.0  # seconds; after a week without updates Telegram starts its numbers anew
MOST_BYTES = 1_000_000
DELAYS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Intake:
    """Records every update before Telegram is told that it was received."""

    def __init__(
        self, bot: Bot, name: str, records: Records, desk: Desk, door: Door, courier: Courier,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.bot, self.name, self.records, self.desk, self.door = bot, name, records, desk, door
        self.courier, self.clock = courier, clock
        self._working: dict[str, asyncio.Task[None]] = {}
        self._strangers: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    # In -----------------------------------------------------------------------------------------------------------

    async def take_all(self, bodies: Sequence[dict[str, Any]]) -> None:
        """Record updates: a chat's in their order, chats in parallel. Raises if one could not be recorded."""
        chats: dict[str, list[dict[str, Any]]] = {}
        for body in bodies:
            chats.setdefault(_chat_of(body)[0], []).append(body)
        outcomes = await asyncio.gather(*(self._take_chat(b) for b in chats.values()), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _take_chat(self, bodies: Sequence[dict[str, Any]]) -> None:
        for body in bodies:
            await self.take(body)

    async def take(self, body: dict[str, Any]) -> None:
        """Record one update. A learner's is kept and worked off; others are answered at once, and only counted."""
        update_id, (chat, kind, number) = int(body["update_id"]), _chat_of(body)
        private = kind == ChatType.PRIVATE
        if private and number:
            self.courier.newest = max(self.courier.newest, number)
        person = await asyncio.to_thread(telegram.person_of, self.records, chat) if private else None
        if person is not None:
            await asyncio.to_thread(
                telegram.keep, self.records, self.door.bot_id, update_id, self.clock(), chat,
                number if "message" in body else None, body,
            )  # fmt: skip
            self.poke(chat)
            return
        async with self._strangers[chat]:
            if not await asyncio.to_thread(telegram.known, self.records, self.door.bot_id, update_id):
                await self._stranger(body, private)
                await asyncio.to_thread(telegram.keep, self.records, self.door.bot_id, update_id, self.clock())
        if len(self._strangers) > 1000:
            self._strangers = defaultdict(asyncio.Lock, {c: k for c, k in self._strangers.items() if k.locked()})

    async def _stranger(self, body: dict[str, Any], private: bool) -> None:
        update = Update.de_json(body, self.bot)
        try:
            if update is None:
                return
            if not private:
                await self.door.group(update, self.name)
                return
            joined = await self.door.stranger(update)
            if joined is not None:
                id = self.door.message_id(update.update_id)
                await self.desk.relay.accept(joined, telegram.CHANNEL, id, "/start", "/greet")
        except TelegramError as error:
            if not isinstance(error, RetryAfter) and not _no_network(error):
                log.warning("a stranger could not be answered (%s)", type(error).__name__)
                return
            raise

    # Out ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go on with what was left waiting."""
        for chat in await asyncio.to_thread(telegram.waiting_chats, self.records, self.door.bot_id):
            self.poke(chat)

    async def sweep(self) -> None:
        """Look again and again for what is left waiting, until cancelled."""
        while True:
            with contextlib.suppress(SQLAlchemyError):
                await self.start()
            await asyncio.sleep(2)

    def poke(self, chat: str) -> None:
        """See to it that somebody works off this chat's updates."""
        task = self._working.get(chat)
        if task is None or task.done():
            self._working[chat] = asyncio.create_task(self._work(chat))

    async def _work(self, chat: str) -> None:
        try:
            while True:
                waiting = await asyncio.to_thread(telegram.next_waiting, self.records, self.door.bot_id, chat)
                if waiting is None:
                    return
                try:
                    await self.desk.work_off(waiting)
                    self.courier.wake.set()
                except SQLAlchemyError:
                    raise
                except Exception as error:
                    await self._stumbled(waiting, error)
        except SQLAlchemyError:
            log.warning("the records cannot be reached just now; a chat's updates wait")
            await asyncio.sleep(1)
        finally:
            self._working.pop(chat, None)

    async def _stumbled(self, waiting: telegram.Waiting, error: Exception) -> None:
        log.error("update %s failed (%s)", waiting.update_id, type(error).__name__)
        if waiting.tries + 1 < MOST_TRIES:
            await asyncio.to_thread(telegram.tried, self.records, self.door.bot_id, waiting.update_id)
            wait = seconds_of(error) if isinstance(error, RetryAfter) else DELAYS[waiting.tries]
            await asyncio.sleep(wait)
            return
        person = await asyncio.to_thread(telegram.person_of, self.records, waiting.chat_id)
        if person is None:
            await self.desk.close(waiting)
        else:
            await self.desk.reply(waiting, person, self.desk.texts.say("gave_up"))

    async def stop(self) -> None:
        """Stop working; what is not worked off stays recorded."""
        tasks = list(self._working.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Polling ------------------------------------------------------------------------------------------------------

    async def poll(self) -> None:
        """Fetch updates until cancelled; confirms them only when they are recorded, and backs off from trouble."""
        offset: Optional[int] = None
        loop = asyncio.get_running_loop()
        failures, last = 0, loop.time()
        while True:
            try:
                updates = await self.bot.get_updates(
                    offset=offset,
                    timeout=LONGEST_POLL if self.courier.caught_up.is_set() else 0,
                    allowed_updates=WANTED,
                    read_timeout=LONGEST_POLL + 10,
                )
                if updates:
                    await self.take_all([u.to_dict() for u in updates])
                    offset, last = updates[-1].update_id + 1, loop.time()
                else:
                    self.courier.caught_up.set()
                    if loop.time() - last > IDLE_RESET:
                        offset = None
                failures = 0
            except (TelegramError, SQLAlchemyError) as error:
                wait = seconds_of(error) if isinstance(error, RetryAfter) else DELAYS[min(failures, len(DELAYS) - 1)]
                failures += 1
                log.warning("no updates just now (%s)%s; next try in %.1f s", type(error).__name__, _why(error), wait)
                await asyncio.sleep(wait)

    # Webhook ------------------------------------------------------------------------------------------------------

    def app(self, path: str, secret: str) -> Starlette:
        """`POST path` takes an update that carries the secret; `GET /healthz` says that the gateway is there."""

        async def hook(request: Request) -> Response:
            given = request.headers.get("x-telegram-bot-api-secret-token", "")
            if not hmac.compare_digest(given.encode(), secret.encode()):
                return PlainTextResponse("", 403)
            body = await _body(request)
            if body is None:
                return PlainTextResponse("", 400)
            try:
                await self.take(body)
            except (TelegramError, SQLAlchemyError) as error:
                log.warning("an update could not be taken just now (%s); Telegram sends it again", type(error).__name__)
                return PlainTextResponse("", 503)
            return PlainTextResponse("")

        async def healthz(request: Request) -> Response:
            return PlainTextResponse("ok")

        return Starlette(routes=[Route(path, hook, methods=["POST"]), Route("/healthz", healthz)])


async def _body(request: Request) -> Optional[dict[str, Any]]:
    """The JSON object of a request with an update's number; None if it is none, or too large."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            return None
    try:
        body = json.loads(data)
        return body if isinstance(body, dict) and int(body["update_id"]) >= 0 else None
    except (ValueError, KeyError, TypeError):
        return None


def _chat_of(body: dict[str, Any]) -> tuple[str, str, int]:
    """The chat of an update, its kind, and the number of the message in it (0: none)."""
    query = body.get("callback_query") or {}
    for part in (body.get("message"), body.get("edited_message"), query.get("message"), body.get("my_chat_member")):
        if isinstance(part, dict) and isinstance(part.get("chat"), dict):
            chat = part["chat"]
            return str(chat.get("id", "")), str(chat.get("type", "")), int(part.get("message_id") or 0)
    return "", "", 0


def _no_network(error: TelegramError) -> bool:
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)


def _why(error: Exception) -> str:
    if isinstance(error, Conflict):
        return ": another gateway, or a webhook, takes this bot's updates"
    return ": Telegram does not accept the token" if isinstance(error, InvalidToken) else ""
