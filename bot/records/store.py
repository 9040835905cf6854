"""What coaching writes and reads, one transaction a use case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.engine import Connection, Engine

from bot.coaching.coverage import Standing, Tried, standing
from bot.coaching.model import Move, Practice
from bot.marking.model import Marking
from bot.records import tables as t
from bot.records.assessment_tables import override


class Turn(msgspec.Struct, frozen=True):
    """One message as a use case needs it."""

    message_id: str
    person_id: int
    channel: str
    text: str


class Workplace(msgspec.Struct, frozen=True):
    """Where the learner works, in their words."""

    organisation: str = ""
    services: str = ""
    limits: str = ""
    refer_to: str = ""


class Records:
    """Opens transactions. `begin` may write (and on SQLite waits for its turn), `reading` only reads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(reading=True)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction that is kept whole or not at all."""
        with self.engine.begin() as connection:
            yield Tx(connection)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A consistent view that takes no write lock."""
        with self._reading.connect() as connection, connection.begin():
            yield Tx(connection)


class Tx:
    """One transaction; `connection` is for the other modules of this package."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _one(self, query: Any) -> Any:
        return self.connection.execute(query).mappings().first()

    def _all(self, query: Any) -> Any:
        return self.connection.execute(query).mappings().all()

    # Moves ------------------------------------------------------------------------------------------------------

    def move_for(self, message_id: str) -> Optional[Move]:
        """What was already answered to this message, None if nothing was."""
        row = self._one(select(t.move.c.move).where(t.move.c.message_id == message_id))
        return msgspec.convert(row["move"], Move) if row else None

    def save_move(self, turn: Turn, move: Move, when: datetime) -> None:
        """Keep what is answered to this message."""
        self.connection.execute(
            insert(t.move).values(
                message_id=turn.message_id, person_id=turn.person_id, move=msgspec.to_builtins(move), made_at=when
            )
        )

    # Exercises --------------------------------------------------------------------------------------------------

    def open_practice(self, person_id: int) -> Optional[tuple[int, Practice]]:
        """The practice the learner is in the middle of (paused or not), with the exercise's id."""
        row = self.open_exercise(person_id)
        return (row["id"], msgspec.convert(row["state"], Practice)) if row and row["kind"] == "practice" else None

    def open_exercise(self, person_id: int) -> Any:
        """The row of what the learner is in the middle of, practice or role-play; there is never more than one."""
        e = t.exercise.c
        return self._one(select(t.exercise).where(e.person_id == person_id, e.closed_at.is_(None)))

    def start_practice(self, person_id: int, practice: Practice, when: datetime) -> int:
        """Close what was open and open a new exercise; its id."""
        return self.start_exercise(person_id, "practice", practice, when)

    def start_exercise(self, person_id: int, kind: str, state: msgspec.Struct, when: datetime) -> int:
        """Close what was open, of whatever kind, and open a new exercise; its id."""
        self.connection.execute(
            update(t.exercise)
            .where(t.exercise.c.person_id == person_id, t.exercise.c.closed_at.is_(None))
            .values(closed_at=when)
        )
        made = self.connection.execute(
            insert(t.exercise).values(
                person_id=person_id,
                kind=kind,
                state=msgspec.to_builtins(state),
                opened_at=when,
                touched_at=when,
            )
        )
        return int(made.inserted_primary_key[0])

    def save_practice(self, exercise_id: int, practice: Practice, when: datetime, close: bool = False) -> None:
        """Keep where the practice stands."""
        self.save_exercise(exercise_id, practice, when, close)

    def save_exercise(self, exercise_id: int, state: msgspec.Struct, when: datetime, close: bool = False) -> None:
        """Keep where an exercise stands."""
        values = {"state": msgspec.to_builtins(state), "touched_at": when}
        if close:
            values["closed_at"] = when
        self.connection.execute(update(t.exercise).where(t.exercise.c.id == exercise_id).values(**values))

    # Attempts ---------------------------------------------------------------------------------------------------

    def add_attempt(
        self, turn: Turn, exercise_id: int, values: Mapping[str, Any], marking: Marking, statements: Iterable[str]
    ) -> int:
        """Record one marked answer with its matches and the statements it serves; its id."""
        made = self.connection.execute(
            insert(t.attempt).values(
                message_id=turn.message_id,
                person_id=turn.person_id,
                exercise_id=exercise_id,
                answer=turn.text,
                channel=turn.channel,
                marking_version=marking.version,
                **values,
            )
        )
        id = int(made.inserted_primary_key[0])
        matches = [("expectation", m) for m in marking.matches] + [("misconception", m) for m in marking.misconceptions]
        rows = [
            {
                "attempt_id": id,
                "kind": kind,
                "point_id": m.id,
                "state": m.state,
                "probability": m.probability,
                "quote": m.quote,
            }
            for kind, m in matches
        ]
        if rows:
            self.connection.execute(insert(t.attempt_match), rows)
        served = [{"attempt_id": id, "statement": s, "person_id": turn.person_id} for s in sorted(statements)]
        if served:
            self.connection.execute(insert(t.attempt_statement), served)
        return id

    def add_told(self, turn: Turn, question_id: str, expectations: Iterable[str], when: datetime) -> None:
        """Note that the coach has told these points."""
        for expectation in expectations:
            self.connection.execute(
                insert(t.told).values(
                    person_id=turn.person_id,
                    question_id=question_id,
                    expectation_id=expectation,
                    message_id=turn.message_id,
                    made_at=when,
                )
            )

    def attempt_of(self, message_id: str) -> Any:
        """The attempt made by a message with its matches under "matches", or None."""
        row = self._one(select(t.attempt).where(t.attempt.c.message_id == message_id))
        if row is None:
            return None
        matches = self._all(select(t.attempt_match).where(t.attempt_match.c.attempt_id == row["id"]))
        return {**row, "matches": [dict(m) for m in matches]}

    def last_attempt(self, person_id: int) -> Any:
        """The learner's latest attempt as `attempt_of` gives it: what "why?" and "that mark is wrong" are about."""
        a = t.attempt.c
        row = self._one(select(a.message_id).where(a.person_id == person_id).order_by(a.id.desc()).limit(1))
        return self.attempt_of(row["message_id"]) if row else None

    # Coverage ---------------------------------------------------------------------------------------------------

    def refresh_coverage(self, person_id: int, statements: Collection[str], choice_questions: Collection[str]) -> None:
        """Work the coverage of these statements out anew from the attempts."""
        a, s, o = t.attempt.c, t.attempt_statement.c, override.c
        rows = self._all(
            select(
                s.statement,
                s.attempt_id,
                a.question_id,
                a.made_at,
                a.complete,
                a.unassisted,
                o.complete.label("by_person"),
            )
            .join(t.attempt, a.id == s.attempt_id)
            .outerjoin(override, o.attempt_id == a.id)
            .where(s.person_id == person_id, s.statement.in_(sorted(statements)))
            .order_by(a.id, o.id)
        )
        latest = {(r["statement"], r["attempt_id"]): r for r in rows}  # of several overrides of one attempt
        told = self._all(select(t.told.c.question_id, t.told.c.made_at).where(t.told.c.person_id == person_id))
        tellings = [(r["question_id"], r["made_at"]) for r in told]
        for statement in sorted(statements):
            tries = [
                Tried(
                    r["question_id"],
                    r["made_at"],
                    r["complete"] if r["by_person"] is None else r["by_person"],
                    r["unassisted"],
                    r["question_id"] not in choice_questions,
                )
                for r in latest.values()
                if r["statement"] == statement
            ]
            self._write_coverage(person_id, statement, standing(tries, tellings))

    def _write_coverage(self, person_id: int, statement: str, now: Optional[Standing]) -> None:
        c = t.coverage.c
        key = and_(c.person_id == person_id, c.statement == statement)
        if now is None:
            self.connection.execute(delete(t.coverage).where(key))
            return
        values = msgspec.structs.asdict(now)
        if not self.connection.execute(update(t.coverage).where(key).values(**values)).rowcount:
            self.connection.execute(insert(t.coverage).values(person_id=person_id, statement=statement, **values))

    def coverage_of(self, person_id: int) -> dict[str, Any]:
        """Statement → its coverage row, for one learner; a statement not there is not started."""
        rows = self._all(select(t.coverage).where(t.coverage.c.person_id == person_id))
        return {r["statement"]: r for r in rows}

    def seen_questions(self, person_id: int) -> dict[str, int]:
        """Question → how often the learner has answered it."""
        a = t.attempt.c
        rows = self._all(
            select(a.question_id, func.count().label("n")).where(a.person_id == person_id).group_by(a.question_id)
        )
        return {r["question_id"]: r["n"] for r in rows}

    # Reviews ----------------------------------------------------------------------------------------------------

    def due_questions(self, person_id: int, now: datetime) -> frozenset[str]:
        """Questions whose review is due."""
        c = t.review_card.c
        return frozenset(
            r["question_id"] for r in self._all(select(c.question_id).where(c.person_id == person_id, c.due <= now))
        )

    def card(self, person_id: int, question_id: str) -> Optional[dict[str, Any]]:
        """The review card of one question, None before its first time."""
        c = t.review_card.c
        row = self._one(select(c.card).where(c.person_id == person_id, c.question_id == question_id))
        return dict(row["card"]) if row else None

    def save_card(self, person_id: int, question_id: str, card: dict[str, Any], due: datetime) -> None:
        """Keep a review card."""
        c = t.review_card.c
        key = and_(c.person_id == person_id, c.question_id == question_id)
        if not self.connection.execute(update(t.review_card).where(key).values(card=card, due=due)).rowcount:
            self.connection.execute(
                insert(t.review_card).values(person_id=person_id, question_id=question_id, card=card, due=due)
            )

    # The learner ------------------------------------------------------------------------------------------------

    def name_of(self, person_id: int) -> str:
        """The person's name, "" if there is no such person."""
        row = self._one(select(t.person.c.name).where(t.person.c.id == person_id))
        return str(row["name"]) if row else ""

    def units_of(self, person_id: int) -> tuple[str, ...]:
        """Units the learner is enrolled in, first enrolled first."""
        c = t.enrolment.c
        rows = self._all(select(c.unit_id).where(c.person_id == person_id).order_by(c.since, c.unit_id))
        return tuple(r["unit_id"] for r in rows)

    def workplace(self, person_id: int) -> Optional[Workplace]:
        """The workplace profile, None if it was never asked for."""
        row = self._one(select(t.workplace_profile).where(t.workplace_profile.c.person_id == person_id))
        return Workplace(row["organisation"], row["services"], row["limits"], row["refer_to"]) if row else None

    def save_workplace(self, person_id: int, workplace: Workplace, when: datetime) -> None:
        """Keep the workplace profile."""
        values = {**msgspec.structs.asdict(workplace), "updated_at": when}
        table = t.workplace_profile
        if not self.connection.execute(update(table).where(table.c.person_id == person_id).values(**values)).rowcount:
            self.connection.execute(insert(table).values(person_id=person_id, **values))

    def add_dispute(self, turn: Turn, attempt_id: int, when: datetime) -> None:
        """Note that the learner holds a mark to be wrong."""
        self.connection.execute(
            insert(t.dispute).values(
                message_id=turn.message_id,
                person_id=turn.person_id,
                attempt_id=attempt_id,
                words=turn.text,
                made_at=when,
            )
        )

    def ask_tutor(self, turn: Turn, kind: str, question_id: Optional[str], when: datetime) -> None:
        """Put something on the tutor's list: a question, an unsure mark, a wish to have data deleted."""
        self.connection.execute(
            insert(t.tutor_request).values(
                message_id=turn.message_id,
                person_id=turn.person_id,
                kind=kind,
                words=turn.text,
                question_id=question_id,
                made_at=when,
            )
        )
