"""What pages and exports read: few statements a page, typed values out, nothing written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import case, func, or_, select

from bot.coaching.workplace import Workplace
from bot.records import assessment_tables as a
from bot.records import statements as st
from bot.records import tables as t
from bot.records.corrections import later_versions
from bot.records.coverage_reports import Cell, Row, cell_of, decisions_on, with_decision
from bot.records.people import Person
from bot.records.seeing import visible
from bot.records.store import Records, Tx

BUTTONS_KEPT = 1000  # messages back in which a button may still be pressed


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


class Changed(msgspec.Struct, frozen=True):
    """A person's override of a mark."""

    by: str
    points: dict[str, str]
    complete: bool
    reason: str
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
    overrides: tuple[Changed, ...] = ()
    edited: bool = False  # the learner's later wording of an answer that is kept too


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


def learner_seen_by(records: Records, viewer: Person, person_id: int) -> Optional[Row]:
    """The learner, without cells, if the viewer may see them; None for a stranger and for nobody alike."""
    p = t.person.c
    with records.reading() as tx:
        row = tx._one(select(p.id, p.name, p.demo).where(p.id == person_id, p.id.in_(visible(viewer))))
    return Row(row["id"], row["name"], row["demo"], {}) if row else None


def cohorts_of(records: Records, viewer: Person) -> list[Cohort]:
    """The cohorts a viewer may choose from, by name."""
    c, m = t.cohort.c, t.cohort_member.c
    query = select(c.id, c.name).order_by(c.name)
    if "admin" not in viewer.roles:
        load = a.caseload.c
        tutored = select(m.cohort_id).where(m.person_id == viewer.id, m.role == "tutor")
        loaded = select(load.cohort_id).where(load.person_id == viewer.id, load.role.in_(sorted(viewer.roles)))
        query = query.where(or_(c.id.in_(tutored), c.id.in_(loaded)))
    with records.reading() as tx:
        return [Cohort(r["id"], r["name"]) for r in tx._all(query)]


def active_learners(records: Records, viewer: Person, cohort: int) -> list[int]:
    """Ids of the active learners of a cohort whom the viewer may see."""
    p = t.person.c
    query = select(p.id).where(p.active.is_(True), p.id.in_(visible(viewer, cohort))).order_by(p.id)
    with records.reading() as tx:
        return [r["id"] for r in tx._all(query)]


def all_seen_by(records: Records, viewer: Person) -> list[tuple[int, str]]:
    """Ids and names of the active learners the viewer may see, by name."""
    p = t.person.c
    query = select(p.id, p.name).where(p.active.is_(True), p.id.in_(visible(viewer))).order_by(p.name, p.id).limit(2000)
    with records.reading() as tx:
        return [(r["id"], r["name"]) for r in tx._all(query)]


def units_seen(records: Records, viewer: Person) -> dict[str, int]:
    """Unit → how many of the learners a viewer may see are enrolled in it."""
    e = t.enrolment.c
    query = select(e.unit_id, func.count().label("n")).where(e.person_id.in_(visible(viewer))).group_by(e.unit_id)
    with records.reading() as tx:
        return {r["unit_id"]: r["n"] for r in tx._all(query)}


# Answers -----------------------------------------------------------------------------------------------------------


def attempts_behind(records: Records, person_id: int, statement: str, limit: int = 100) -> list[Answer]:
    """A learner's answers that serve a statement, newest first, with matches and disputes."""
    at, s = t.attempt.c, t.attempt_statement.c
    query = (
        select(t.attempt)
        .join(t.attempt_statement, s.attempt_id == at.id)
        .where(s.person_id == person_id, s.statement == statement)
        .order_by(at.made_at.desc(), at.id.desc())
        .limit(limit)
    )
    with records.reading() as tx:
        return _answers(tx, tx._all(query))


def answer_seen_by(records: Records, viewer: Person, attempt_id: int) -> Optional[Answer]:
    """One attempt with its matches, if the viewer may see the learner; else None."""
    at = t.attempt.c
    query = select(t.attempt).where(at.id == attempt_id, at.person_id.in_(visible(viewer)))
    with records.reading() as tx:
        found = _answers(tx, tx._all(query))
    return found[0] if found else None


def _answers(tx: Tx, rows: Sequence[Any]) -> list[Answer]:
    m, d = t.attempt_match.c, t.dispute.c
    ids = [r["id"] for r in rows]
    matches: dict[int, list[Point]] = defaultdict(list)
    disputes: dict[int, list[Said]] = defaultdict(list)
    for r in tx._all(select(t.attempt_match).where(m.attempt_id.in_(ids)).order_by(m.kind, m.point_id)):
        matches[r["attempt_id"]].append(Point(r["kind"], r["point_id"], r["state"], r["probability"], r["quote"]))
    for r in tx._all(select(t.dispute).where(d.attempt_id.in_(ids)).order_by(d.id)):
        disputes[r["attempt_id"]].append(Said(r["words"], r["made_at"]))
    changes = _overrides(tx, ids)
    made = [_answer(r, tuple(matches[r["id"]]), tuple(disputes[r["id"]]), tuple(changes[r["id"]])) for r in rows]
    edited = later_versions(tx, [r["message_id"] for r in rows])
    return [msgspec.structs.replace(a, edited=r["message_id"] in edited) for a, r in zip(made, rows)]


def _overrides(tx: Tx, attempts: Sequence[int]) -> dict[int, list[Changed]]:
    """Attempt → its overrides, first to last."""
    o, p = a.override.c, t.person.c
    query = select(a.override, p.name).join(t.person, p.id == o.by_id).where(o.attempt_id.in_(attempts)).order_by(o.id)
    found: dict[int, list[Changed]] = defaultdict(list)
    for r in tx._all(query):
        found[r["attempt_id"]].append(Changed(r["name"], r["points"], r["complete"], r["reason"], r["made_at"]))
    return found


_KEPT = [f for f in Answer.__struct_fields__ if f not in {"matches", "disputes", "overrides", "help", "edited"}]


def _answer(
    row: Any, matches: tuple[Point, ...] = (), disputes: tuple[Said, ...] = (), overrides: tuple[Changed, ...] = ()
) -> Answer:
    values = {name: row[name] for name in _KEPT}
    help = tuple(row["help"] or ())
    return Answer(**values, help=help, matches=matches, disputes=disputes, overrides=overrides)


# The learner's own pages -------------------------------------------------------------------------------------------


def learner_progress(records: Records, person_id: int, now: datetime, recent: int = 8) -> Progress:
    """All a learner's progress page shows."""
    c, at = t.review_card.c, t.attempt.c
    mine = c.person_id == person_id
    cards = select(
        func.count(case((c.due <= now, 1))).label("due"), func.min(case((c.due > now, c.due))).label("later")
    ).where(mine)
    latest = select(t.attempt).where(at.person_id == person_id).order_by(at.made_at.desc(), at.id.desc()).limit(recent)
    with records.reading() as tx:
        card = tx._one(cards)
        cells = {statement: cell_of(row) for statement, row in tx.coverage_of(person_id).items()}
        for (_, statement), word in decisions_on(tx, [person_id], None).items():
            cells[statement] = with_decision(cells.get(statement), word)
        return Progress(
            units=tx.units_of(person_id),
            cells=cells,
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
    query = select(m.id).where(m.person_id == person_id, st.WAITING, m.direction == "in").limit(1)
    with records.reading() as tx:
        return tx._one(query) is not None


def alive(records: Records) -> None:
    """Read something; raises if the database cannot be read."""
    with records.reading() as tx:
        tx._one(select(t.person.c.id).limit(1))
