"""Who may see whom."""

from __future__ import annotations

from typing import Any, Optional

from sqlalchemy import false, or_, select

from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Tx


def visible(viewer: Person, cohort: Optional[int] = None) -> Any:
    """Ids of the learners somebody may see: an admin all, others those of the cohorts they have."""
    theirs, mine, load = t.cohort_member.alias("theirs"), t.cohort_member.alias("mine"), a.caseload.alias("load")
    learners = select(theirs.c.person_id).where(theirs.c.role == "learner")
    if cohort is not None:
        learners = learners.where(theirs.c.cohort_id == cohort)
    if "admin" in viewer.roles:
        if cohort is None:
            return select(t.person_role.c.person_id).where(t.person_role.c.role == "learner")
        return learners
    groups = []
    if "tutor" in viewer.roles:
        groups.append(select(mine.c.cohort_id).where(mine.c.person_id == viewer.id, mine.c.role == "tutor"))
    if roles := sorted(viewer.roles & set(a.CASELOAD_ROLES)):
        groups.append(select(load.c.cohort_id).where(load.c.person_id == viewer.id, load.c.role.in_(roles)))
    if not groups:
        return learners.where(false())
    return learners.where(or_(*(theirs.c.cohort_id.in_(g) for g in groups)))


def may_see(tx: Tx, viewer: Person, person_id: int) -> bool:
    """Whether this learner is the viewer's."""
    p = t.person.c
    return tx._one(select(p.id).where(p.id == person_id, p.id.in_(visible(viewer)))) is not None
