"""People, roles, cohorts, enrolment, passwords, sign-in sessions, invitations."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from zxcvbn import zxcvbn

from bot.errors import BadInput
from bot.records import tables as t
from bot.records.assessment_tables import CASELOAD_ROLES, caseload
from bot.records.base import like_literally, token_hash
from bot.records.store import Records, Tx

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's figures for argon2id; KiB
SESSION_LASTS = timedelta(hours=12)
INVITATION_LASTS = timedelta(days=14)
SHORTEST_PASSWORD = 12
MOST_WEIGHED = 72  # characters that zxcvbn takes


class Person(msgspec.Struct, frozen=True):
    """Somebody with their roles."""

    id: int
    name: str
    email: Optional[str]
    roles: frozenset[str]
    demo: bool
    active: bool


class Session(msgspec.Struct, frozen=True):
    """A valid sign-in."""

    person: Person
    csrf: str


def add_person(
    records: Records,
    name: str,
    roles: Sequence[str],
    when: datetime,
    email: Optional[str] = None,
    units: Sequence[str] = (),
    cohort: Optional[str] = None,
    demo: bool = False,
) -> int:
    """Add a person; their id. BadInput for an unknown role, an empty name or an e-mail address that is taken."""
    name, email = plain_name(name), plain_email(email)
    unknown = sorted(set(roles) - set(t.ROLES))
    if unknown:
        raise BadInput(f"There is no role {unknown[0]!r}. Roles are: {', '.join(t.ROLES)}.")
    try:
        with records.begin() as tx:
            made = tx.connection.execute(
                insert(t.person).values(name=name, email=email, demo=demo, active=True, created_at=when)
            )
            id = int(made.inserted_primary_key[0])
            for role in dict.fromkeys(roles):
                tx.connection.execute(insert(t.person_role).values(person_id=id, role=role))
            tx.refuse_withdrawn(units)
            for i, unit in enumerate(dict.fromkeys(units)):
                since = when + timedelta(microseconds=i)
                tx.connection.execute(insert(t.enrolment).values(person_id=id, unit_id=unit, since=since))
            if cohort:  # one place as its tutor or learner, and a caseload for each role that has one
                places = {"admin", "learner"} if "tutor" in roles else {"admin"}
                for role in sorted(set(roles) - places):
                    join_cohort(tx, id, cohort, role)
    except IntegrityError as error:
        raise BadInput(f"Somebody with the address {email} is there already.") from error
    return id


def plain_name(name: str) -> str:
    """The name with single spaces; BadInput if it cannot be one."""
    name = " ".join(name.split())
    if not name or len(name) > 200:
        raise BadInput("A name needs 1 to 200 characters.")
    if not name.isprintable():
        raise BadInput(f"The name {name!r} holds a character that cannot be shown.")
    return name


def plain_email(email: Optional[str]) -> Optional[str]:
    """The address in small letters, None for none; BadInput if it is not one."""
    if email is not None and ("@" not in email.strip("@ ") or len(email) > 254):
        raise BadInput(f"{email!r} is not an e-mail address.")
    return email.lower().strip() if email else None


def join_cohort(tx: Tx, person_id: int, name: str, role: str) -> int:
    """Put a person into a cohort (made if new): as learner or tutor, or with it as their caseload; the cohort's id."""
    row = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == name))
    id = row["id"] if row else tx.connection.execute(insert(t.cohort).values(name=name)).inserted_primary_key[0]
    table = caseload if role in CASELOAD_ROLES else t.cohort_member
    tx.connection.execute(insert(table).values(cohort_id=id, person_id=person_id, role=role))
    return int(id)


def set_password(records: Records, person_id: int, password: str) -> None:
    """Set a password of at least 12 characters that is not easily guessed (NIST 800-63B asks for no odd characters)."""
    hashed = _hash_password(password, find(records, person_id))
    with records.begin() as tx:
        _write_password(tx, person_id, hashed)


def _hash_password(password: str, person: Optional[Person]) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= 200:
        raise BadInput(f"A password needs {SHORTEST_PASSWORD} to 200 characters; a few words in a row are fine.")
    own = [person.name, person.email or ""] if person else []
    if (
        zxcvbn(password[:MOST_WEIGHED], user_inputs=[*own, "rapport"])["score"] < 2
    ):  # of 4; fewer than a million guesses
        raise BadInput("This password is easily guessed. Take three or four words that do not belong together.")
    return HASHER.hash(password)


def _write_password(tx: Tx, person_id: int, hashed: str) -> None:
    tx.connection.execute(update(t.person).where(t.person.c.id == person_id).values(password_hash=hashed))
    tx.connection.execute(delete(t.web_session).where(t.web_session.c.person_id == person_id))


def check_password(records: Records, email: str, password: str) -> Optional[Person]:
    """The active person of that address if the password is theirs; takes as long for an unknown address."""
    with records.reading() as tx:
        row = tx._one(select(t.person).where(t.person.c.email == email.lower().strip()))
    stored = row["password_hash"] if row and row["active"] and row["password_hash"] else _NOBODY
    try:
        HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return None
    return find(records, row["id"]) if row and stored is not _NOBODY else None


_NOBODY = HASHER.hash(secrets.token_hex())


def open_session(records: Records, person_id: int, now: datetime) -> tuple[str, str]:
    """A new sign-in: its cookie token and its CSRF token. Only the token's hash is kept."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with records.begin() as tx:
        tx.connection.execute(delete(t.web_session).where(t.web_session.c.expires_at < now))
        tx.connection.execute(
            insert(t.web_session).values(
                token_hash=token_hash(token),
                person_id=person_id,
                csrf=csrf,
                created_at=now,
                expires_at=now + SESSION_LASTS,
            )
        )
    return token, csrf


def session_of(records: Records, token: str, now: datetime) -> Optional[Session]:
    """The sign-in of a cookie token, None if it is unknown, over, or the person is not active."""
    s = t.web_session.c
    with records.reading() as tx:
        row = tx._one(
            select(s.person_id, s.csrf)
            .join(t.person, t.person.c.id == s.person_id)
            .where(s.token_hash == token_hash(token), s.expires_at > now, t.person.c.active.is_(True))
        )
        return Session(read(tx, row["person_id"]), row["csrf"]) if row else None


def close_session(records: Records, token: str) -> None:
    """Sign out."""
    with records.begin() as tx:
        tx.connection.execute(delete(t.web_session).where(t.web_session.c.token_hash == token_hash(token)))


def invite(records: Records, person_id: int, now: datetime) -> str:
    """A one-time token by which a person may set a password."""
    token = secrets.token_urlsafe(32)
    with records.begin() as tx:
        tx.connection.execute(
            insert(t.invitation).values(
                token_hash=token_hash(token), person_id=person_id, expires_at=now + INVITATION_LASTS, used_at=None
            )
        )
    return token


def invited(records: Records, token: str, now: datetime) -> Optional[int]:
    """Whom an unused, unexpired invitation is for."""
    i = t.invitation.c
    with records.reading() as tx:
        mine = (i.token_hash == token_hash(token), i.purpose == "web", i.used_at.is_(None), i.expires_at > now)
        active = select(t.person.c.id).where(t.person.c.id == i.person_id, t.person.c.active.is_(True)).exists()
        row = tx._one(select(i.person_id).where(*mine, active))
    return row["person_id"] if row else None


def use_invitation(records: Records, token: str, password: str, now: datetime) -> int:
    """Set the password an invitation is for, once; BadInput if it is used or over."""
    person_id = invited(records, token, now)
    if person_id is None:
        raise BadInput("This invitation was used already or is out of date. Ask your tutor for a new one.")
    hashed = _hash_password(password, find(records, person_id))
    with records.begin() as tx:
        used = tx.connection.execute(
            update(t.invitation)
            .where(t.invitation.c.token_hash == token_hash(token), t.invitation.c.used_at.is_(None))
            .values(used_at=now)
        )
        if not used.rowcount:
            raise BadInput("This invitation was used already. Ask your tutor for a new one.")
        _write_password(tx, person_id, hashed)
    return person_id


def find(records: Records, person_id: int) -> Optional[Person]:
    """A person by id."""
    with records.reading() as tx:
        row = tx._one(select(t.person.c.id).where(t.person.c.id == person_id))
        return read(tx, person_id) if row else None


def names(records: Records, ids: Collection[int]) -> dict[int, str]:
    """Id → name."""
    p = t.person.c
    with records.reading() as tx:
        return {r["id"]: r["name"] for r in tx._all(select(p.id, p.name).where(p.id.in_(set(ids))))}


def named(records: Records, who: str) -> list[Person]:
    """People whose id, e-mail address or whole name (case aside) is `who`."""
    p = t.person.c
    wanted = [p.email == who.lower(), p.name.ilike(like_literally(who), escape="\\")]
    if who.isascii() and who.isdigit() and len(who) < 10:
        wanted.append(p.id == int(who))
    with records.reading() as tx:
        return [read(tx, r["id"]) for r in tx._all(select(p.id).where(or_(*wanted)).order_by(p.id))]


def everybody(records: Records) -> list[Person]:
    """All people, by id."""
    with records.reading() as tx:
        return [read(tx, r["id"]) for r in tx._all(select(t.person.c.id).order_by(t.person.c.id))]


def cohort_learners(records: Records, name: str) -> Optional[frozenset[int]]:
    """Ids of a cohort's learners; None if there is no such cohort."""
    c, m = t.cohort.c, t.cohort_member.c
    with records.reading() as tx:
        row = tx._one(select(c.id).where(c.name == name))
        if row is None:
            return None
        rows = tx._all(select(m.person_id).where(m.cohort_id == row["id"], m.role == "learner"))
    return frozenset(r["person_id"] for r in rows)


def demo_person(records: Records, role: str) -> Optional[Person]:
    """The first demo person of a role."""
    p = t.person.c
    with records.reading() as tx:
        row = tx._one(
            select(p.id)
            .join(t.person_role, t.person_role.c.person_id == p.id)
            .where(p.demo.is_(True), p.active.is_(True), t.person_role.c.role == role)
            .order_by(p.id)
            .limit(1)
        )
        return read(tx, row["id"]) if row else None


def read(tx: Tx, id: int) -> Person:
    """The person of an id that is there."""
    row: Any = tx._one(select(t.person).where(t.person.c.id == id))
    roles = tx._all(select(t.person_role.c.role).where(t.person_role.c.person_id == id))
    return Person(id, row["name"], row["email"], frozenset(r["role"] for r in roles), row["demo"], row["active"])
