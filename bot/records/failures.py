"""Failed sign-ins of the last minutes, for all web processes together."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from bot.records import tables as t
from bot.records.store import Records

F = t.failed_sign_in.c


def latest(records: Records, whose: str, since: datetime, number: int) -> list[datetime]:
    """When the latest failures after `since` were, the newest first; `number` of them at most."""
    query = select(F.made_at).where(F.whose == _hash(whose), F.made_at > since)
    with records.reading() as tx:
        return [row["made_at"] for row in tx._all(query.order_by(F.made_at.desc(), F.id.desc()).limit(number))]


def add(records: Records, whose: tuple[str, ...], when: datetime, forget: datetime) -> None:
    """Note a failure of each; those up to `forget` are dropped."""
    with records.begin() as tx:
        tx.connection.execute(delete(t.failed_sign_in).where(F.made_at <= forget))
        tx.connection.execute(insert(t.failed_sign_in), [{"whose": _hash(each), "made_at": when} for each in whose])


def forget_all(records: Records, whose: str) -> None:
    """Drop the failures of one."""
    with records.begin() as tx:
        tx.connection.execute(delete(t.failed_sign_in).where(F.whose == _hash(whose)))


def forget_last(records: Records, whose: str) -> None:
    """Drop the newest failure of one."""
    newest = select(func.max(F.id)).where(F.whose == _hash(whose)).scalar_subquery()
    with records.begin() as tx:
        tx.connection.execute(delete(t.failed_sign_in).where(F.id == newest))


def _hash(whose: str) -> str:
    """Addresses are not kept for this: a hash tells them apart as well."""
    return hashlib.sha256(whose.encode("utf-8", "replace")).hexdigest()
