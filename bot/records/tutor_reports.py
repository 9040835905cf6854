"""What a tutor reads: the work list, a learner's page, practice set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Literal, Optional

import msgspec
from sqlalchemy import and_, bindparam, func, not_, select

from bot.records import assessment_tables as a
from bot.records import roleplay_tables as rp
from bot.records import tables as t
from bot.records.people import Person
from bot.records.prepared import Prepared
from bot.records.seeing import visible
from bot.records.store import Records, Tx

NEW, OVERDUE = timedelta(days=1), timedelta(days=7)
QUIET_AFTER = timedelta(days=7)
MOST = 200  # entries of each kind
Age = Literal["new", "week", "overdue"]


class Work(msgspec.Struct, frozen=True):
    """Something that waits for a tutor. `item` is "dispute" or "request" with its `id`, "" for stuck and quiet."""

    kind: str
    item: str
    id: int
    person_id: int
    name: str
    words: str
    at: datetime
    age: Age
    question_id: Optional[str] = None
    statement: Optional[str] = None
    statements: tuple[str, ...] = ()
    answer: str = ""  # whose mark is disputed


class Unsure(msgspec.Struct, frozen=True):
    """An answer that the marking was not sure of."""

    name: str
    question_id: str
    answer: str


class Set(msgspec.Struct, frozen=True):
    """Practice a tutor has set; `done` once the learner has practised it since."""

    id: int
    kind: str
    target: str
    due_on: Optional[date]
    note: str
    by: str
    made_at: datetime
    done: bool


class Reply(msgspec.Struct, frozen=True):
    """What a tutor wrote to the learner."""

    by: str
    words: str
    at: datetime


# The work list -----------------------------------------------------------------------------------------------------


def work_list(records: Records, viewer: Person, now: datetime) -> list[Work]:
    """All that waits for this viewer: oldest first within disputes and requests, then stuck, then quiet learners."""
    with records.reading() as tx:
        waiting = sorted([*_disputes(tx, viewer, now), *_requests(tx, viewer, now)], key=lambda w: w.at)
        return [*waiting, *_stuck(tx, viewer, now), *_quiet(tx, viewer, now)]


def age(at: datetime, now: datetime) -> Age:
    """new: within a day; week: within seven; overdue: longer ago."""
    return "new" if now - at < NEW else "week" if now - at < OVERDUE else "overdue"


def _disputes(tx: Tx, viewer: Person, now: datetime) -> list[Work]:
    p, d, at, s, c = t.person.c, t.dispute.c, t.attempt.c, t.attempt_statement.c, a.closed_item.c
    closed = select(c.item_id).where(c.kind == "dispute", c.item_id == d.id)
    served = select(func.min(s.statement)).where(s.attempt_id == at.id).scalar_subquery()
    rows = tx._all(
        select(
            d.id, d.person_id, p.name, d.words, d.made_at, at.question_id, at.answer, served.label("statement")
        )  # fmt: skip
        .join(t.person, p.id == d.person_id)
        .join(t.attempt, at.id == d.attempt_id)
        .where(d.person_id.in_(visible(viewer)), not_(closed.exists()))
        .order_by(d.id)
        .limit(MOST)
    )
    return [_work("dispute", "dispute", r, now, r["answer"]) for r in rows]


def _requests(tx: Tx, viewer: Person, now: datetime) -> list[Work]:
    p, r, at, s = t.person.c, t.tutor_request.c, t.attempt.c, t.attempt_statement.c
    served = select(func.min(s.statement)).where(s.attempt_id == at.id).scalar_subquery()
    rows = tx._all(
        select(r.id, r.kind, r.person_id, p.name, r.words, r.made_at, r.question_id, served.label("statement"))
        .join(t.person, p.id == r.person_id)
        .outerjoin(t.attempt, at.message_id == r.message_id)
        .where(r.person_id.in_(visible(viewer)), r.seen_at.is_(None))
        .order_by(r.id)
        .limit(MOST)
    )
    return [_work(r["kind"], "request", r, now) for r in rows]


def unsure_answer(records: Records, viewer: Person, request_id: int) -> Optional[Unsure]:
    """The answer behind a not-sure entry of the viewer's work list; None if there is none."""
    r, at, p = t.tutor_request.c, t.attempt.c, t.person.c
    query = (
        select(p.name, at.question_id, at.answer)
        .join(t.attempt, at.message_id == r.message_id)
        .join(t.person, p.id == at.person_id)
        .where(r.id == request_id, r.kind == "not_sure", r.person_id.in_(visible(viewer)))
    )
    with records.reading() as tx:
        row = tx._one(query)
    return Unsure(row["name"], row["question_id"], row["answer"]) if row else None


def _work(kind: str, item: str, r: Any, now: datetime, answer: str = "") -> Work:
    return Work(
        kind, item, r["id"], r["person_id"], r["name"], r["words"], r["made_at"], age(r["made_at"], now),
        r["question_id"], r["statement"], answer=answer,
    )  # fmt: skip


def _stuck(tx: Tx, viewer: Person, now: datetime) -> list[Work]:
    p, c = t.person.c, t.coverage.c
    rows = tx._all(
        select(c.person_id, p.name, c.statement, c.last_at)
        .join(t.person, p.id == c.person_id)
        .where(t.stuck, p.active.is_(True), c.person_id.in_(visible(viewer)))
        .order_by(c.last_at.desc())
        .limit(MOST * 5)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for r in rows:
        found[r["person_id"]].append(r)
    return [
        Work("stuck", "", 0, id, of[0]["name"], "", of[0]["last_at"], age(of[0]["last_at"], now),
             statement=of[0]["statement"], statements=tuple(sorted(r["statement"] for r in of)))
        for id, of in list(found.items())[:MOST]
    ]  # fmt: skip


def _quiet(tx: Tx, viewer: Person, now: datetime) -> list[Work]:
    """Active, enrolled learners who have not written for QUIET_AFTER; the longest silent first."""
    p, w, e, seen = t.person.c, t.last_wrote.c, t.enrolment.c, visible(viewer)
    enrolled = select(e.person_id, func.min(e.since).label("since")).where(e.person_id.in_(seen)).group_by(e.person_id)
    began = enrolled.subquery().c
    silent_since = func.coalesce(w.at, began.since)
    query = (
        select(p.id, p.name, silent_since.label("at"))
        .join(t.person, p.id == began.person_id)
        .outerjoin(t.last_wrote, w.person_id == p.id)
        .where(p.active.is_(True), began.since < now - QUIET_AFTER, silent_since < now - QUIET_AFTER)
        .order_by(silent_since)
        .limit(MOST)
    )
    return [Work("quiet", "", 0, r["id"], r["name"], "", r["at"], age(r["at"], now)) for r in tx._all(query)]


# One learner -------------------------------------------------------------------------------------------------------


def practice_set(records: Records, person_id: int) -> list[Set]:
    """What tutors have set for a learner and not withdrawn, the next date first."""
    with records.reading() as tx:
        return set_for(tx, person_id)


def set_for(tx: Tx, person_id: int, kinds: Collection[str] = a.SET_PRACTICE_KINDS) -> list[Set]:
    """The same within a transaction, of these kinds alone."""
    rows = [r for r in tx._all(SET_FOR, person=person_id) if r["kind"] in kinds]
    return [
        Set(r["id"], r["kind"], r["target"], r["due_on"], r["note"], r["by"], r["made_at"], _practised(tx, r))
        for r in rows
    ]


def _set_for() -> Any:
    s, p = a.set_practice.c, t.person.c
    return (
        select(a.set_practice, p.name.label("by"))
        .join(t.person, p.id == s.by_id)
        .where(s.person_id == bindparam("person"), s.withdrawn_at.is_(None))
        .order_by(s.due_on.is_(None), s.due_on, s.id)
    )


SET_FOR = Prepared(_set_for())  # a practice asks it with every question


def _practised(tx: Tx, row: Any) -> bool:
    at, s = t.attempt.c, t.attempt_statement.c
    mine = and_(at.person_id == row["person_id"], at.made_at >= row["made_at"])
    if row["kind"] == "question":
        return tx._one(select(at.id).where(mine, at.question_id == row["target"]).limit(1)) is not None
    if row["kind"] == "statement":
        query = select(at.id).join(t.attempt_statement, s.attempt_id == at.id).where(mine, s.statement == row["target"])
        return tx._one(query.limit(1)) is not None
    r, end = rp.roleplay.c, rp.roleplay_end.c  # a scenario, begun since and played to its end
    query = (
        select(r.id)
        .join(rp.roleplay_end, end.roleplay_id == r.id)
        .where(r.person_id == row["person_id"], r.scenario_id == row["target"], r.made_at >= row["made_at"])
    )
    return tx._one(query.limit(1)) is not None


def replies_to(records: Records, person_id: int, limit: int = 50) -> list[Reply]:
    """What tutors wrote to a learner, newest first."""
    r, p = a.tutor_reply.c, t.person.c
    query = (
        select(p.name, r.words, r.made_at)
        .join(t.person, p.id == r.by_id)
        .where(r.person_id == person_id)
        .order_by(r.id.desc())
        .limit(limit)
    )
    with records.reading() as tx:
        return [Reply(x["name"], x["words"], x["made_at"]) for x in tx._all(query)]
