"""Statements of a practice turn, built once: SQLAlchemy 1.4 takes longer to build one than to run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, and_, bindparam, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.records import tables as t
from bot.records.assessment_tables import override
from bot.records.unit_tables import unit_state

PERSON: Any = bindparam("person")
M, A, S, OV = t.message.c, t.attempt.c, t.attempt_statement.c, override.c

# Messages
MESSAGE = select(t.message).where(M.message_id == bindparam("id"))
ADD_MESSAGE = insert(t.message)
# A literal: with a bound value SQLite does not use its index of waiting messages, and reads the whole history.
WAITING = M.status == literal_column("'queued'")
FIRST_WAITING = select(t.message).where(M.person_id == PERSON, WAITING, M.direction == "in").order_by(M.id).limit(1)


def _free(until: Any) -> Any:
    """Nobody has it: never claimed, no longer, or for so long that a clock must have been wrong."""
    return or_(until.is_(None), until <= bindparam("now"), until > bindparam("far"))


PEOPLE_WAITING = (
    select(M.person_id)
    .where(WAITING, M.direction == "in")
    .group_by(M.person_id)
    .having(_free(func.max(M.claimed_until)))
)
CLAIM = (
    update(t.message)
    .where(M.id == bindparam("row"), M.status == "queued", _free(M.claimed_until))
    .values(claimed_until=bindparam("until"))
)
CLOSE = (
    update(t.message)
    .where(M.message_id == bindparam("message"), M.status == "queued")
    .values(status=bindparam("as_"), done_at=bindparam("when"), claimed_until=None)
)
REPLIES = select(t.message).where(M.in_reply_to == bindparam("id"), M.direction == "out").order_by(M.id)

# Moves and exercises
MOVE = select(t.move.c.move).where(t.move.c.message_id == bindparam("id"))
ADD_MOVE = insert(t.move)
OPEN_EXERCISE = select(t.exercise).where(t.exercise.c.person_id == PERSON, t.exercise.c.closed_at.is_(None))
SAVE_EXERCISE = (
    update(t.exercise)
    .where(t.exercise.c.id == bindparam("exercise"))
    .values(state=bindparam("now"), touched_at=bindparam("when"))
)
CLOSE_EXERCISE = SAVE_EXERCISE.values(closed_at=bindparam("when"))

# Attempts
ADD_ATTEMPT, ADD_MATCHES, ADD_SERVED = insert(t.attempt), insert(t.attempt_match), insert(t.attempt_statement)
ADD_TOLD = insert(t.told)
TRIES = (
    select(
        S.statement, S.attempt_id, A.question_id, A.made_at, A.complete, A.unassisted, OV.complete.label("by_person")
    )
    .join(t.attempt, A.id == S.attempt_id)
    .outerjoin(override, OV.attempt_id == A.id)
    .where(S.person_id == PERSON, S.statement.in_(bindparam("statements", expanding=True)))
    .order_by(A.id, OV.id)
)
TOLD = select(t.told.c.question_id, t.told.c.made_at).where(
    t.told.c.person_id == PERSON, t.told.c.question_id.in_(bindparam("questions", expanding=True))
)
LAST_ATTEMPT = select(A.message_id).where(A.person_id == PERSON).order_by(A.made_at.desc(), A.id.desc()).limit(1)
SEEN = select(A.question_id, func.count().label("n")).where(A.person_id == PERSON).group_by(A.question_id)

# The learner
COVERAGE = select(t.coverage).where(t.coverage.c.person_id == PERSON)
WORKPLACE = select(t.workplace_profile).where(t.workplace_profile.c.person_id == PERSON)
NAME = select(t.person.c.name).where(t.person.c.id == PERSON)
UNITS = (
    select(t.enrolment.c.unit_id)
    .where(t.enrolment.c.person_id == PERSON)
    .order_by(t.enrolment.c.since, t.enrolment.c.unit_id)
)
WITHDRAWN = select(unit_state.c.unit_id).where(unit_state.c.active.is_(False))
DUE = select(t.review_card.c.question_id).where(
    t.review_card.c.person_id == PERSON, t.review_card.c.due <= bindparam("now")
)
CARD = select(t.review_card.c.card).where(
    and_(t.review_card.c.person_id == PERSON, t.review_card.c.question_id == bindparam("question"))
)


def keep(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or overwrite those with the same primary key, in one statement."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name, tuple(sorted(rows[0]))), list(rows))


@cache
def _upsert(table: Table, dialect: str, columns: tuple[str, ...]) -> Any:
    made: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    return made.on_conflict_do_update(
        index_elements=keys, set_={name: made.excluded[name] for name in columns if name not in keys}
    )
