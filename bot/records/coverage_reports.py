"""The coverage matrix: a page of it however many learners there are, or all of it row by row for an export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import case, func, select

from bot.records import decisions, sittings
from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import visible
from bot.records.store import Records, Tx

AT_ONCE = 250  # learners whose cells are read by one statement


class Cell(msgspec.Struct, frozen=True):
    """Where a learner stands on one statement; a statement without a cell is not started."""

    state: str
    attempts: int
    last_at: Optional[datetime]
    stuck: bool = False
    decided: str = ""  # submitted, achieved or more_needed


class Row(msgspec.Struct, frozen=True):
    """One learner in the coverage matrix; `cells` by statement."""

    id: int
    name: str
    demo: bool
    cells: dict[str, Cell]

    def count(self, state: str) -> int:
        """How many statements stand at `state`."""
        return sum(c.state == state for c in self.cells.values())

    def stuck(self) -> int:
        """How many statements the learner is stuck on."""
        return sum(c.stuck for c in self.cells.values())


class Asked(msgspec.Struct, frozen=True):
    """Which learners of a unit, and in which order: sorted by name, ready or stuck, `down` the other way round."""

    unit: str
    statements: tuple[str, ...]
    cohort: Optional[int] = None
    name: str = ""
    only_stuck: bool = False
    sort: str = "name"
    down: bool = False


def coverage_matrix(
    records: Records, viewer: Person, asked: Asked, limit: Optional[int] = None
) -> tuple[list[Row], int]:
    """The active learners asked for whom the viewer may see: the first `limit` with their cells, and how many."""
    with records.reading() as tx:
        people = _people(tx, viewer, asked)
        shown = people[:limit]
        rows = [row for part in _parts(shown) for row in _rows(tx, part, asked.statements)]
    return rows, len(people)


def every_row(records: Records, viewer: Person, asked: Asked) -> Iterator[Row]:
    """All of the matrix, read in pieces, so that it may be long."""
    with records.reading() as tx:
        people = _people(tx, viewer, asked)
    for part in _parts(people):
        with records.reading() as tx:
            rows = _rows(tx, part, asked.statements)
        yield from rows


def _people(tx: Tx, viewer: Person, asked: Asked) -> list[Any]:
    """(id, name, demo) of all who are asked for, in order."""
    p, e, seen = t.person.c, t.enrolment.c, visible(viewer, asked.cohort)
    enrolled = (
        select(p.id, p.name, p.demo)
        .join(t.enrolment, e.person_id == p.id)
        .where(e.unit_id == asked.unit, p.active.is_(True), p.id.in_(seen))
    )
    wanted = asked.name.casefold()
    people = [r for r in tx.connection.execute(enrolled) if wanted in r.name.casefold()]
    people.sort(key=lambda r: (r.name.casefold(), r.id), reverse=asked.down and asked.sort == "name")
    if asked.only_stuck or asked.sort == "stuck":
        stuck = _counts(tx, viewer, asked, t.stuck)
        people = [r for r in people if r.id in stuck] if asked.only_stuck else people
    if asked.sort != "name":
        counts = stuck if asked.sort == "stuck" else _counts(tx, viewer, asked, t.ready)
        people.sort(key=lambda r: counts.get(r.id, 0), reverse=asked.down)
    return people


def _counts(tx: Tx, viewer: Person, asked: Asked, which: Any) -> dict[int, int]:
    """Learner → how many of the statements are so; those with none are left out."""
    c = t.coverage.c
    query = select(c.person_id, func.count()).where(which, _one_of(c.statement, asked.statements))
    query = query.where(c.person_id.in_(visible(viewer, asked.cohort))).group_by(c.person_id)
    return {row[0]: row[1] for row in tx.connection.execute(query).all()}


def _one_of(statement: Any, statements: Sequence[str]) -> Any:
    """For queries that find rows by person: SQLite would look for every pair of a person and a statement."""
    return statement.concat("").in_(statements)


def _parts(people: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(people), AT_ONCE):
        yield people[start : start + AT_ONCE]


def _rows(tx: Tx, people: Sequence[Any], statements: Sequence[str]) -> list[Row]:
    c, ids = t.coverage.c, [r.id for r in people]
    # Only what a cell shows: building the times of 10,000 cells takes longer than reading them.
    query = select(c.person_id, c.statement, c.state, c.attempts, case((t.stuck, 1), else_=0))
    found = tx.connection.execute(query.where(c.person_id.in_(ids), _one_of(c.statement, statements))).all()
    cells: dict[int, dict[str, Cell]] = defaultdict(dict)
    for id, statement, state, attempts, stuck in found:
        cells[id][statement] = Cell(state, attempts, None, bool(stuck))
    for (id, statement), word in decisions_on(tx, ids, statements).items():
        cells[id][statement] = with_decision(cells[id].get(statement), word)
    return [Row(r.id, r.name, r.demo, cells[r.id]) for r in people]


def decisions_on(tx: Tx, people: Any, statements: Optional[Sequence[str]]) -> dict[tuple[int, str], str]:
    """(person, statement) → submitted, achieved or more_needed; None asks for every statement."""
    found = dict.fromkeys(sittings.submitted(tx, people, statements), "submitted")
    return {**found, **decisions.standing(tx, people, statements)}


def with_decision(cell: Optional[Cell], word: str) -> Cell:
    """The cell under what was handed in or decided."""
    return msgspec.structs.replace(cell, decided=word) if cell else Cell("", 0, None, decided=word)


def cell_of(row: Any) -> Cell:
    """A cell from its whole row."""
    stuck = row["state"] == "practising" and row["attempts"] >= t.STUCK_AFTER and row["alone"] == 0
    return Cell(row["state"], row["attempts"], row["last_at"], stuck)
