"""Groups as an administrator sees them: who is in each, and as what."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Records
from bot.records.tutoring import said


class Group(msgspec.Struct, frozen=True):
    """A group: how many active learners, and role → names of the active staff it belongs to, with their ids."""

    id: int
    name: str
    learners: int
    staff: dict[str, tuple[tuple[int, str], ...]]


def every(records: Records) -> list[Group]:
    """All groups, by name."""
    c, m, load, p = t.cohort.c, t.cohort_member.c, a.caseload.c, t.person.c
    members = select(m.cohort_id, m.role, p.id, p.name).join(t.person, p.id == m.person_id).where(p.active.is_(True))
    loads = select(load.cohort_id, load.role, p.id, p.name).join(t.person, p.id == load.person_id)
    with records.reading() as tx:
        groups = tx._all(select(c.id, c.name).order_by(c.name))
        rows = [*tx._all(members.order_by(p.name)), *tx._all(loads.where(p.active.is_(True)).order_by(p.name))]
    learners: dict[int, int] = {}
    staff: dict[int, dict[str, list[tuple[int, str]]]] = {}
    for r in rows:
        if r["role"] == "learner":
            learners[r["cohort_id"]] = learners.get(r["cohort_id"], 0) + 1
        else:
            staff.setdefault(r["cohort_id"], {}).setdefault(r["role"], []).append((r["id"], r["name"]))
    return [
        Group(g["id"], g["name"], learners.get(g["id"], 0), {k: tuple(v) for k, v in staff.get(g["id"], {}).items()})
        for g in groups
    ]


def rename(records: Records, by: Person, group: int, name: str, now: datetime) -> None:
    """Give a group another name; BadInput if it is taken, NotThere for no group."""
    name = " ".join(said(name, "The group's name").split())[:200]
    try:
        with records.begin() as tx:
            changed = tx.connection.execute(update(t.cohort).where(t.cohort.c.id == group).values(name=name))
            if not changed.rowcount:
                raise NotThere("group")
            audit.note(tx, by.id, "renamed group", f"cohort/{group}", now, name=name)
    except IntegrityError as error:
        raise BadInput(f"There is a group called {name} already.") from error
