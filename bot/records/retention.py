"""What is kept only for so long: chats go after a time; assessment records past theirs are reported only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.engine import Engine

from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import channel_tables as c
from bot.records import tables as t
from bot.records.conversations import count_old_events, erase_old_events
from bot.records.store import Records

REMOVED = "removed old chats"  # the action in the audit
AT_ONCE = 500  # rows a transaction, so that turns get in between


class Removed(msgspec.Struct, frozen=True):
    """Rows removed, or to be removed, by table."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.rows.values())


def remove_old(records: Records, tracker: Engine, keep: timedelta, now: datetime) -> Removed:
    """Remove chats older than `keep`, and what has run out: sign-ins, invitations. What waits is never removed."""
    before = now - keep
    old = _old(before, now)
    rows = {
        "message": _in_pieces(records, lambda tx: _messages(tx, old[t.message])),
        "move": _rows(records, t.move, t.move.c.message_id, old[t.move]),
        "telegram_update": _in_pieces(records, lambda tx: _updates(tx, old[c.telegram_update])),
        "web_session": _rows(records, t.web_session, t.web_session.c.token_hash, old[t.web_session]),
        "invitation": _rows(records, t.invitation, t.invitation.c.token_hash, old[t.invitation]),
        "conversation": erase_old_events(tracker, before.timestamp(), AT_ONCE),
    }
    removed = Removed({name: n for name, n in rows.items() if n})
    with records.begin() as tx:
        audit.note(tx, None, REMOVED, "chats", now, rows=removed.total, days=keep / timedelta(days=1))
    return removed


def would_remove(records: Records, tracker: Engine, keep: timedelta, now: datetime) -> Removed:
    """What `remove_old` would remove, every table named."""
    before = now - keep
    with records.reading() as tx:
        rows = {
            table.name: int(tx._one(select(func.count().label("n")).select_from(table).where(condition))["n"])
            for table, condition in _old(before, now).items()
        }
    return Removed({**rows, "conversation": count_old_events(tracker, before.timestamp())})


def _old(before: datetime, now: datetime) -> dict[Any, Any]:
    """Table → which of its rows go. Of Telegram's updates the newest of each bot stays: the gateway goes on from it."""
    m, u, i = t.message.c, c.telegram_update.c, t.invitation.c
    waiting = select(c.delivery.c.message).where(c.delivery.c.status == "queued")
    newest = c.telegram_update.alias("newest")
    last = select(func.max(newest.c.update_id)).where(newest.c.bot_id == u.bot_id).scalar_subquery()
    return {
        t.message: and_(m.created_at < before, m.status != "queued", m.id.not_in(waiting)),
        t.move: t.move.c.made_at < before,
        c.telegram_update: and_(u.received_at < before, u.done_at.is_not(None), u.update_id < last),
        t.web_session: t.web_session.c.expires_at < now,
        t.invitation: or_(i.expires_at < before, i.used_at < before),
    }


def past_their_time(records: Records, now: datetime, kept: timedelta) -> list[tuple[int, datetime]]:
    """People (ids) all of whose "achieved" are longer ago than records are `kept`, with the time of the last."""
    d = a.decision.c
    last = func.max(d.signed_at).label("last")
    query = select(d.person_id, last).where(d.outcome == "achieved").group_by(d.person_id).order_by(d.person_id)
    with records.reading() as tx:
        return [(r["person_id"], r["last"]) for r in tx._all(query.having(last < now - kept))]


def _in_pieces(records: Records, once: Callable[[Any], int]) -> int:
    total = 0
    while True:
        with records.begin() as tx:
            gone = once(tx)
        total += gone
        if gone < AT_ONCE:
            return total


def _rows(records: Records, table: Any, key: Any, condition: Any) -> int:
    def once(tx: Any) -> int:
        keys = select(key).where(condition).limit(AT_ONCE)
        return int(tx.connection.execute(delete(table).where(key.in_(keys))).rowcount)

    return _in_pieces(records, once)


def _updates(tx: Any, condition: Any) -> int:
    u = c.telegram_update.c
    found = tx._all(select(u.bot_id, u.update_id).where(condition).limit(AT_ONCE))
    for row in found:
        tx.connection.execute(
            delete(c.telegram_update).where(u.bot_id == row["bot_id"], u.update_id == row["update_id"])
        )
    return len(found)


def _messages(tx: Any, condition: Any) -> int:
    m = t.message.c
    ids = [r["id"] for r in tx._all(select(m.id).where(condition).order_by(m.id).limit(AT_ONCE))]
    if ids:
        tx.connection.execute(delete(c.delivery).where(c.delivery.c.message.in_(ids)))
        tx.connection.execute(delete(t.message).where(m.id.in_(ids)))
    return len(ids)
