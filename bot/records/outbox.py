"""What the coach says unasked, and the way of every outgoing message to a person's accounts on other channels.

`push` keeps a message in the person's history, where the web shows it at once, and queues its deliveries. A channel's
gateway claims the deliveries of one account one after the other, notes every part that has arrived, and marks them
sent or failed. A claim that was never finished leaves `began`: the gateway must find out whether the part arrived.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Optional

import msgspec
from sqlalchemy import and_, case, func, insert, literal_column, or_, select, update

from bot.records import channel_tables as ct
from bot.records import tables as t
from bot.records.claims import at, free
from bot.records.store import Records, Tx

D, A, M = ct.delivery.c, t.channel_identity.c, t.message.c
QUEUED = D.status == literal_column("'queued'")  # with a bound value SQLite does not use its index of what is queued
SHOWN_AS = "web"  # the channel under which a pushed message stands in the history


class Delivery(msgspec.Struct, frozen=True):
    """One message on its way to one account. `numbers` are the channel's own, one for each part that has arrived."""

    id: int
    message: int
    message_id: str
    person_id: int
    external_id: str
    text: str
    kind: str
    buttons: tuple[dict[str, str], ...]
    numbers: tuple[int, ...]
    tries: int
    began: bool
    after_number: int


def push(
    tx: Tx,
    person_id: int,
    text: str,
    kind: str,
    now: datetime,
    buttons: Sequence[Mapping[str, str]] = (),
    not_before: Optional[datetime] = None,
) -> int:
    """Say something to a person unasked, on every channel they have; the id of the message's row.

    `buttons` are `{"title", "payload"}`. `not_before` holds back the delivery, not the entry in the history.
    """
    made = tx.connection.execute(
        insert(t.message).values(
            message_id=f"push-{uuid.uuid4().hex}",
            person_id=person_id,
            direction="out",
            channel=SHOWN_AS,
            text=text,
            extra={"kind": kind, "buttons": [dict(b) for b in buttons]},
            status="done",
            tries=0,
            created_at=now,
            done_at=now,
        )
    )
    row = int(made.inserted_primary_key[0])
    queue(tx, row, person_id, None, now, not_before)
    return row


def queue(
    tx: Tx,
    message: int,
    person_id: int,
    channel: Optional[str],
    now: datetime,
    not_before: Optional[datetime] = None,
) -> None:
    """Queue a kept message for the person's accounts on `channel` (None: on all); blocked accounts are left out."""
    wanted = [A.person_id == person_id, A.blocked_at.is_(None)]
    if channel is not None:
        wanted.append(A.channel == channel)
    for row in tx._all(select(A.channel, A.external_id).where(*wanted).order_by(A.since)):
        tx.connection.execute(
            insert(ct.delivery).values(
                message=message,
                person_id=person_id,
                channel=row["channel"],
                external_id=row["external_id"],
                status="queued",
                not_before=not_before,
                began=False,
                after_number=0,
                numbers=[],
                tries=0,
                created_at=now,
            )
        )


def due(records: Records, channel: str, now: datetime) -> list[str]:
    """Accounts that have a delivery to be made now, longest waiting first; those whose delivery is claimed left out."""
    held = func.max(case((free(D.claimed_until), 0), else_=1))
    query = (
        select(D.external_id)
        .where(D.channel == channel, QUEUED, _ripe(now))
        .group_by(D.external_id)
        .having(held == 0)
        .order_by(func.min(D.id))
    )
    with records.reading() as tx:
        return [r["external_id"] for r in tx._all(query, **at(now))]


def claim(
    records: Records, channel: str, external_id: str, now: datetime, until: datetime, after_number: int = 0
) -> Optional[Delivery]:
    """The account's earliest delivery, reserved until `until`; None if there is none or it is held.

    `began`, `after_number` are those of an earlier, unfinished claim, if there was one.
    """
    with records.begin() as tx:
        row = tx._one(
            select(ct.delivery, M.message_id, M.text, M.extra)
            .join(t.message, M.id == D.message)
            .where(D.channel == channel, D.external_id == external_id, QUEUED, _ripe(now))
            .order_by(D.id)
            .limit(1)
        )
        if row is None:
            return None
        values = {"claimed_until": until, "began": True}
        if not row["began"]:
            values["after_number"] = after_number
        mine = and_(D.id == row["id"], D.status == "queued", free(D.claimed_until))
        if not tx.connection.execute(update(ct.delivery).where(mine).values(**values), at(now)).rowcount:
            return None
    extra = row["extra"] or {}
    return Delivery(
        id=row["id"],
        message=row["message"],
        message_id=row["message_id"],
        person_id=row["person_id"],
        external_id=row["external_id"],
        text=row["text"],
        kind=extra.get("kind", ""),
        buttons=tuple(extra.get("buttons", ())),
        numbers=tuple(row["numbers"]),
        tries=row["tries"],
        began=row["began"],
        after_number=row["after_number"],
    )


def _ripe(now: datetime) -> object:
    return or_(D.not_before.is_(None), D.not_before <= now)


def arrived(
    records: Records, delivery: Delivery, numbers: Sequence[int], now: datetime, last: bool, after_number: int = 0
) -> None:
    """Note the parts that have arrived; with `last` the delivery is over."""
    values: dict[str, object] = {"numbers": list(numbers), "after_number": after_number}
    if last:
        values.update(status="sent", done_at=now, claimed_until=None, began=False)
    with records.begin() as tx:
        tx.connection.execute(update(ct.delivery).where(D.id == delivery.id).values(**values))


def begin_again(records: Records, delivery: Delivery, after_number: int) -> None:
    """The part of an earlier claim did not arrive; it is about to be sent anew, after the channel's number given."""
    with records.begin() as tx:
        tx.connection.execute(update(ct.delivery).where(D.id == delivery.id).values(after_number=after_number))


def put_back(records: Records, delivery: Delivery, until: Optional[datetime], problem: str, unsent: bool) -> None:
    """Try again, not before `until`, at most `claims.BELIEVED` away.

    `unsent`: surely nothing of the next part has arrived.
    """
    values: dict[str, object] = {"claimed_until": until, "problem": problem[:200], "tries": D.tries + 1}
    if unsent:
        values["began"] = False
    with records.begin() as tx:
        tx.connection.execute(update(ct.delivery).where(D.id == delivery.id, D.status == "queued").values(**values))


def failed(records: Records, delivery: Delivery, problem: str, now: datetime) -> None:
    """Give this delivery up; the account stays."""
    with records.begin() as tx:
        _fail(tx, D.id == delivery.id, problem, now)


def blocked(records: Records, channel: str, external_id: str, problem: str, now: datetime) -> None:
    """Nothing can be delivered to this account any more: note it, and give up what waits for it."""
    with records.begin() as tx:
        tx.connection.execute(
            update(t.channel_identity)
            .where(A.channel == channel, A.external_id == external_id, A.blocked_at.is_(None))
            .values(blocked_at=now, problem=problem[:200])
        )
        _fail(tx, and_(D.channel == channel, D.external_id == external_id), problem, now)


def unblocked(records: Records, channel: str, external_id: str) -> None:
    """The account can be reached again: the person wrote, or has unblocked the bot."""
    key = and_(A.channel == channel, A.external_id == external_id, A.blocked_at.is_not(None))
    with records.reading() as tx:
        if tx._one(select(A.person_id).where(key)) is None:
            return
    with records.begin() as tx:
        tx.connection.execute(update(t.channel_identity).where(key).values(blocked_at=None, problem=None))


def _fail(tx: Tx, which: object, problem: str, now: datetime) -> None:
    values = {"status": "failed", "problem": problem[:200], "done_at": now, "claimed_until": None, "began": False}
    tx.connection.execute(update(ct.delivery).where(and_(which, D.status == "queued")).values(**values))


def moved(records: Records, channel: str, old: str, new: str) -> None:
    """The channel calls this account by another id now; what waits goes there."""
    with records.begin() as tx:
        taken = tx._one(select(A.person_id).where(A.channel == channel, A.external_id == new))
        if taken is None:
            tx.connection.execute(
                update(t.channel_identity).where(A.channel == channel, A.external_id == old).values(external_id=new)
            )
        tx.connection.execute(
            update(ct.delivery)
            .where(D.channel == channel, D.external_id == old, D.status == "queued")
            .values(external_id=new, claimed_until=None, began=False)
        )


def release_all(records: Records, channel: str) -> None:
    """Free every claim at the start of the channel's only gateway; `began` stays and says what is uncertain."""
    with records.begin() as tx:
        tx.connection.execute(
            update(ct.delivery)
            .where(D.channel == channel, D.status == "queued", D.claimed_until.is_not(None))
            .values(claimed_until=None)
        )
