"""What happens while a learner answers an assessor's questions: every event and every version is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import and_, bindparam, func, insert, not_, or_, select

from bot.marking.model import Marking
from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.prepared import Prepared
from bot.records.store import Turn, Tx


class Due(msgspec.Struct, frozen=True):
    """A sitting a learner may go to now."""

    sitting: int
    set_id: int
    title: str
    unit: str
    live: bool
    assessor: str
    closes_at: Optional[datetime]


class Asked(msgspec.Struct, frozen=True):
    """A question of a set, word for word; `question_id` is None for the assessor's own wording."""

    id: int
    words: str
    question_id: Optional[str]
    statements: tuple[str, ...]
    made_at: datetime


def due(tx: Tx, person_id: int, now: datetime, set_id: Optional[int] = None) -> list[Due]:
    """Sittings of sent sets, inside their time and not handed in yet, the first to close first."""
    q, s, p = a.question_set.c, a.sitting.c, t.person.c
    query = (
        select(s.id, q.id.label("set_id"), q.title, q.unit_id, q.live, p.name, q.closes_at)
        .join(a.question_set, q.id == s.set_id)
        .join(t.person, p.id == q.by_id)
        .where(s.person_id == person_id, _running(now), _not_sent())
        .order_by(q.closes_at.is_(None), q.closes_at, s.id)
    )
    if set_id is not None:
        query = query.where(q.id == set_id)
    return [
        Due(r["id"], r["set_id"], r["title"], r["unit_id"], r["live"], r["name"], r["closes_at"])
        for r in tx._all(query)
    ]


def to_begin(tx: Tx, person_id: int, now: datetime) -> list[Due]:
    """What waits for a learner to begin it, or to go on with it after a break."""
    return [d for d in due(tx, person_id, now) if d.sitting != answering(tx, person_id)]


def answering(tx: Tx, person_id: int) -> Optional[int]:
    """The sitting whose questions a learner is answering now, not on a break."""
    row = tx.open_exercise(person_id)
    going_on = row is not None and row["kind"] == "assessment" and not row["state"].get("paused")
    return int(row["state"]["sitting"]) if going_on else None


def find(tx: Tx, sitting: int, now: datetime) -> Optional[Due]:
    """The sitting if it may still be answered."""
    s = a.sitting.c
    row = tx._one(select(s.person_id, s.set_id).where(s.id == sitting))
    return (
        next((d for d in due(tx, row["person_id"], now, row["set_id"]) if d.sitting == sitting), None) if row else None
    )


def _running(now: Any) -> Any:
    q = a.question_set.c
    return and_(
        q.sent_at.is_not(None),
        q.withdrawn_at.is_(None),
        or_(q.opens_at.is_(None), q.opens_at <= now),
        or_(q.closes_at.is_(None), q.closes_at > now),
    )


def _not_sent() -> Any:
    """Handed in as often as reopened, or less."""
    e, s = a.sitting_event.c, a.sitting.c

    def times(event: str) -> Any:
        return select(func.count()).where(e.sitting_id == s.id, e.event == event).scalar_subquery()

    return times("sent") <= times("reopened")


def handed_in() -> Any:
    """Of a query of sittings: those handed in and not reopened since."""
    return not_(_not_sent())


def questions(tx: Tx, sitting: int) -> list[Asked]:
    """The core of the set and what was added for this learner, in order."""
    s, q = a.sitting.c, a.set_question.c
    query = (
        select(q.id, q.words, q.question_id, q.statements, q.made_at)
        .join(a.sitting, s.set_id == q.set_id)
        .where(s.id == sitting, _for(s.person_id))
        .order_by(q.position, q.id)
    )
    return [Asked(r["id"], r["words"], r["question_id"], tuple(r["statements"]), r["made_at"]) for r in tx._all(query)]


def _for(person: Any) -> Any:
    """Of a query of questions: for all, or for this learner. With an "or" SQLite would go by the wrong index."""
    return func.coalesce(a.set_question.c.person_id, person) == person


def note(tx: Tx, sitting: int, event: str, now: datetime, channel: str = "", question: Optional[int] = None) -> None:
    """Keep one event of a sitting."""
    values = {"sitting_id": sitting, "event": event, "set_question_id": question, "channel": channel, "made_at": now}
    tx.connection.execute(insert(a.sitting_event).values(**values))


def started(tx: Tx, sitting: int) -> bool:
    """Whether the learner has begun it."""
    e = a.sitting_event.c
    return tx._one(select(e.id).where(e.sitting_id == sitting, e.event == "started").limit(1)) is not None


def add_answer(tx: Tx, turn: Turn, sitting: int, question: int, asked_at: datetime, now: datetime) -> tuple[int, int]:
    """Keep one version of an answer, word for word; its id and its version, from 1."""
    w = a.assessed_answer.c
    mine = select(func.max(w.version).label("v")).where(w.sitting_id == sitting, w.set_question_id == question)
    version = int(tx._one(mine)["v"] or 0) + 1
    made = tx.connection.execute(
        insert(a.assessed_answer).values(
            message_id=turn.message_id,
            sitting_id=sitting,
            set_question_id=question,
            person_id=turn.person_id,
            version=version,
            answer=turn.text,
            help="none",
            channel=turn.channel,
            asked_at=asked_at,
            made_at=now,
        )
    )
    return int(made.inserted_primary_key[0]), version


def add_proposal(
    tx: Tx, answer: int, marking: Marking, probability: Optional[float], content_version: str, now: datetime
) -> None:
    """Keep what the program would say of an answer: for the assessor's eyes only."""
    tx.connection.execute(
        insert(a.proposal).values(
            answer_id=answer,
            verdict=marking.verdict,
            marking=msgspec.to_builtins(marking),
            probability=probability,
            content_version=content_version,
            marking_version=marking.version,
            made_at=now,
        )
    )


def _under_assessment() -> Any:
    s, q = a.sitting.c, a.set_question.c
    person: Any = bindparam("person")
    return (
        select(q.statements)
        .select_from(a.sitting)
        .join(a.question_set, a.question_set.c.id == s.set_id)
        .join(a.set_question, q.set_id == s.set_id)
        .where(s.person_id == person, _running(bindparam("now")), _not_sent())
        .where(_for(person))
    )


UNDER_ASSESSMENT = Prepared(_under_assessment())  # a practice asks it with every question


def under_assessment(tx: Tx, person_id: int, now: datetime) -> frozenset[str]:
    """Statements that are being assessed now: no practice on these meanwhile."""
    return frozenset(x for r in tx._all(UNDER_ASSESSMENT, person=person_id, now=now) for x in r["statements"])


def submitted(tx: Tx, people: Any, statements: Optional[Iterable[str]]) -> set[tuple[int, str]]:
    """(person, statement) pairs whose answers are handed in; `people` is a list of ids or a query of them."""
    s, q, wanted = a.sitting.c, a.set_question.c, None if statements is None else set(statements)
    query = (
        select(s.person_id, q.statements)
        .select_from(a.sitting)
        .join(a.set_question, q.set_id == s.set_id)
        .where(s.person_id.in_(people), handed_in(), _for(s.person_id))
    )
    return {(r["person_id"], x) for r in tx._all(query) for x in r["statements"] if wanted is None or x in wanted}
