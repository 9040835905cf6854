"""Messages in and out: kept before they are worked on, claimed in their conversation's order, finished once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.records import claims, outbox
from bot.records import statements as st
from bot.records import tables as t
from bot.records.store import Records, Tx

M = t.message.c
TO_THE_HOUR = timedelta(hours=1)  # so exactly is it kept when somebody wrote last: most messages write nothing more
DELIVERED = ("telegram",)  # channels to which replies must be carried; web and terminal read the history


class Queued(msgspec.Struct, frozen=True):
    """A message of a person, waiting to be worked on unless `status` says otherwise."""

    message_id: str
    person_id: int
    channel: str
    text: str
    payload: Optional[str]
    tries: int
    created_at: datetime
    status: str = "queued"


KEPT = Queued.__struct_fields__  # columns of the table


class Reply(msgspec.Struct, frozen=True):
    """One message of the coach: its text, what kind of thing it is, and its buttons (`{title, payload}`)."""

    text: str
    kind: str = ""
    buttons: tuple[dict[str, str], ...] = ()


def accept(
    records: Records,
    message_id: str,
    person_id: int,
    channel: str,
    text: str,
    payload: Optional[str],
    when: datetime,
    corrects: Optional[str] = None,
) -> bool:
    """Keep an incoming message; False if this message id is known already.

    `corrects` is the id of the message of which this one is a later version; both are kept.
    """
    return take(records, Queued(message_id, person_id, channel, text, payload, 0, when), corrects) is not None


def take(
    records: Records, message: Queued, corrects: Optional[str] = None, until: Optional[datetime] = None
) -> Optional[bool]:
    """Keep an incoming message as `accept` does; None if its id is known already, else whether it was claimed, too.

    It is claimed until `until` where no earlier message of the person waits.
    """
    row = {**{name: getattr(message, name) for name in KEPT}, "direction": "in"}
    if corrects:
        row["extra"] = {"corrects": corrects}
    try:
        with records.begin() as tx:
            if tx.connection.dialect.name != "sqlite":
                tx._all(st.ONE_TAKER, person=message.person_id)
            first = until is not None and tx._one(st.FIRST_WAITING, person=message.person_id) is None
            st.ADD_MESSAGE.add(tx.connection, {**row, "claimed_until": until} if first else row)
            _note_wrote(tx, message.person_id, message.created_at)
            return first
    except IntegrityError:
        with records.reading() as tx:
            known = tx._one(st.MESSAGE, id=message.message_id)
        if known is None or known["person_id"] != message.person_id:
            raise
        return None


def note_wrote(records: Records, person_id: int, when: datetime) -> None:
    """Note that somebody wrote something that is kept as no message."""
    with records.begin() as tx:
        _note_wrote(tx, person_id, when)


def _note_wrote(tx: Tx, person_id: int, when: datetime) -> None:
    st.WROTE.run(tx.connection, {"person": person_id, "when": when, "hour": when - TO_THE_HOUR})


def waiting_people(records: Records, now: datetime) -> list[int]:
    """People who have a message waiting that nobody works on."""
    with records.reading() as tx:
        rows = tx._all(st.PEOPLE_WAITING, **claims.at(now))
    return [r["person_id"] for r in rows]


def claim(records: Records, person_id: int, now: datetime, until: datetime) -> Optional[Queued]:
    """The person's earliest waiting message, reserved until `until`; None if there is none or another holds it."""
    with records.reading() as tx:
        if tx._one(st.FIRST_WAITING, person=person_id) is None:
            return None  # no need to wait for other writers
    with records.begin() as tx:
        row = tx._one(st.FIRST_WAITING, person=person_id)
        if row is None:
            return None
        bound = {"row": row["id"], "until": until, **claims.at(now)}
        if not st.CLAIM.run(tx.connection, bound):
            return None
        return _queued(row)


def release(records: Records, message_id: str, failed: bool, now: datetime) -> None:
    """Give a claimed message back to be tried again; its claim ends now, and stays to be seen."""
    with records.begin() as tx:
        tries = M.tries + (1 if failed else 0)
        tx.connection.execute(
            update(t.message).where(M.message_id == message_id, st.WAITING).values(claimed_until=now, tries=tries)
        )


def find(records: Records, message_id: str) -> Any:
    """The row of one message, None if there is none."""
    with records.reading() as tx:
        return tx._one(st.MESSAGE, id=message_id)


def find_in(records: Records, message_id: str) -> Optional[Queued]:
    """One message that a person sent, None if there is none."""
    row = find(records, message_id)
    return _queued(row) if row is not None and row["direction"] == "in" else None


def _queued(row: Any) -> Queued:
    return Queued(**{name: row[name] for name in KEPT})


def finish(
    tx: Tx,
    message_id: str,
    replies: Sequence[Reply],
    when: datetime,
    status: str = "done",
    of: Optional[Queued] = None,
) -> bool:
    """Keep the replies and close the message; False if that was done before. `of`: it, where the caller has it."""
    if not st.CLOSE.run(tx.connection, {"message": message_id, "as_": status, "when": when}):
        return False
    if of is None:
        row = tx._one(st.MESSAGE, id=message_id)
        person_id, channel = row["person_id"], row["channel"]
    else:
        person_id, channel = of.person_id, of.channel
    rows = [_row(f"{message_id}/{i}", person_id, channel, r, message_id, when) for i, r in enumerate(replies)]
    if channel in DELIVERED:
        for each in rows:
            _deliver(tx, each)
    else:
        st.ADD_MESSAGE.add_all(tx.connection, rows)
    return True


def is_waiting(tx: Tx, person_id: int) -> bool:
    """Whether a message of this person waits, claimed or not."""
    return tx._one(st.FIRST_WAITING, person=person_id) is not None


def replies_to(records: Records, message_id: str) -> list[Reply]:
    """The replies kept for one message, in order, notices left out."""
    with records.reading() as tx:
        rows = tx._all(st.REPLIES, id=message_id)
    made = [_reply(r) for r in rows]
    return [r for r in made if r.kind != "notice"]


def add_notice(records: Records, message: Queued, text: str, when: datetime) -> None:
    """Tell the person how their message fares, beside the real reply that follows."""
    with records.begin() as tx:
        id = f"notice-{uuid.uuid4().hex}"
        _out(tx, id, message.person_id, message.channel, Reply(text, "notice"), message.message_id, when)


def history(records: Records, person_id: int, after: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    """The person's latest messages in both directions with id above `after`, oldest first.

    Keys: id, message_id, direction, channel, text, kind, buttons, status, in_reply_to, created_at.
    """
    with records.reading() as tx:
        rows = tx._all(
            select(t.message).where(M.person_id == person_id, M.id > after).order_by(M.id.desc()).limit(limit)
        )
    return [
        {
            **{
                k: r[k]
                for k in ("id", "message_id", "direction", "channel", "text", "status", "in_reply_to", "created_at")
            },
            "kind": (r["extra"] or {}).get("kind", ""),
            "buttons": (r["extra"] or {}).get("buttons", []),
        }
        for r in reversed(rows)
    ]


def _out(tx: Tx, id: str, person_id: int, channel: str, reply: Reply, in_reply_to: str, when: datetime) -> None:
    """Keep a reply; it is delivered to the account it answers where the channel is not one that reads the history."""
    row = _row(id, person_id, channel, reply, in_reply_to, when)
    if channel in DELIVERED:
        _deliver(tx, row)
    else:
        st.ADD_MESSAGE.add_all(tx.connection, [row])


def _deliver(tx: Tx, row: dict[str, Any]) -> None:
    made = st.ADD_MESSAGE.add(tx.connection, row)
    outbox.queue(tx, made, row["person_id"], row["channel"], row["created_at"])


def _row(id: str, person_id: int, channel: str, reply: Reply, in_reply_to: str, when: datetime) -> dict[str, Any]:
    return {
        "message_id": id,
        "person_id": person_id,
        "direction": "out",
        "channel": channel,
        "text": reply.text,
        "extra": {"kind": reply.kind, "buttons": list(reply.buttons)},
        "in_reply_to": in_reply_to,
        "status": "done",
        "tries": 0,
        "created_at": when,
        "done_at": when,
    }


def _reply(row: Any) -> Reply:
    extra = row["extra"] or {}
    return Reply(row["text"], extra.get("kind", ""), tuple(extra.get("buttons", ())))


def extend(records: Records, message_id: str, until: datetime) -> None:
    """Keep a claimed message reserved for longer."""
    with records.begin() as tx:
        tx.connection.execute(
            update(t.message).where(M.message_id == message_id, M.status == "queued").values(claimed_until=until)
        )


def give_up(records: Records, message: Queued, text: str, when: datetime) -> None:
    """Close a message that failed time and again: the person is told, and it is on the tutor's list."""
    with records.begin() as tx:
        if not finish(tx, message.message_id, [Reply(text, "failed")], when, "failed", message):
            return
        request = t.tutor_request
        if tx._one(select(request.c.id).where(request.c.message_id == message.message_id)):
            return  # the turn got as far as asking the tutor before it failed: it is on the list already
        tx.connection.execute(
            insert(request).values(
                message_id=message.message_id,
                person_id=message.person_id,
                kind="failed_message",
                words=message.text,
                made_at=when,
            )
        )
