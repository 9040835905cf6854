"""One message through Rasa, in its conversation's order, its replies kept with it in one transaction."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Optional

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from sqlalchemy.exc import SQLAlchemyError

from bot.dialogue.agent import TurnAborted
from bot.dialogue.trackers import Overtaken
from bot.logs import CONVERSATION
from bot.records import messages
from bot.records.conversations import sender_of
from bot.records.messages import Queued, Reply
from bot.records.store import Records

log = logging.getLogger(__name__)

BUTTON = re.compile(
    r"/(?:start_practice|hint|dont_know|skip|repeat|why_mark|dispute_mark|stop|resume|progress|help|privacy"
    r"|greet|delete_data|talk_to_tutor|choose|start_assessment|change_answer|send_answers|see_decision"
    r"|start_roleplay|brief|pause|coach|again_from_turn)(?:\{.*\})?"
)


class TurnFailed(Exception):
    """The turn gave no reply; nothing of it was saved, and it may be tried again."""


class TurnTaken(TurnFailed):
    """Another process is working on this turn, or has just saved it: nothing failed, look again soon."""


class Worked(NamedTuple):
    """What a turn gave; `more`: whether other messages of the person waited when it was closed (None: not known)."""

    replies: list[Reply]
    more: Optional[bool] = None


class Collected(OutputChannel):
    """Takes what Rasa says; lines marked `join` continue the message before."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    @classmethod
    def name(cls) -> str:
        """Rasa's name of the channel."""
        return "rapport"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one response."""
        text = str(message.get("text") or "").strip()
        buttons = tuple({"title": b["title"], "payload": b["payload"]} for b in message.get("buttons") or ())
        kind = str(message.get("utter_action") or "").removeprefix("utter_")
        if not text and not buttons:
            return
        if message.get("join") and self.replies and not self.replies[-1].buttons:
            before = self.replies[-1]
            self.replies[-1] = Reply(f"{before.text}\n{text}", before.kind, buttons)
        else:
            self.replies.append(Reply(text, kind, buttons))


class Turns:
    """Works messages off; one at a time per person, persons in parallel."""

    def __init__(self, agent: Agent, records: Records, clock: Callable[[], datetime]) -> None:
        self.agent, self.records, self.clock = agent, records, clock
        self._order: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def work_off(self, message_id: str, person_id: Optional[int] = None) -> Worked:
        """The replies to a kept message; the same ones if it was worked off before.

        `person_id`, where the caller knows whose message it is, saves a look into the records. Whether it was tried
        before is always asked: under faults there were tries that nobody knew of.
        KeyError if there is no such message; TurnFailed if the turn gave no reply.
        """
        if person_id is None:
            person_id = int((await self._find(message_id)).person_id)
        CONVERSATION.set(person_id)
        async with self._order[person_id]:
            # Only now, and whatever the caller has in hand: perhaps another process worked it off meanwhile.
            message = await self._find(message_id)
            if message.person_id != person_id:
                raise KeyError(message_id)
            if message.status == "queued":
                try:
                    replies = await self._said_before(message) or await self._handle(message)
                    kept, more = await asyncio.to_thread(self._keep, message, replies)
                    if kept:
                        return Worked(replies, more)
                except SQLAlchemyError as error:
                    raise TurnFailed(f"the records cannot be reached: {type(error).__name__}") from None
                except Overtaken:
                    log.warning("turn %s was worked off by another process, too", message_id)
                    if (await self._find(message_id)).status == "queued":
                        raise TurnTaken("another process is working on it") from None
        return Worked(await asyncio.to_thread(messages.replies_to, self.records, message_id))

    async def _find(self, message_id: str) -> Queued:
        found = await asyncio.to_thread(messages.find_in, self.records, message_id)
        if found is None:
            raise KeyError(message_id)
        return found

    def _keep(self, message: Queued, replies: list[Reply]) -> tuple[bool, bool]:
        """Whether it was closed now, and whether more wait."""
        with self.records.begin() as tx:
            kept = messages.finish(tx, message.message_id, replies, self.clock(), of=message)
            return kept, messages.is_waiting(tx, message.person_id)

    async def _said_before(self, message: Queued) -> list[Reply]:
        """The replies of a process that died after it had saved the turn, and before it could close the message."""
        said = await self.agent.tracker_store.said_to(sender_of(message.person_id), message.message_id)
        channel = Collected()
        for each in said or ():
            await channel.send_response("", {"text": each.text, **each.data, **each.metadata})
        return channel.replies

    async def _handle(self, message: Queued) -> list[Reply]:
        channel = Collected()
        said = UserMessage(
            text=rasa_text(message.text, message.payload),
            output_channel=channel,
            sender_id=sender_of(message.person_id),
            input_channel="rapport",
            message_id=message.message_id,
            metadata={"message_id": message.message_id, "channel": message.channel},
        )
        try:
            await self.agent.handle_message(said)
        except Overtaken:
            raise
        except TurnAborted as aborted:
            raise TurnFailed(str(aborted)) from None
        except Exception as error:
            log.error("turn %s failed: %s", message.message_id, type(error).__name__, exc_info=log.isEnabledFor(10))
            raise TurnFailed(type(error).__name__) from None
        if not channel.replies:
            log.error("turn %s gave no reply", message.message_id)
            raise TurnFailed("no reply")
        return channel.replies


def rasa_text(text: str, payload: str | None) -> str:
    """What Rasa is given: a button's payload as an intent, typed text never as one."""
    if payload is not None and BUTTON.fullmatch(payload) and _json_or_nothing(payload):
        return payload
    typed = text.lstrip("/ \t\r\n")
    return typed if typed.strip() else "/empty_message"


def _json_or_nothing(payload: str) -> bool:
    brace = payload.find("{")
    if brace < 0:
        return True
    try:
        return isinstance(json.loads(payload[brace:]), dict)
    except ValueError:
        return False
