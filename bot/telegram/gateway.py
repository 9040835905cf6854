"""The gateway as a whole: starts the bot, takes updates, carries deliveries, reminds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets as random_secrets
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Optional
from urllib.parse import urlsplit

import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from telegram import BotCommand, User
from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.errors import SettingsError
from bot.records import outbox, reminders, telegram
from bot.records.store import Records
from bot.relay import Dialogue, Relay
from bot.settings import Settings
from bot.syllabus.syllabus import Syllabus
from bot.telegram.courier import Courier, seconds_of
from bot.telegram.desk import Desk
from bot.telegram.door import Door
from bot.telegram.intake import DELAYS, WANTED, Intake
from bot.telegram.parts import Maker
from bot.telegram.texts import Texts

log = logging.getLogger(__name__)

REMIND_EVERY = 60.0  # seconds
STOPS_WITHIN = 12.0  # seconds
UPDATES_KEPT = timedelta(days=7)  # their numbers; a message can be edited for two days


class Waking:
    """The dialogue process, and a wake-up call for the courier when a turn's replies are there."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue, self.wake = dialogue, asyncio.Event()

    async def work_off(self, message: Any) -> Optional[bool]:
        """Work one message off."""
        more = await self.dialogue.work_off(message)
        self.wake.set()
        return more


def make_bot(settings: Settings) -> ExtBot[int]:
    """The bot with its flood limits; not yet connected."""
    return ExtBot(
        settings.telegram_token,
        base_url=f"{settings.telegram_api}/bot",
        base_file_url=f"{settings.telegram_api}/file/bot",
        request=HTTPXRequest(connection_pool_size=64, pool_timeout=30, connect_timeout=10, read_timeout=20),
        get_updates_request=HTTPXRequest(connection_pool_size=4, connect_timeout=10),
        rate_limiter=AIORateLimiter(overall_max_rate=settings.telegram_rate, max_retries=0),
    )


class Gateway:
    """`new_demo_learner` makes a learner for whoever comes without an invitation, where the demo is on."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        syllabus: Syllabus,
        dialogue: Dialogue,
        texts: Texts,
        relay_texts: dict[str, str],
        clock: Callable[[], datetime],
        new_demo_learner: Optional[Callable[[], int]] = None,
    ) -> None:
        self.settings, self.records, self.texts, self.clock = settings, records, texts, clock
        self.bot = make_bot(settings)
        waking = Waking(dialogue)
        self.relay = Relay(records, waking, clock, relay_texts, settings.notice_after)
        self.courier = Courier(self.bot, records, clock, Maker(records, syllabus, texts, clock))
        self.courier.wake = waking.wake
        bot_id = int(settings.telegram_token.partition(":")[0])
        self.door = Door(self.bot, bot_id, records, texts, clock, new_demo_learner)
        self.desk = Desk(self.bot, records, self.relay, self.door, texts, clock)

    async def run(self, stop: asyncio.Event, ready: Callable[[str], object]) -> None:
        """Run until `stop` is set. SettingsError if Telegram does not accept the token."""
        me = await self._connect(stop)
        if me is None:
            return
        name = me.username or ""
        await asyncio.to_thread(telegram.note_bot, self.records, name)
        await asyncio.to_thread(outbox.release_all, self.records, telegram.CHANNEL)
        self.courier.newest = await asyncio.to_thread(telegram.newest_number, self.records)
        intake = Intake(self.bot, name, self.records, self.desk, self.door, self.courier, self.clock)
        await self.relay.start()
        tasks = [asyncio.create_task(t) for t in (self.courier.run(), intake.sweep(), self._remind())]
        tasks.append(asyncio.create_task(await self._receiving(intake, stop)))
        ready(name)
        waiting = asyncio.create_task(stop.wait())
        try:
            over, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in over - {waiting}:
                task.result()
        finally:
            waiting.cancel()
            self.courier.stopping = True
            for task in reversed(tasks):
                task.cancel()
            await asyncio.wait(tasks, timeout=STOPS_WITHIN)
            await intake.stop()
            await self.relay.stop()
            with contextlib.suppress(TelegramError, RuntimeError):
                await self.bot.shutdown()

    async def _connect(self, stop: asyncio.Event) -> Optional[User]:
        """Ask Telegram who we are, set the menu; waits for the network as long as it takes."""

        async def hello() -> User:
            await self.bot.initialize()
            await self.bot.set_my_commands([BotCommand(name, text) for name, text in self.texts.commands()])
            return await self.bot.get_me()

        me: Optional[User] = await self._insist(hello, stop)
        return me

    async def _insist(self, what: Callable[[], Coroutine[Any, Any, Any]], stop: asyncio.Event) -> Any:
        failures = 0
        while not stop.is_set():
            try:
                return await what()
            except InvalidToken:
                # Not with the library's own text, which holds the token.
                raise SettingsError(
                    "Telegram does not accept TELEGRAM_BOT_TOKEN. Copy it anew from @BotFather."
                ) from None
            except TelegramError as error:
                wait = seconds_of(error) if isinstance(error, RetryAfter) else DELAYS[min(failures, len(DELAYS) - 1)]
                failures += 1
                log.warning("Telegram cannot be reached (%s); next try in %.1f s", type(error).__name__, wait)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stop.wait(), wait)
        return None

    async def _receiving(self, intake: Intake, stop: asyncio.Event) -> Coroutine[Any, Any, None]:
        """Tell Telegram how updates come, and give what receives them."""
        address = self.settings.telegram_webhook
        if not address:
            await self._insist(lambda: self.bot.delete_webhook(drop_pending_updates=False), stop)
            return intake.poll()
        self.courier.caught_up.set()
        secret = self.settings.telegram_secret or random_secrets.token_urlsafe(32)
        host, _, port = self.settings.telegram_listen.rpartition(":")
        app = intake.app(urlsplit(address).path or "/", secret)
        server = Hook(
            uvicorn.Config(
                app, host=host, port=int(port), log_level="warning", access_log=False, ws="none", log_config=None
            )
        )

        async def tell() -> None:
            await self.bot.set_webhook(address, secret_token=secret, allowed_updates=WANTED, max_connections=20)

        async def serve() -> None:
            await asyncio.gather(server.serve(), self._insist(tell, stop))

        return serve()

    async def _remind(self) -> None:
        """Look once a minute for due reviews, and drop the numbers of old updates."""
        while True:
            try:
                made = await asyncio.to_thread(
                    reminders.remind,
                    self.records,
                    self.clock(),
                    lambda due: self.texts.raw("utter_reminder", due=due),
                    self.texts.buttons["utter_reminder"],
                )
                if made:
                    self.courier.wake.set()
                before = self.clock() - UPDATES_KEPT
                await asyncio.to_thread(telegram.forget_old, self.records, self.door.bot_id, before)
            except SQLAlchemyError:
                log.warning("the records cannot be read just now; reminders wait")
            await asyncio.sleep(REMIND_EVERY)


class Hook(uvicorn.Server):
    """A server whose signals are handled by the gateway."""

    def install_signal_handlers(self) -> None:
        """Leave them alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave them alone."""
        yield
