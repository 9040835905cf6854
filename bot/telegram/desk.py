"""Works off the updates of a learner's private chat, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Optional

from telegram import Bot, CallbackQuery, Message, Update
from telegram.constants import ChatAction, ChatMemberStatus
from telegram.error import TelegramError

from bot.errors import BadInput
from bot.records import corrections, outbox, reminders, reports, telegram
from bot.records.store import Records
from bot.records.telegram import CHANNEL, Waiting
from bot.relay import Relay
from bot.telegram.door import AGREE, DECLINE, Door
from bot.telegram.texts import Texts
from bot.telegram.wording import press

log = logging.getLogger(__name__)

COMMAND = re.compile(r"/([A-Za-z_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
PAYLOADS = {
    "practice": "/start_practice",
    "roleplay": "/start_roleplay",
    "progress": "/progress",
    "hint": "/hint",
    "skip": "/skip",
    "stop": "/stop",
    "resume": "/resume",
    "why": "/why_mark",
    "help": "/help",
    "privacy": "/privacy",
    "delete": "/delete_data",
}
# The words for commands that the gateway answers itself; the words for all others are understood by the dialogue.
WORDS = {"remind me": "remind on", "stop reminding me": "remind off", "export my data": "export"}
LAST_WORDS_WAIT = 60.0  # seconds an edit waits for the answers before it
REPLY_WAIT = 10.0  # seconds a reply of the gateway's own waits for them
TYPING_AFTER, TYPING_EVERY, TYPING_FOR = 0.4, 4.5, 60.0  # seconds


class Desk:
    """What a learner does on Telegram, handed to the relay or answered through the outbox."""

    def __init__(
        self, bot: Bot, records: Records, relay: Relay, door: Door, texts: Texts, clock: Callable[[], datetime]
    ) -> None:
        self.bot, self.records, self.relay, self.door = bot, records, relay, door
        self.texts, self.clock = texts, clock
        self._typing: dict[str, asyncio.Task[None]] = {}

    async def work_off(self, waiting: Waiting) -> None:
        """Handle one update and close it."""
        update = Update.de_json(waiting.body, self.bot)
        person = await asyncio.to_thread(telegram.person_of, self.records, waiting.chat_id)
        if person is None or update is None:
            await self.close(waiting)
        elif update.my_chat_member is not None:
            await self._membership(waiting, update.my_chat_member.new_chat_member.status)
        elif update.callback_query is not None:
            await self._query(waiting, person, update.callback_query)
        elif update.edited_message is not None:
            await self._edited(waiting, person, update.edited_message)
        elif update.message is not None:
            await asyncio.to_thread(outbox.unblocked, self.records, CHANNEL, waiting.chat_id)
            await self._message(waiting, person, update.message)
        else:
            await self.close(waiting)

    async def close(self, waiting: Waiting) -> None:
        """The update is worked off."""
        await asyncio.to_thread(self._close, waiting, 0, "")

    async def reply(self, waiting: Waiting, person: int, text: str, kind: str = "telegram") -> None:
        """Answer an update and close it, in one transaction; after the answers to what came before it."""
        await self._answered(person, REPLY_WAIT)
        await asyncio.to_thread(self._close, waiting, person, text, kind)

    def _close(self, waiting: Waiting, person: int, text: str, kind: str = "") -> None:
        now = self.clock()
        with self.records.begin() as tx:
            if telegram.done(tx, self.door.bot_id, waiting.update_id, now) and text:
                outbox.push(tx, person, text, kind, now)

    # Messages -----------------------------------------------------------------------------------------------------

    async def _message(self, waiting: Waiting, person: int, message: Message) -> None:
        if message.text is None:
            if message.effective_attachment is not None:
                await self.reply(waiting, person, self.texts.say("please_type"))
            else:
                await self.close(waiting)  # a service message: a new picture of the chat and the like
            return
        words = " ".join(message.text.lower().split()).strip(" .!")
        found = COMMAND.fullmatch(f"/{WORDS[words]}" if words in WORDS else message.text.strip())
        if found is None:
            await self.hand_over(waiting, person, message.text)
            return
        await self._command(waiting, person, message.text, found[1].lower(), (found[2] or "").strip())

    async def _command(self, waiting: Waiting, person: int, text: str, name: str, rest: str) -> None:
        if name == "start" and rest:
            await self._start_with_token(waiting, person, rest)
        elif name == "start":
            await self.hand_over(waiting, person, text, "/greet")
        elif name == "practice" and rest:
            await self.hand_over(waiting, person, self.texts.say("quiz_me", topic=rest))
        elif name in PAYLOADS:
            await self.hand_over(waiting, person, text, PAYLOADS[name])
        elif name == "export":
            await self.reply(waiting, person, self.texts.say("export"), "export")
        elif name == "remind":
            await self.reply(waiting, person, await asyncio.to_thread(self._remind, person, rest))
        else:
            await self.reply(waiting, person, self.texts.say("unknown_command"))

    async def hand_over(self, waiting: Waiting, person: int, text: str, payload: Optional[str] = None) -> None:
        """Give a message to the relay, which keeps it, and close the update."""
        await self.relay.accept(person, CHANNEL, self.door.message_id(waiting.update_id), text, payload)
        await self.close(waiting)
        self._type(waiting.chat_id, person)

    async def _start_with_token(self, waiting: Waiting, person: int, token: str) -> None:
        who = await asyncio.to_thread(telegram.invited, self.records, token, self.clock())
        me = await asyncio.to_thread(self.door.person, person)
        if who is None or who.person_id == person:
            await self.reply(waiting, person, self.texts.say("already_connected", name=me.name))
        elif me.demo:
            await self.door.ask_consent(waiting.chat_id, token)
            await self.close(waiting)
        else:
            await self.reply(waiting, person, self.texts.say("other_person", name=me.name))

    def _remind(self, person: int, rest: str) -> str:
        wish = reminders.wish_of(self.records, person)
        if rest.lower() in ("on", "off"):
            wish = reminders.Reminder(rest.lower() == "on", wish.time_zone, wish.quiet_from, wish.quiet_to)
        elif rest:
            wish = reminders.Reminder(True, rest, wish.quiet_from, wish.quiet_to)
        try:
            if rest:
                reminders.choose(self.records, person, wish)
        except BadInput:
            return self.texts.say("no_such_zone")
        values = {"quiet_from": wish.quiet_from, "quiet_to": wish.quiet_to, "time_zone": wish.time_zone}
        return self.texts.say("reminders" if wish.wanted else "no_reminders", **values)

    # Edits --------------------------------------------------------------------------------------------------------

    async def _edited(self, waiting: Waiting, person: int, message: Message) -> None:
        """A new wording of the last answer is taken as a new answer while its question is open; both are kept."""
        number = message.message_id
        first = await asyncio.to_thread(telegram.update_of, self.records, self.door.bot_id, waiting.chat_id, number)
        if first is None or message.text is None:
            await self.close(waiting)
            return
        await self._answered(person, LAST_WORDS_WAIT)
        original = self.door.message_id(first)
        fate = await asyncio.to_thread(corrections.fate, self.records, person, original, message.text)
        if fate == "open":
            id = self.door.message_id(waiting.update_id)
            await self.relay.accept(person, CHANNEL, id, message.text, None, original)
            self._type(waiting.chat_id, person)
            await self.close(waiting)
        elif fate == "closed":
            await self.reply(waiting, person, self.texts.say("too_late_to_edit"))
        else:
            await self.close(waiting)

    async def _answered(self, person: int, patience: float) -> None:
        """Wait until nothing the person sent is waiting to be answered, or patience (in seconds) is over."""
        for _ in range(int(patience / 0.1)):
            if not await asyncio.to_thread(reports.waiting, self.records, person):
                return
            await asyncio.sleep(0.1)

    # Buttons ------------------------------------------------------------------------------------------------------

    async def _query(self, waiting: Waiting, person: int, query: CallbackQuery) -> None:
        data = query.data or ""
        if data == DECLINE:
            await self._answer(query)
            await self.close(waiting)
        elif data.startswith(AGREE):
            await self._agreed(waiting, person, query, data.removeprefix(AGREE))
        else:
            await self._pressed(waiting, person, query, press(data))

    async def _agreed(self, waiting: Waiting, person: int, query: CallbackQuery, token: str) -> None:
        joined = await self.door.join(waiting.chat_id, token)
        await self._answer(query)
        if joined is None:
            me = await asyncio.to_thread(self.door.person, person)
            await self.reply(waiting, person, self.texts.say("already_connected", name=me.name))
        else:
            await self.hand_over(waiting, joined, "/start", "/greet")

    async def _pressed(
        self, waiting: Waiting, person: int, query: CallbackQuery, place: Optional[tuple[int, int]]
    ) -> None:
        """A button counts once, and only the newest ones; the coach itself knows whether a choice is still open."""
        button = await asyncio.to_thread(corrections.pressed, self.records, person, *place) if place else None
        if place is None or button is None or not (button.newest or button.payload.startswith("/choose")):
            await self._answer(query, self.texts.say("old_button"))
            await self.close(waiting)
            return
        id = f"{self.door.prefix}-press-{place[0]}"
        new = await self.relay.accept(person, CHANNEL, id, button.title, button.payload)
        await self._answer(query, "" if new else self.texts.say("used_button"))
        await self.close(waiting)
        if new:
            self._type(waiting.chat_id, person)
            if query.message is not None:
                with contextlib.suppress(TelegramError):
                    await self.bot.edit_message_reply_markup(waiting.chat_id, query.message.message_id)

    async def _answer(self, query: CallbackQuery, text: str = "") -> None:
        with contextlib.suppress(TelegramError):  # too old, or answered before: nothing is lost
            await self.bot.answer_callback_query(query.id, text or None)

    # Around it ----------------------------------------------------------------------------------------------------

    async def _membership(self, waiting: Waiting, status: str) -> None:
        now = self.clock()
        if status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
            await asyncio.to_thread(outbox.blocked, self.records, CHANNEL, waiting.chat_id, "the bot was blocked", now)
        else:
            await asyncio.to_thread(outbox.unblocked, self.records, CHANNEL, waiting.chat_id)
        await self.close(waiting)

    def _type(self, chat: str, person: int) -> None:
        """Show that the coach is writing while a message of the person is being worked on."""
        task = self._typing.get(chat)
        if task is None or task.done():
            self._typing[chat] = asyncio.create_task(self._show_typing(chat, person))

    async def _show_typing(self, chat: str, person: int) -> None:
        try:
            await asyncio.sleep(TYPING_AFTER)
            for _ in range(int(TYPING_FOR / TYPING_EVERY)):
                if not await asyncio.to_thread(reports.waiting, self.records, person):
                    break
                await self.bot.send_chat_action(chat, ChatAction.TYPING)
                await asyncio.sleep(TYPING_EVERY)
        except Exception as error:  # it is only for show
            log.debug("typing cannot be shown (%s)", type(error).__name__)
        finally:
            self._typing.pop(chat, None)
