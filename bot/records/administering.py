"""What an administrator changes: people, roles, groups, caseloads, enrolment, deactivation. All of it audited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Optional

import msgspec
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit, erasing
from bot.records import people as people_records
from bot.records import tables as t
from bot.records.base import like_literally
from bot.records.people import Person
from bot.records.store import Records, Tx
from bot.records.tutoring import said

AT_ONCE = 50  # people on a page
MEMBER_ROLES = ("learner", "tutor", *a.CASELOAD_ROLES)


class PersonRow(msgspec.Struct, frozen=True):
    """Somebody in the list."""

    id: int
    name: str
    email: Optional[str]
    roles: tuple[str, ...]
    active: bool
    demo: bool


class Membership(msgspec.Struct, frozen=True):
    """Somebody's place in a group."""

    cohort_id: int
    cohort: str
    role: str


class PersonView(msgspec.Struct, frozen=True):
    """All an administrator sees of somebody."""

    row: PersonRow
    groups: tuple[Membership, ...]
    units: tuple[str, ...]


def search(records: Records, words: str, role: str = "", page: int = 0) -> tuple[list[PersonRow], bool]:
    """People whose name or address holds the words, by name; whether there are more."""
    p, r = t.person.c, t.person_role.c
    query = select(p.id, p.name, p.email, p.active, p.demo).order_by(p.name, p.id)
    if words:
        pattern = f"%{like_literally(words)}%"
        query = query.where(or_(p.name.ilike(pattern, escape="\\"), p.email.ilike(pattern, escape="\\")))
    if role:
        query = query.where(p.id.in_(select(r.person_id).where(r.role == role)))
    with records.reading() as tx:
        rows = tx._all(query.offset(page * AT_ONCE).limit(AT_ONCE + 1))
        roles: dict[int, list[str]] = {row["id"]: [] for row in rows}
        for x in tx._all(select(t.person_role).where(r.person_id.in_(list(roles))).order_by(r.role)):
            roles[x["person_id"]].append(x["role"])
    found = [
        PersonRow(x["id"], x["name"], x["email"], tuple(roles[x["id"]]), x["active"], x["demo"]) for x in rows[:AT_ONCE]
    ]
    return found, len(rows) > AT_ONCE


def view(records: Records, person_id: int) -> PersonView:
    """One person; NotThere for nobody."""
    found = people_records.find(records, person_id)
    if found is None:
        raise NotThere("person")
    m, c, load = t.cohort_member.c, t.cohort.c, a.caseload.c
    with records.reading() as tx:
        members = tx._all(
            select(m.cohort_id, c.name, m.role).join(t.cohort, c.id == m.cohort_id).where(m.person_id == person_id)
        )
        loads = tx._all(
            select(load.cohort_id, c.name, load.role)
            .join(t.cohort, c.id == load.cohort_id)
            .where(load.person_id == person_id)
        )
        units = tx.units_of(person_id)
    groups = tuple(Membership(r["cohort_id"], r["name"], r["role"]) for r in [*members, *loads])
    row = PersonRow(found.id, found.name, found.email, tuple(sorted(found.roles)), found.active, found.demo)
    return PersonView(row, tuple(sorted(groups, key=lambda g: (g.cohort, g.role))), units)


def set_roles(records: Records, by: Person, person_id: int, roles: Collection[str], now: datetime) -> None:
    """Give exactly these roles. Nobody takes the last administrator's away, or their own."""
    unknown = set(roles) - set(t.ROLES)
    if unknown or not roles:
        raise BadInput("Choose at least one role.")
    r = t.person_role.c
    with records.begin() as tx:
        _there(tx, person_id)
        if person_id == by.id and "admin" not in roles:
            raise BadInput("You cannot take the administrator's role from yourself.")
        tx.connection.execute(delete(t.person_role).where(r.person_id == person_id))
        for role in sorted(roles):
            tx.connection.execute(insert(t.person_role).values(person_id=person_id, role=role))
        audit.note(tx, by.id, "set roles", f"person/{person_id}", now, roles=sorted(roles))


def set_active(records: Records, by: Person, person_id: int, active: bool, now: datetime) -> None:
    """Deactivate or reactivate; a deactivated person is signed out at once and everything of theirs stays."""
    if person_id == by.id and not active:
        raise BadInput("You cannot deactivate yourself.")
    p = t.person.c
    with records.begin() as tx:
        _there(tx, person_id)
        if active and erasing.erased(tx, person_id):
            raise BadInput("This person was erased. Add them anew.")
        tx.connection.execute(update(t.person).where(p.id == person_id).values(active=active))
        if not active:
            tx.connection.execute(delete(t.web_session).where(t.web_session.c.person_id == person_id))
        audit.note(tx, by.id, "activated" if active else "deactivated", f"person/{person_id}", now)


def rename(records: Records, by: Person, person_id: int, name: str, email: str, now: datetime) -> None:
    """Change name and address; what was signed keeps the name of then. The audit says that, not from what to what."""
    changed = {"name": people_records.plain_name(name), "email": people_records.plain_email(email or None)}
    p = t.person.c
    try:
        with records.begin() as tx:
            _there(tx, person_id)
            if erasing.erased(tx, person_id):
                raise BadInput("This person was erased. Add them anew.")
            tx.connection.execute(update(t.person).where(p.id == person_id).values(**changed))
            audit.note(tx, by.id, "changed name or address", f"person/{person_id}", now)
    except IntegrityError as error:
        raise BadInput(f"Somebody with the address {changed['email']} is there already.") from error


def enrol(records: Records, by: Person, person_id: int, units: Collection[str], now: datetime) -> None:
    """Enrol in exactly these units; what was practised in others stays recorded."""
    e = t.enrolment.c
    with records.begin() as tx:
        _there(tx, person_id)
        before = set(tx.units_of(person_id))
        tx.connection.execute(delete(t.enrolment).where(e.person_id == person_id, e.unit_id.not_in(list(units))))
        tx.refuse_withdrawn(set(units) - before)
        for unit in [u for u in units if u not in before]:
            tx.connection.execute(insert(t.enrolment).values(person_id=person_id, unit_id=unit, since=now))
        if before != set(units):
            audit.note(tx, by.id, "enrolled", f"person/{person_id}", now, units=sorted(units))


def join(records: Records, by: Person, person_id: int, cohort: str, role: str, now: datetime) -> None:
    """Put somebody into a group (made if new): as its learner or tutor, or with it as their caseload."""
    name = " ".join(said(cohort, "The group's name").split())[:200]
    if role not in MEMBER_ROLES:
        raise BadInput("Choose what they are in the group.")
    with records.begin() as tx:
        _there(tx, person_id)
        table = a.caseload if role in a.CASELOAD_ROLES else t.cohort_member
        where = [table.c.cohort_id == t.cohort.c.id, table.c.person_id == person_id]
        if table is a.caseload:
            where.append(table.c.role == role)
        if tx._one(select(t.cohort.c.id).where(t.cohort.c.name == name, *where)) is not None:
            raise BadInput("They are in that group already.")
        people_records.join_cohort(tx, person_id, name, role)
        audit.note(tx, by.id, "joined group", f"person/{person_id}", now, cohort=name, role=role)


def leave(records: Records, by: Person, person_id: int, cohort_id: int, role: str, now: datetime) -> None:
    """Take somebody out of a group."""
    table = a.caseload if role in a.CASELOAD_ROLES else t.cohort_member
    c = table.c
    with records.begin() as tx:
        gone = delete(table).where(c.cohort_id == cohort_id, c.person_id == person_id, c.role == role)
        if tx.connection.execute(gone).rowcount:
            audit.note(tx, by.id, "left group", f"person/{person_id}", now, cohort=cohort_id, role=role)


def reset_link(records: Records, by: Person, person_id: int, now: datetime) -> str:
    """A one-time token by which somebody sets a new password; the old one works until then."""
    if not view(records, person_id).row.active:
        raise BadInput("Activate them first; who is not active cannot come in.")
    token = people_records.invite(records, person_id, now)
    with records.begin() as tx:
        audit.note(tx, by.id, "made reset link", f"person/{person_id}", now)
    return token


def counts(records: Records) -> dict[str, int]:
    """People by role, and how many there are."""
    r = t.person_role.c
    with records.reading() as tx:
        found = {x["role"]: x["n"] for x in tx._all(select(r.role, func.count().label("n")).group_by(r.role))}
    return {role: found.get(role, 0) for role in t.ROLES}


def _there(tx: Tx, person_id: int) -> None:
    if tx._one(select(t.person.c.id).where(t.person.c.id == person_id)) is None:
        raise NotThere("person")
