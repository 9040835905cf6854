"""What coaching writes and reads, one transaction a use case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.engine import Connection, Engine

from bot.coaching.coverage import Standing, Tried, standing
from bot.coaching.model import Move, Practice
from bot.coaching.workplace import Workplace
from bot.errors import BadInput
from bot.marking.model import Marking
from bot.records import statements as st
from bot.records import tables as t
from bot.records.prepared import Prepared


class Turn(msgspec.Struct, frozen=True):
    """One message as a use case needs it."""

    message_id: str
    person_id: int
    channel: str
    text: str


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
        # read once a transaction
        self._workplaces: dict[int, tuple[Optional[Workplace], Optional[datetime]]] = {}

    def _one(self, query: Any, **given: Any) -> Any:
        if isinstance(query, Prepared):
            return query.one(self.connection, given)
        return self.connection.execute(query, given).mappings().first()

    def _all(self, query: Any, **given: Any) -> Any:
        if isinstance(query, Prepared):
            return query.all(self.connection, given)
        return self.connection.execute(query, given).mappings().all()

    # Moves ------------------------------------------------------------------------------------------------------

    def move_for(self, message_id: str) -> Optional[Move]:
        """What was already answered to this message, None if nothing was."""
        row = self._one(st.MOVE, id=message_id)
        return msgspec.convert(row["move"], Move) if row else None

    def save_move(self, turn: Turn, move: Move, when: datetime) -> None:
        """Keep what is answered to this message."""
        kept = msgspec.to_builtins(move)
        row = {"message_id": turn.message_id, "person_id": turn.person_id, "move": kept, "made_at": when}
        st.ADD_MOVE.add_all(self.connection, [row])

    # Exercises --------------------------------------------------------------------------------------------------

    def open_practice(self, person_id: int) -> Optional[tuple[int, Practice]]:
        """The practice the learner is in the middle of (paused or not), with the exercise's id."""
        row = self.open_exercise(person_id)
        return (row["id"], msgspec.convert(row["state"], Practice)) if row and row["kind"] == "practice" else None

    def open_exercise(self, person_id: int) -> Any:
        """The row of what the learner is in the middle of, practice or role-play; there is never more than one."""
        return self._one(st.OPEN_EXERCISE, person=person_id)

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
        given = {"exercise": exercise_id, "now": msgspec.to_builtins(state), "when": when}
        (st.CLOSE_EXERCISE if close else st.SAVE_EXERCISE).run(self.connection, given)

    # Attempts ---------------------------------------------------------------------------------------------------

    def add_attempt(
        self, turn: Turn, exercise_id: int, values: Mapping[str, Any], marking: Marking, statements: Iterable[str]
    ) -> int:
        """Record one marked answer with its matches and the statements it serves; its id."""
        id = st.ADD_ATTEMPT.add(
            self.connection,
            {
                "message_id": turn.message_id,
                "person_id": turn.person_id,
                "exercise_id": exercise_id,
                "answer": turn.text,
                "channel": turn.channel,
                "marking_version": marking.version,
                **values,
            },
        )
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
        st.ADD_MATCHES.add_all(self.connection, rows)
        served = [{"attempt_id": id, "statement": s, "person_id": turn.person_id} for s in sorted(statements)]
        st.ADD_SERVED.add_all(self.connection, served)
        return id

    def add_told(self, turn: Turn, question_id: str, expectations: Iterable[str], when: datetime) -> None:
        """Note that the coach has told these points."""
        same = {
            "person_id": turn.person_id, "question_id": question_id, "message_id": turn.message_id, "made_at": when,
        }  # fmt: skip
        rows = [{**same, "expectation_id": expectation} for expectation in expectations]
        st.ADD_TOLD.add_all(self.connection, rows)

    def attempt_of(self, message_id: str) -> Any:
        """The attempt made by a message with its matches under "matches", or None."""
        row = self._one(select(t.attempt).where(t.attempt.c.message_id == message_id))
        if row is None:
            return None
        matches = self._all(select(t.attempt_match).where(t.attempt_match.c.attempt_id == row["id"]))
        return {**row, "matches": [dict(m) for m in matches]}

    def last_attempt(self, person_id: int) -> Any:
        """The learner's latest attempt as `attempt_of` gives it: what "why?" and "that mark is wrong" are about."""
        row = self._one(st.LAST_ATTEMPT, person=person_id)
        return self.attempt_of(row["message_id"]) if row else None

    # Coverage ---------------------------------------------------------------------------------------------------

    def refresh_coverage(self, person_id: int, statements: Collection[str], choice_questions: Collection[str]) -> None:
        """Work the coverage of these statements out anew from the attempts."""
        served = sorted(statements)
        if not served:
            return
        named = {f"statement_{n}": statement for n, statement in enumerate(served)}
        rows = self._all(st.tries(len(served)), person=person_id, **named)
        latest = {(row["statement"], row["attempt_id"]): row for row in rows}  # of several overrides of one attempt
        tried: dict[str, list[Tried]] = {statement: [] for statement in served}
        for row in latest.values():
            complete = row["complete"] if row["by_person"] is None else row["by_person"]
            question = row["question_id"]
            tried[row["statement"]].append(
                Tried(question, row["made_at"], complete, row["unassisted"], question not in choice_questions)
            )
        asked = sorted({each.question for tries in tried.values() for each in tries})
        named = {f"question_{n}": question for n, question in enumerate(asked)}
        told = self._all(st.told(len(asked)), person=person_id, **named) if asked else ()
        tellings = [(r["question_id"], r["made_at"]) for r in told]
        standings = {statement: standing(tries, tellings) for statement, tries in tried.items()}
        self._write_coverage(person_id, standings)

    def _write_coverage(self, person_id: int, standings: Mapping[str, Optional[Standing]]) -> None:
        gone = [statement for statement, now in standings.items() if now is None]
        if gone:
            c = t.coverage.c
            self.connection.execute(delete(t.coverage).where(and_(c.person_id == person_id, c.statement.in_(gone))))
        rows = [
            {"person_id": person_id, "statement": statement, **msgspec.structs.asdict(now)}
            for statement, now in standings.items()
            if now is not None
        ]
        st.KEEP_COVERAGE.add_all(self.connection, rows)

    def coverage_of(self, person_id: int) -> dict[str, Any]:
        """Statement → its coverage row, for one learner; a statement not there is not started."""
        rows = self._all(st.COVERAGE, person=person_id)
        return {r["statement"]: r for r in rows}

    def seen_questions(self, person_id: int) -> dict[str, int]:
        """Question → how often the learner has answered it."""
        return {r["question_id"]: r["n"] for r in self._all(st.SEEN, person=person_id)}

    # Reviews ----------------------------------------------------------------------------------------------------

    def due_questions(self, person_id: int, now: datetime) -> frozenset[str]:
        """Questions whose review is due."""
        return frozenset(r["question_id"] for r in self._all(st.DUE, person=person_id, now=now))

    def card(self, person_id: int, question_id: str) -> Optional[dict[str, Any]]:
        """The review card of one question, None before its first time."""
        row = self._one(st.CARD, person=person_id, question=question_id)
        return dict(row["card"]) if row else None

    def save_card(self, person_id: int, question_id: str, card: dict[str, Any], due: datetime) -> None:
        """Keep a review card."""
        row = {"person_id": person_id, "question_id": question_id, "card": card, "due": due}
        st.KEEP_CARD.add_all(self.connection, [row])

    # The learner ------------------------------------------------------------------------------------------------

    def name_of(self, person_id: int) -> str:
        """The person's name, "" if there is no such person."""
        row = self._one(st.NAME, person=person_id)
        return str(row["name"]) if row else ""

    def units_of(self, person_id: int) -> tuple[str, ...]:
        """Units the learner is enrolled in, first enrolled first."""
        return tuple(r["unit_id"] for r in self._all(st.UNITS, person=person_id))

    def withdrawn_units(self) -> frozenset[str]:
        """Units that are not offered: no new enrolment, no new practice."""
        return frozenset(r["unit_id"] for r in self._all(st.WITHDRAWN))

    def refuse_withdrawn(self, units: Collection[str]) -> None:
        """BadInput if one of the units that somebody is to be enrolled in is not offered."""
        if units and (found := sorted(set(units) & self.withdrawn_units())):
            names = ", ".join(found)
            raise BadInput(f"Not offered any more: {names}. An administrator can offer it again under Units.")

    def offered_units_of(self, person_id: int) -> tuple[str, ...]:
        """Units the learner is enrolled in and may practise, first enrolled first."""
        withdrawn = self.withdrawn_units()
        return tuple(u for u in self.units_of(person_id) if u not in withdrawn)

    def workplace(self, person_id: int) -> Optional[Workplace]:
        """The workplace profile, None if it was never asked for."""
        return self._workplace_row(person_id)[0]

    def workplace_asked(self, person_id: int) -> Optional[datetime]:
        """When the workplace profile was last asked for or changed."""
        return self._workplace_row(person_id)[1]

    def _workplace_row(self, person_id: int) -> tuple[Optional[Workplace], Optional[datetime]]:
        if person_id not in self._workplaces:
            row = self._one(st.WORKPLACE, person=person_id)
            found = Workplace(row["organisation"], row["services"], row["limits"], row["refer_to"]) if row else None
            self._workplaces[person_id] = (found, row["updated_at"] if row else None)
        return self._workplaces[person_id]

    def save_workplace(self, person_id: int, workplace: Workplace, when: datetime) -> None:
        """Keep the workplace profile, and that it was asked for or changed now."""
        row = {"person_id": person_id, **msgspec.structs.asdict(workplace), "updated_at": when}
        st.KEEP_WORKPLACE.add_all(self.connection, [row])
        self._workplaces[person_id] = (workplace, when)

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
