"""Whom an account at the centre's own provider (OpenID Connect) belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Optional, Union

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from bot.records import audit
from bot.records import people as people_records
from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Records

Refusal = Literal["unverified", "unknown", "inactive", "another"]


class Account(msgspec.Struct, frozen=True):
    """An account that a person signs in with."""

    issuer: str
    since: datetime


def enter(records: Records, issuer: str, subject: str, email: Optional[str], now: datetime) -> Union[Person, Refusal]:
    """The person of an account, tied to it the first time by `email` (None: not verified); else why not.

    Nobody is added and no role is given: people are there because an administrator or tutor added them.
    """
    x, p = t.sign_in_account.c, t.person.c
    try:
        with records.begin() as tx:
            tied = tx._one(select(x.person_id).where(x.issuer == issuer, x.subject == subject))
            if tied:
                id = int(tied["person_id"])
            elif not email:
                return "unverified"
            else:
                row = tx._one(select(p.id).where(p.email == email.strip().lower(), p.demo.is_(False)))
                if row is None:
                    return "unknown"
                id = int(row["id"])
            person = people_records.read(tx, id)
            if not person.active:
                return "inactive"
            if not tied:
                if tx._one(select(x.subject).where(x.issuer == issuer, x.person_id == id)):
                    return "another"
                made = insert(t.sign_in_account).values(issuer=issuer, subject=subject, person_id=id, since=now)
                tx.connection.execute(made)
                audit.note(tx, id, "tied account", f"person/{id}", now)
            return person
    except IntegrityError:  # two first sign-ins at once
        return "another"


def of(records: Records, person_id: int) -> list[Account]:
    """The accounts somebody signs in with."""
    x = t.sign_in_account.c
    with records.reading() as tx:
        rows = tx._all(select(x.issuer, x.since).where(x.person_id == person_id).order_by(x.since))
    return [Account(**r) for r in rows]


def untie(records: Records, by: Person, person_id: int, now: datetime) -> None:
    """Take somebody's accounts away and sign them out; the next sign-in ties one anew by its verified address."""
    with records.begin() as tx:
        gone = delete(t.sign_in_account).where(t.sign_in_account.c.person_id == person_id)
        if tx.connection.execute(gone).rowcount:
            tx.connection.execute(delete(t.web_session).where(t.web_session.c.person_id == person_id))
            audit.note(tx, by.id, "untied account", f"person/{person_id}", now)
