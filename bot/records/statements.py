"""Statements of a practice turn, built and compiled once (see `prepared`)."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.records import tables as t
from bot.records.assessment_tables import override
from bot.records.claims import free
from bot.records.prepared import Insert, Prepared
from bot.records.retention_tables import retention_time
from bot.records.unit_tables import unit_state

PERSON: Any = bindparam("person")
M, A, S, OV = t.message.c, t.attempt.c, t.attempt_statement.c, override.c

# Messages
MESSAGE = Prepared(select(t.message).where(M.message_id == bindparam("id")))
ADD_MESSAGE = Insert(t.message)
# PostgreSQL: who takes a message of a person sees all that were taken before. SQLite has one writer anyway.
ONE_TAKER = Prepared(text("SELECT pg_advisory_xact_lock(20211, :person) IS NULL AS free"))
# A literal: with a bound value SQLite does not use its index of waiting messages, and reads the whole history.
WAITING = M.status == literal_column("'queued'")
FIRST_WAITING = Prepared(
    select(t.message).where(M.person_id == PERSON, WAITING, M.direction == "in").order_by(M.id).limit(1)
)
PEOPLE_WAITING = Prepared(
    select(M.person_id)
    .where(WAITING, M.direction == "in")
    .group_by(M.person_id)
    .having(free(func.max(M.claimed_until)))
)
CLAIM = Prepared(
    update(t.message)
    .where(M.id == bindparam("row"), M.status == "queued", free(M.claimed_until))
    .values(claimed_until=bindparam("until"))
)
CLOSE = Prepared(
    update(t.message)
    .where(M.message_id == bindparam("message"), M.status == "queued")
    .values(status=bindparam("as_"), done_at=bindparam("when"), claimed_until=None)
)
REPLIES = Prepared(select(t.message).where(M.in_reply_to == bindparam("id"), M.direction == "out").order_by(M.id))


def _wrote(dialect: str, columns: tuple[str, ...]) -> Any:
    """Note that `person` wrote at `when`, unless a time since `hour`, and not ahead of `when`, is noted already."""
    new: Any = sqlite.insert(t.last_wrote) if dialect == "sqlite" else postgresql.insert(t.last_wrote)
    at, given = t.last_wrote.c.at, new.values(person_id=PERSON, at=bindparam("when"))
    other = or_(at < bindparam("hour"), at > bindparam("when"))
    return given.on_conflict_do_update(index_elements=["person_id"], set_={"at": new.excluded.at}, where=other)


WROTE = Prepared(_wrote)

# Moves and exercises
MOVE = Prepared(select(t.move.c.move).where(t.move.c.message_id == bindparam("id")))
ADD_MOVE = Insert(t.move)
OPEN_EXERCISE = Prepared(select(t.exercise).where(t.exercise.c.person_id == PERSON, t.exercise.c.closed_at.is_(None)))
_SAVE = (
    update(t.exercise)
    .where(t.exercise.c.id == bindparam("exercise"))
    .values(state=bindparam("now"), touched_at=bindparam("when"))
)
SAVE_EXERCISE, CLOSE_EXERCISE = Prepared(_SAVE), Prepared(_SAVE.values(closed_at=bindparam("when")))

# Attempts
ADD_ATTEMPT, ADD_MATCHES, ADD_SERVED = Insert(t.attempt), Insert(t.attempt_match), Insert(t.attempt_statement)
ADD_TOLD = Insert(t.told)


@cache
def tries(count: int) -> Prepared:
    """The attempts that count for so many statements, `statement_0` …, with what a person has overridden."""
    return Prepared(
        select(
            S.statement, S.attempt_id, A.question_id, A.made_at, A.complete, A.unassisted,
            OV.complete.label("by_person"),
        )
        .join(t.attempt, A.id == S.attempt_id)
        .outerjoin(override, OV.attempt_id == A.id)
        .where(S.person_id == PERSON, S.statement.in_([bindparam(f"statement_{n}") for n in range(count)]))
        .order_by(A.id, OV.id)
    )  # fmt: skip


@cache
def told(count: int) -> Prepared:
    """When something was told about so many questions, `question_0` …"""
    c = t.told.c
    return Prepared(
        select(c.question_id, c.made_at).where(
            c.person_id == PERSON, c.question_id.in_([bindparam(f"question_{n}") for n in range(count)])
        )
    )


LAST_ATTEMPT = Prepared(
    select(A.message_id).where(A.person_id == PERSON).order_by(A.made_at.desc(), A.id.desc()).limit(1)
)
SEEN = Prepared(select(A.question_id, func.count().label("n")).where(A.person_id == PERSON).group_by(A.question_id))
# The learner
COVERAGE = Prepared(select(t.coverage).where(t.coverage.c.person_id == PERSON))
WORKPLACE = Prepared(select(t.workplace_profile).where(t.workplace_profile.c.person_id == PERSON))
NAME = Prepared(select(t.person.c.name).where(t.person.c.id == PERSON))
UNITS = Prepared(
    select(t.enrolment.c.unit_id)
    .where(t.enrolment.c.person_id == PERSON)
    .order_by(t.enrolment.c.since, t.enrolment.c.unit_id)
)
WITHDRAWN = Prepared(select(unit_state.c.unit_id).where(unit_state.c.active.is_(False)))
DUE = Prepared(
    select(t.review_card.c.question_id).where(
        t.review_card.c.person_id == PERSON, t.review_card.c.due <= bindparam("now")
    )
)
CARD = Prepared(
    select(t.review_card.c.card).where(
        and_(t.review_card.c.person_id == PERSON, t.review_card.c.question_id == bindparam("question"))
    )
)
KEEP_COVERAGE = Insert(t.coverage, upsert=True)
KEEP_CARD = Insert(t.review_card, upsert=True)
KEEP_WORKPLACE = Insert(t.workplace_profile, upsert=True)
KEEP_UNIT = Insert(unit_state, upsert=True)
KEEP_RETENTION_TIME = Insert(retention_time, upsert=True)
