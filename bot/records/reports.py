"""What pages and exports read: few statements a page, typed values out, nothing written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import and_, case, false, func, select

from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Records, Tx, Workplace

STUCK_AFTER = 3  # answers, none of them complete without help
BUTTONS_KEPT = 1000  # messages back in which a button may still be pressed


class Cell(msgspec.Struct, frozen=True):
    """Where a learner stands on one statement; a statement without a cell is not started."""

    state: str
    attempts: int
    last_at: datetime
    stuck: bool = False


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


class Point(msgspec.Struct, frozen=True):
    """How an answer met one expectation, or held one misconception (`kind`)."""

    kind: str
    id: str
    state: str
    probability: float
    quote: str


class Said(msgspec.Struct, frozen=True):
    """Words and their time."""

    words: str
    at: datetime


class Answer(msgspec.Struct, frozen=True):
    """One stored attempt as a tutor reads it."""

    id: int
    made_at: datetime
    channel: str
    question_id: str
    question_text: str
    answer: str
    verdict: str
    points: int
    needed: int
    complete: bool
    unassisted: bool
    help: tuple[str, ...]
    try_no: int
    content_version: str
    marking_version: str
    matches: tuple[Point, ...] = ()
    disputes: tuple[Said, ...] = ()


class Item(msgspec.Struct, frozen=True):
    """Something that waits for a tutor; `statement` leads to the answer it is about, where there is one."""

    kind: str
    person_id: int
    name: str
    words: str
    at: datetime
    question_id: Optional[str]
    statement: Optional[str]


class Progress(msgspec.Struct, frozen=True):
    """A learner's own page."""

    units: tuple[str, ...]
    cells: dict[str, Cell]
    due: int
    next_due: Optional[datetime]
    recent: tuple[Answer, ...]
    workplace: Optional[Workplace]


class Cohort(msgspec.Struct, frozen=True):
    """A group of learners."""

    id: int
    name: str


# Who may see whom --------------------------------------------------------------------------------------------------


def _visible(viewer: Person, cohort: Optional[int] = None) -> Any:
    """Ids of the learners somebody may see: an admin all, a tutor those of the cohorts they are tutor in."""
    theirs, mine = t.cohort_member.alias("theirs"), t.cohort_member.alias("mine")
    if "admin" in viewer.roles:
        if cohort is None:
            return select(t.person_role.c.person_id).where(t.person_role.c.role == "learner")
        return select(theirs.c.person_id).where(theirs.c.cohort_id == cohort, theirs.c.role == "learner")
    tutored = (
        select(theirs.c.person_id)
        .join(mine, mine.c.cohort_id == theirs.c.cohort_id)
        .where(mine.c.person_id == viewer.id, mine.c.role == "tutor", theirs.c.role == "learner")
    )
    if "tutor" not in viewer.roles:
        return tutored.where(false())
    return tutored if cohort is None else tutored.where(theirs.c.cohort_id == cohort)


def learner_seen_by(records: Records, viewer: Person, person_id: int) -> Optional[Row]:
    """The learner, without cells, if the viewer may see them; None for a stranger and for nobody alike."""
    p = t.person.c
    with records.reading() as tx:
        row = tx._one(select(p.id, p.name, p.demo).where(p.id == person_id, p.id.in_(_visible(viewer))))
    return Row(row["id"], row["name"], row["demo"], {}) if row else None


def cohorts_of(records: Records, viewer: Person) -> list[Cohort]:
    """The cohorts a viewer may choose from, by name."""
    c, m = t.cohort.c, t.cohort_member.c
    query = select(c.id, c.name).order_by(c.name)
    if "admin" not in viewer.roles:
        tutored = select(m.cohort_id).where(m.person_id == viewer.id, m.role == "tutor")
        query = query.where(c.id.in_(tutored))
    with records.reading() as tx:
        return [Cohort(r["id"], r["name"]) for r in tx._all(query)]


def units_seen(records: Records, viewer: Person) -> dict[str, int]:
    """Unit → how many of the learners a viewer may see are enrolled in it."""
    e = t.enrolment.c
    query = select(e.unit_id, func.count().label("n")).where(e.person_id.in_(_visible(viewer))).group_by(e.unit_id)
    with records.reading() as tx:
        return {r["unit_id"]: r["n"] for r in tx._all(query)}


# Coverage ----------------------------------------------------------------------------------------------------------


def coverage_matrix(
    records: Records, viewer: Person, unit: str, statements: Sequence[str], cohort: Optional[int] = None
) -> list[Row]:
    """The active learners of a unit whom the viewer may see, by name, with their cells for `statements`."""
    p, e, c = t.person.c, t.enrolment.c, t.coverage.c
    enrolled = (
        select(p.id, p.name, p.demo)
        .join(t.enrolment, e.person_id == p.id)
        .where(e.unit_id == unit, p.active.is_(True), p.id.in_(_visible(viewer, cohort)))
    )
    covered = select(t.coverage).where(c.statement.in_(statements), c.person_id.in_(_visible(viewer, cohort)))
    with records.reading() as tx:
        people = tx._all(enrolled)
        rows = tx._all(covered)
        stuck = _stuck(tx, statements, _visible(viewer, cohort))
    cells: dict[int, dict[str, Cell]] = defaultdict(dict)
    for r in rows:
        cells[r["person_id"]][r["statement"]] = _cell(r, (r["person_id"], r["statement"]) in stuck)
    made = [Row(r["id"], r["name"], r["demo"], cells[r["id"]]) for r in people]
    return sorted(made, key=lambda row: (row.name.casefold(), row.id))


def _cell(row: Any, stuck: bool = False) -> Cell:
    return Cell(row["state"], row["attempts"], row["last_at"], stuck)


def _stuck(tx: Tx, statements: Collection[str], people: Any) -> set[tuple[int, str]]:
    """Who is stuck on what: practising, STUCK_AFTER answers or more, none complete without help."""
    c, s, a = t.coverage.c, t.attempt_statement.c, t.attempt.c
    alone = func.sum(case((and_(a.complete.is_(True), a.unassisted.is_(True)), 1), else_=0))
    rows = tx._all(
        select(c.person_id, c.statement)
        .join(t.attempt_statement, and_(s.person_id == c.person_id, s.statement == c.statement))
        .join(t.attempt, a.id == s.attempt_id)
        .where(c.state == "practising", c.attempts >= STUCK_AFTER, c.statement.in_(statements), c.person_id.in_(people))
        .group_by(c.person_id, c.statement)
        .having(alone == 0)
    )
    return {(r["person_id"], r["statement"]) for r in rows}


# Answers -----------------------------------------------------------------------------------------------------------


def attempts_behind(records: Records, person_id: int, statement: str, limit: int = 100) -> list[Answer]:
    """A learner's answers that serve a statement, newest first, with matches and disputes."""
    a, s, m, d = t.attempt.c, t.attempt_statement.c, t.attempt_match.c, t.dispute.c
    query = (
        select(t.attempt)
        .join(t.attempt_statement, s.attempt_id == a.id)
        .where(s.person_id == person_id, s.statement == statement)
        .order_by(a.made_at.desc(), a.id.desc())
        .limit(limit)
    )
    with records.reading() as tx:
        rows = tx._all(query)
        ids = [r["id"] for r in rows]
        matches, disputes = defaultdict(list), defaultdict(list)
        for r in tx._all(select(t.attempt_match).where(m.attempt_id.in_(ids)).order_by(m.kind, m.point_id)):
            matches[r["attempt_id"]].append(Point(r["kind"], r["point_id"], r["state"], r["probability"], r["quote"]))
        for r in tx._all(select(t.dispute).where(d.attempt_id.in_(ids)).order_by(d.id)):
            disputes[r["attempt_id"]].append(Said(r["words"], r["made_at"]))
    return [_answer(r, tuple(matches[r["id"]]), tuple(disputes[r["id"]])) for r in rows]


_KEPT = [f for f in Answer.__struct_fields__ if f not in {"matches", "disputes", "help"}]


def _answer(row: Any, matches: tuple[Point, ...] = (), disputes: tuple[Said, ...] = ()) -> Answer:
    values = {name: row[name] for name in _KEPT}
    return Answer(**values, help=tuple(row["help"] or ()), matches=matches, disputes=disputes)


def open_items(records: Records, viewer: Person, limit: int = 100) -> list[Item]:
    """Disputes and what waits for a tutor among the learners the viewer may see, newest first."""
    p, d, r, a, s = t.person.c, t.dispute.c, t.tutor_request.c, t.attempt.c, t.attempt_statement.c
    served = select(func.min(s.statement)).where(s.attempt_id == a.id).scalar_subquery()
    disputes = (
        select(d.person_id, p.name, d.words, d.made_at, a.question_id, served.label("statement"))
        .join(t.person, p.id == d.person_id)
        .join(t.attempt, a.id == d.attempt_id)
        .where(d.person_id.in_(_visible(viewer)))
        .order_by(d.made_at.desc())
        .limit(limit)
    )
    requests = (
        select(r.kind, r.person_id, p.name, r.words, r.made_at, r.question_id, served.label("statement"))
        .join(t.person, p.id == r.person_id)
        .outerjoin(t.attempt, a.message_id == r.message_id)
        .where(r.person_id.in_(_visible(viewer)), r.seen_at.is_(None))
        .order_by(r.made_at.desc())
        .limit(limit)
    )
    with records.reading() as tx:
        found = [("dispute", x) for x in tx._all(disputes)] + [(x["kind"], x) for x in tx._all(requests)]
    items = [
        Item(kind, x["person_id"], x["name"], x["words"], x["made_at"], x["question_id"], x["statement"])
        for kind, x in found
    ]
    return sorted(items, key=lambda i: i.at, reverse=True)[:limit]


# The learner's own pages -------------------------------------------------------------------------------------------


def learner_progress(records: Records, person_id: int, now: datetime, recent: int = 8) -> Progress:
    """All a learner's progress page shows."""
    c, a = t.review_card.c, t.attempt.c
    mine = c.person_id == person_id
    cards = select(
        func.count(case((c.due <= now, 1))).label("due"), func.min(case((c.due > now, c.due))).label("later")
    ).where(mine)
    latest = select(t.attempt).where(a.person_id == person_id).order_by(a.made_at.desc(), a.id.desc()).limit(recent)
    with records.reading() as tx:
        card = tx._one(cards)
        return Progress(
            units=tx.units_of(person_id),
            cells={statement: _cell(row) for statement, row in tx.coverage_of(person_id).items()},
            due=card["due"],
            next_due=card["later"],
            recent=tuple(_answer(r) for r in tx._all(latest)),
            workplace=tx.workplace(person_id),
        )


def offered(records: Records, person_id: int, payload: str) -> Optional[str]:
    """The title of the button that carried `payload` to this person, None if none did."""
    m = t.message.c
    query = (
        select(m.extra).where(m.person_id == person_id, m.direction == "out").order_by(m.id.desc()).limit(BUTTONS_KEPT)
    )
    with records.reading() as tx:
        for row in tx._all(query):
            for button in (row["extra"] or {}).get("buttons", ()):
                if button.get("payload") == payload:
                    return str(button.get("title", ""))
    return None


def waiting(records: Records, person_id: int) -> bool:
    """Whether a message of this person is still to be answered."""
    m = t.message.c
    query = select(m.id).where(m.person_id == person_id, m.status == "queued", m.direction == "in").limit(1)
    with records.reading() as tx:
        return tx._one(query) is not None


def alive(records: Records) -> None:
    """Read something; raises if the database cannot be read."""
    with records.reading() as tx:
        tx._one(select(t.person.c.id).limit(1))
