"""Telegram's updates, each recorded once, and how a Telegram account is tied to a person.

An update's body is kept only while it waits to be worked off. Of chats that belong to nobody here, and of groups,
nothing but the update's number is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.records import channel_tables as ct
from bot.records import tables as t
from bot.records.base import token_hash
from bot.records.store import Records, Tx

CHANNEL = "telegram"
LINK_LASTS = timedelta(days=14)
OWN_LINK_LASTS = timedelta(hours=1)
U, A, V = ct.telegram_update.c, t.channel_identity.c, t.invitation.c


class Waiting(msgspec.Struct, frozen=True):
    """An update as it came, to be worked off."""

    update_id: int
    chat_id: str
    body: dict[str, Any]
    tries: int


class Invited(msgspec.Struct, frozen=True):
    """Whom an invitation is for."""

    person_id: int
    name: str
    demo: bool


# Updates ----------------------------------------------------------------------------------------------------------


def keep(
    records: Records,
    bot_id: int,
    update_id: int,
    now: datetime,
    chat_id: Optional[str] = None,
    number: Optional[int] = None,
    body: Optional[dict[str, Any]] = None,
) -> bool:
    """Record an update; with a body it waits to be worked off, without one it is done. False if it was known."""
    try:
        with records.begin() as tx:
            tx.connection.execute(
                insert(ct.telegram_update).values(
                    bot_id=bot_id,
                    update_id=update_id,
                    chat_id=chat_id,
                    number=number,
                    body=body,
                    tries=0,
                    received_at=now,
                    done_at=None if body else now,
                )
            )
    except IntegrityError:
        return False
    return True


def known(records: Records, bot_id: int, update_id: int) -> bool:
    """Whether this update was recorded."""
    with records.reading() as tx:
        return tx._one(select(U.update_id).where(U.bot_id == bot_id, U.update_id == update_id)) is not None


def waiting_chats(records: Records, bot_id: int) -> list[str]:
    """Chats with an update to be worked off."""
    with records.reading() as tx:
        query = select(U.chat_id).where(U.bot_id == bot_id, U.done_at.is_(None)).distinct()
        return [r["chat_id"] for r in tx._all(query)]


def next_waiting(records: Records, bot_id: int, chat_id: str) -> Optional[Waiting]:
    """The chat's earliest update that is not worked off."""
    query = (
        select(U.update_id, U.chat_id, U.body, U.tries)
        .where(U.bot_id == bot_id, U.chat_id == chat_id, U.done_at.is_(None))
        .order_by(U.update_id)
        .limit(1)
    )
    with records.reading() as tx:
        row = tx._one(query)
    return Waiting(**row) if row else None


def done(tx: Tx, bot_id: int, update_id: int, now: datetime) -> bool:
    """Close an update and drop its body; False if it was closed before."""
    closed = tx.connection.execute(
        update(ct.telegram_update)
        .where(U.bot_id == bot_id, U.update_id == update_id, U.done_at.is_(None))
        .values(done_at=now, body=None)
    )
    return bool(closed.rowcount)


def forget_old(records: Records, bot_id: int, before: datetime) -> int:
    """Drop what is kept of updates worked off before a time; how many. Telegram sends none again after a day."""
    old = delete(ct.telegram_update).where(U.bot_id == bot_id, U.done_at < before)
    with records.begin() as tx:
        return int(tx.connection.execute(old).rowcount)


def tried(records: Records, bot_id: int, update_id: int) -> None:
    """Count a try at an update that failed."""
    with records.begin() as tx:
        tx.connection.execute(
            update(ct.telegram_update).where(U.bot_id == bot_id, U.update_id == update_id).values(tries=U.tries + 1)
        )


def update_of(records: Records, bot_id: int, chat_id: str, number: int) -> Optional[int]:
    """The update by which Telegram's message `number` of a chat came."""
    query = (
        select(U.update_id)
        .where(U.bot_id == bot_id, U.chat_id == chat_id, U.number == number)
        .order_by(U.update_id)
        .limit(1)
    )
    with records.reading() as tx:
        row = tx._one(query)
    return int(row["update_id"]) if row else None


def numbers_between(records: Records, low: int, high: int) -> set[int]:
    """Telegram's numbers, `low` to `high`, that are known: those of incoming messages and of delivered parts."""
    d = ct.delivery.c
    with records.reading() as tx:
        came = tx._all(select(U.number).where(U.number.between(low, high)))
        went = tx._all(select(d.numbers).where(d.channel == CHANNEL, d.after_number >= low))
    return {r["number"] for r in came} | {n for r in went for n in r["numbers"]}


def newest_number(records: Records) -> int:
    """The highest of Telegram's message numbers that was seen, 0 before the first."""
    d = ct.delivery.c
    with records.reading() as tx:
        came = tx._one(select(func.max(U.number).label("n")))["n"]
        went = tx._one(select(func.max(d.after_number).label("n")).where(d.channel == CHANNEL))["n"]
    return max(int(came or 0), int(went or 0))


def uncertain(records: Records) -> int:
    """How many deliveries were begun without a known outcome."""
    d = ct.delivery.c
    query = select(func.count().label("n")).where(d.channel == CHANNEL, d.status == "queued", d.began.is_(True))
    with records.reading() as tx:
        return int(tx._one(query)["n"])


# People -----------------------------------------------------------------------------------------------------------


def person_of(records: Records, chat_id: str) -> Optional[int]:
    """The active person whose Telegram account this is."""
    query = (
        select(A.person_id)
        .join(t.person, t.person.c.id == A.person_id)
        .where(A.channel == CHANNEL, A.external_id == chat_id, t.person.c.active.is_(True))
    )
    with records.reading() as tx:
        row = tx._one(query)
    return int(row["person_id"]) if row else None


def accounts(records: Records, person_id: int) -> int:
    """How many Telegram accounts a person has connected."""
    with records.reading() as tx:
        return len(tx._all(select(A.external_id).where(A.channel == CHANNEL, A.person_id == person_id)))


def make_link(records: Records, person_id: int, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """A one-time token of 43 characters that ties a Telegram account to a person."""
    token = secrets.token_urlsafe(32)
    with records.begin() as tx:
        tx.connection.execute(
            insert(t.invitation).values(
                token_hash=token_hash(token), person_id=person_id, expires_at=now + lasts, used_at=None, purpose=CHANNEL
            )
        )
    return token


def invited(records: Records, token: str, now: datetime) -> Optional[Invited]:
    """Whom an unused, unexpired link is for."""
    with records.reading() as tx:
        return _invited(tx, token, now)


def _invited(tx: Tx, token: str, now: datetime) -> Optional[Invited]:
    p = t.person.c
    row = tx._one(
        select(p.id, p.name, p.demo)
        .join(t.invitation, V.person_id == p.id)
        .where(
            V.token_hash == token_hash(token),
            V.purpose == CHANNEL,
            V.used_at.is_(None),
            V.expires_at > now,
            p.active.is_(True),
        )
    )
    return Invited(row["id"], row["name"], row["demo"]) if row else None


def join(records: Records, chat_id: str, token: str, text_version: str, now: datetime) -> Optional[int]:
    """Use a link: tie the account to its person and record the consent; None if the link cannot be used.

    An account that was a demo learner's leaves that learner; one of another real person does not come here.
    """
    with records.begin() as tx:
        who = _invited(tx, token, now)
        if who is None:
            return None
        row = tx._one(
            select(A.person_id, t.person.c.demo)
            .join(t.person, t.person.c.id == A.person_id)
            .where(A.channel == CHANNEL, A.external_id == chat_id)
        )
        if row and row["person_id"] != who.person_id and not row["demo"]:
            return None
        tx.connection.execute(update(t.invitation).where(V.token_hash == token_hash(token)).values(used_at=now))
        tie(tx, chat_id, who.person_id, text_version, now)
    return who.person_id


def tie(tx: Tx, chat_id: str, person_id: int, text_version: str, now: datetime) -> None:
    """Tie an account to a person, with the consent given for it."""
    tx.connection.execute(delete(t.channel_identity).where(A.channel == CHANNEL, A.external_id == chat_id))
    tx.connection.execute(
        insert(t.channel_identity).values(channel=CHANNEL, external_id=chat_id, person_id=person_id, since=now)
    )
    tx.connection.execute(
        insert(ct.consent).values(person_id=person_id, channel=CHANNEL, text_version=text_version, given_at=now)
    )


def consents(records: Records, person_id: int) -> Sequence[Any]:
    """The person's consents, oldest first."""
    with records.reading() as tx:
        return tx._all(select(ct.consent).where(ct.consent.c.person_id == person_id).order_by(ct.consent.c.id))


# The bot ----------------------------------------------------------------------------------------------------------


def note_bot(records: Records, name: str) -> None:
    """Keep the bot's name, so that pages and commands can make links to it."""
    _note(records, "bot", name)


def bot_name(records: Records) -> Optional[str]:
    """The name of the bot that was last started, None if none ever was."""
    return _noted(records, "bot")


def note_seen(records: Records, now: datetime) -> None:
    """The gateway lives."""
    _note(records, "seen", now.isoformat())


def seen(records: Records) -> Optional[datetime]:
    """When the gateway was last heard of, None if it never was."""
    noted = _noted(records, "seen")
    return datetime.fromisoformat(noted) if noted else None


def _note(records: Records, name: str, value: str) -> None:
    c = ct.channel_state.c
    with records.begin() as tx:
        changed = tx.connection.execute(
            update(ct.channel_state).where(c.channel == CHANNEL, c.name == name).values(value=value)
        )
        if not changed.rowcount:
            tx.connection.execute(insert(ct.channel_state).values(channel=CHANNEL, name=name, value=value))


def _noted(records: Records, name: str) -> Optional[str]:
    c = ct.channel_state.c
    with records.reading() as tx:
        row = tx._one(select(c.value).where(c.channel == CHANNEL, c.name == name))
    return str(row["value"]) if row else None


def deep_link(bot: str, token: str) -> str:
    """The address that opens the bot with a token."""
    return f"https://t.me/{bot}?start={token}"
