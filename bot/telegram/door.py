"""Who comes in: invitations, consent before anything is kept, strangers, groups."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Optional

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatMemberStatus, ChatType, ParseMode
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.records import people, telegram
from bot.records.people import Person
from bot.records.store import Records
from bot.telegram.texts import Texts
from bot.telegram.wording import escape, parts

AGREE, DECLINE = "agree:", "decline"
START = re.compile(r"/start(?:@\w+)?\s+([A-Za-z0-9_-]{1,64})\s*")
FLOOD_TRIES = 3  # a direct word to a stranger waits this often when Telegram asks to


class Door:
    """`new_demo_learner` makes one where the demo is on, else it is None."""

    def __init__(
        self,
        bot: ExtBot[Any],
        bot_id: int,
        records: Records,
        texts: Texts,
        clock: Callable[[], datetime],
        new_demo_learner: Optional[Callable[[], int]] = None,
    ) -> None:
        self.bot, self.bot_id, self.records, self.texts, self.clock = bot, bot_id, records, texts, clock
        self.new_demo_learner = new_demo_learner
        self.prefix = f"tg-{bot_id}"

    def message_id(self, update_id: int) -> str:
        """The id under which the message of an update is kept."""
        return f"{self.prefix}-{update_id}"

    def person(self, person_id: int) -> Person:
        """A person who is there."""
        found = people.find(self.records, person_id)
        assert found is not None
        return found

    async def stranger(self, update: Update) -> Optional[int]:
        """Answer somebody who is nobody here, keeping nothing; the person's id if they have just joined."""
        if update.callback_query is not None:
            return await self._query(update.callback_query)
        message = update.message
        if message is None:
            return None
        chat, text = str(message.chat_id), message.text or ""
        found = START.fullmatch(text.strip())
        if found and await asyncio.to_thread(telegram.invited, self.records, found[1], self.clock()) is not None:
            await self.ask_consent(chat, found[1])
        elif found:
            await self.say(chat, self.texts.say("link_over"))
        elif self.new_demo_learner is not None:
            await self.ask_consent(chat, "")
        elif text.startswith("/privacy"):
            await self.say(chat, self.texts.say("consent"))
        else:
            await self.say(chat, self.texts.say("not_invited"))
        return None

    async def group(self, update: Update, name: str) -> None:
        """Say in a group that the bot works in private, when it is spoken to or has come in; nothing is kept."""
        member, message = update.my_chat_member, update.message
        if member is not None:
            came = member.new_chat_member.status in (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR)
            was = member.old_chat_member.status in (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR)
            spoken_to = came and not was and member.chat.type != ChatType.CHANNEL
        else:
            spoken_to = message is not None and self._is_for_us(message, name)
        if spoken_to and update.effective_chat is not None:
            with contextlib.suppress(TelegramError):
                await self.say(str(update.effective_chat.id), self.texts.say("group"))

    def _is_for_us(self, message: Message, name: str) -> bool:
        text = message.text or ""
        answered = message.reply_to_message.from_user if message.reply_to_message else None
        command = re.match(r"/\w+(@\w+)?", text)
        if command and (not command[1] or command[1].lower() == f"@{name}".lower()):
            return True
        return f"@{name}".lower() in text.lower() or bool(answered and answered.id == self.bot_id)

    async def ask_consent(self, chat: str, token: str) -> None:
        """What is kept, for how long, who sees it; and two buttons."""
        buttons = [
            InlineKeyboardButton(self.texts.say("agree"), callback_data=f"{AGREE}{token}"),
            InlineKeyboardButton(self.texts.say("decline"), callback_data=DECLINE),
        ]
        await self.say(chat, self.texts.say("consent"), InlineKeyboardMarkup([buttons]))

    async def _query(self, query: CallbackQuery) -> Optional[int]:
        data, chat = query.data or "", str(query.message.chat.id) if query.message else ""
        joined = None
        if data == DECLINE:
            await self.say(chat, self.texts.say("declined"))
        elif data.startswith(AGREE):
            joined = await self.join(chat, data.removeprefix(AGREE))
            if joined is None:
                await self.say(chat, self.texts.say("link_over"))
        with contextlib.suppress(TelegramError):
            text = "" if data == DECLINE or data.startswith(AGREE) else self.texts.say("old_button")
            await self.bot.answer_callback_query(query.id, text or None)
        if query.message is not None and (data == DECLINE or joined is not None):
            with contextlib.suppress(TelegramError):
                await self.bot.edit_message_reply_markup(chat, query.message.message_id)
        return joined

    async def join(self, chat: str, token: str) -> Optional[int]:
        """Tie an account to whom its token is for, with the consent; without one to a fresh demo learner."""
        version = self.texts.consent_version()
        if token:
            return await asyncio.to_thread(telegram.join, self.records, chat, token, version, self.clock())
        if self.new_demo_learner is None:
            return None
        return await asyncio.to_thread(self._join_demo, chat, version, self.new_demo_learner)

    def _join_demo(self, chat: str, version: str, make: Callable[[], int]) -> Optional[int]:
        if telegram.person_of(self.records, chat) is not None:
            return None
        person = make()
        with self.records.begin() as tx:
            telegram.tie(tx, chat, person, version, self.clock())
        return person

    async def say(self, chat: str, text: str, keyboard: Optional[InlineKeyboardMarkup] = None) -> None:
        """A direct word to a chat that belongs to nobody here."""
        pieces = parts(text)
        for piece in pieces:
            more: dict[str, Any] = {"reply_markup": keyboard} if piece is pieces[-1] else {}
            await self.bot.send_message(
                chat, escape(piece), parse_mode=ParseMode.HTML, rate_limit_args=FLOOD_TRIES, **more
            )
