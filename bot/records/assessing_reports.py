"""What an assessor reads: question sets, sittings with every version and event, the evidence behind a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import func, or_, select

from bot.records import assessment_tables as a
from bot.records import decisions, sittings
from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import visible
from bot.records.sittings import Asked
from bot.records.store import Records, Tx


class SetRow(msgspec.Struct, frozen=True):
    """A set in the assessor's list; `handed_in` of `learners`."""

    id: int
    title: str
    unit: str
    live: bool
    made_at: datetime
    opens_at: Optional[datetime]
    closes_at: Optional[datetime]
    sent_at: Optional[datetime]
    withdrawn_at: Optional[datetime]
    hide_proposal: bool
    by: str
    by_id: int
    learners: int
    handed_in: int


class SittingRow(msgspec.Struct, frozen=True):
    """A learner's sitting: `state` is waiting, answering, paused or sent."""

    id: int
    person_id: int
    name: str
    state: str
    answered: int
    last_at: Optional[datetime]


class Event(msgspec.Struct, frozen=True):
    """Something that happened in a sitting."""

    event: str
    at: datetime
    channel: str
    question: Optional[int]


class Version(msgspec.Struct, frozen=True):
    """One version of an answer, word for word."""

    id: int
    version: int
    answer: str
    channel: str
    asked_at: datetime
    made_at: datetime


class Proposed(msgspec.Struct, frozen=True):
    """What the program would say: never shown to the learner, and no decision."""

    verdict: str
    marking: dict[str, Any]
    probability: Optional[float]
    content_version: str
    marking_version: str


class View(msgspec.Struct, frozen=True):
    """An assessor's first view."""

    by: str
    view: str
    words: str
    at: datetime


class Answered(msgspec.Struct, frozen=True):
    """A question with all versions of its answer; `proposed` and `views` are of the last one."""

    asked: Asked
    versions: tuple[Version, ...]
    proposed: Optional[Proposed]
    views: tuple[View, ...]
    viewed_by_me: bool


class SittingView(msgspec.Struct, frozen=True):
    """All there is of a learner's sitting."""

    row: SittingRow
    set: SetRow
    answers: tuple[Answered, ...]
    events: tuple[Event, ...]


def sets_of(records: Records, by: Person) -> list[SetRow]:
    """The person's sets, newest first."""
    with records.reading() as tx:
        return _sets(tx, a.question_set.c.by_id == by.id)


def find_set(records: Records, viewer: Person, set_id: int) -> Optional[SetRow]:
    """A set the person has made; for quality assurers and admins any that has a learner they may see."""
    q, s = a.question_set.c, a.sitting.c
    mine = q.by_id == viewer.id
    if viewer.roles & {"quality_assurer", "admin"}:
        seen = select(s.id).where(s.set_id == q.id, s.person_id.in_(visible(viewer))).exists()
        mine = or_(mine, seen)
    with records.reading() as tx:
        found = _sets(tx, q.id == set_id, mine)
    return found[0] if found else None


def _sets(tx: Tx, *where: Any) -> list[SetRow]:
    q, s, p, e = a.question_set.c, a.sitting.c, t.person.c, a.sitting_event.c
    learners = select(func.count()).where(s.set_id == q.id).scalar_subquery()
    sent = (
        select(func.count(func.distinct(s.id)))
        .select_from(a.sitting)
        .join(a.sitting_event, e.sitting_id == s.id)
        .where(s.set_id == q.id, e.event == "sent")
        .scalar_subquery()
    )
    query = (
        select(a.question_set, p.name, learners.label("learners"), sent.label("sent"))
        .join(t.person, p.id == q.by_id)
        .where(*where)
        .order_by(q.id.desc())
    )
    return [
        SetRow(
            r["id"], r["title"], r["unit_id"], r["live"], r["made_at"], r["opens_at"], r["closes_at"], r["sent_at"],
            r["withdrawn_at"], r["hide_proposal"], r["name"], r["by_id"], r["learners"], r["sent"],
        )
        for r in tx._all(query)
    ]  # fmt: skip


def sittings_of(records: Records, set_id: int) -> list[SittingRow]:
    """The learners of a set and how far they are, by name."""
    with records.reading() as tx:
        return _sittings(tx, a.sitting.c.set_id == set_id)


def _sittings(tx: Tx, *where: Any) -> list[SittingRow]:
    s, p, w, e = a.sitting.c, t.person.c, a.assessed_answer.c, a.sitting_event.c
    n = select(func.count(func.distinct(w.set_question_id))).where(w.sitting_id == s.id).scalar_subquery()
    rows = tx._all(
        select(s.id, s.person_id, p.name, n.label("n"))
        .join(t.person, p.id == s.person_id)
        .where(*where)
        .order_by(p.name)
    )
    events: dict[int, list[Any]] = defaultdict(list)
    ids = [r["id"] for r in rows]
    for r in tx._all(select(e.sitting_id, e.event, e.made_at).where(e.sitting_id.in_(ids)).order_by(e.id)):
        events[r["sitting_id"]].append(r)
    made = []
    for r in rows:
        happened = events[r["id"]]
        last = happened[-1]["made_at"] if happened else None
        made.append(
            SittingRow(r["id"], r["person_id"], r["name"], _state([x["event"] for x in happened]), r["n"], last)
        )
    return made


def _state(events: Sequence[str]) -> str:
    if events.count("sent") > events.count("reopened"):
        return "sent"
    moves = [x for x in events if x in {"started", "paused", "resumed", "asked", "reopened"}]
    return "waiting" if not moves else "paused" if moves[-1] == "paused" else "answering"


def questions_of(records: Records, set_id: int) -> list[tuple[Asked, Optional[int]]]:
    """The questions of a set in order, each with the learner it is for alone, or None."""
    q = a.set_question.c
    query = select(a.set_question).where(q.set_id == set_id).order_by(q.position, q.id)
    with records.reading() as tx:
        return [
            (Asked(r["id"], r["words"], r["question_id"], tuple(r["statements"]), r["made_at"]), r["person_id"])
            for r in tx._all(query)
        ]


def sitting_view(records: Records, viewer: Person, found: SetRow, person_id: int) -> Optional[SittingView]:
    """A learner's sitting of a set, if the viewer may see the learner."""
    s, w, e, o, f, p = (
        a.sitting.c, a.assessed_answer.c, a.sitting_event.c, a.proposal.c, a.first_view.c, t.person.c
    )  # fmt: skip
    with records.reading() as tx:
        rows = _sittings(tx, s.set_id == found.id, s.person_id == person_id, s.person_id.in_(visible(viewer)))
        if not rows:
            return None
        row = rows[0]
        versions: dict[int, list[Version]] = defaultdict(list)
        query = select(a.assessed_answer).where(w.sitting_id == row.id).order_by(w.version)
        for r in tx._all(query):
            versions[r["set_question_id"]].append(
                Version(r["id"], r["version"], r["answer"], r["channel"], r["asked_at"], r["made_at"])
            )
        last = [v[-1].id for v in versions.values()]
        proposed = {
            r["answer_id"]: Proposed(
                r["verdict"], r["marking"], r["probability"], r["content_version"], r["marking_version"]
            )
            for r in tx._all(select(a.proposal).where(o.answer_id.in_(last)))
        }
        views: dict[int, list[View]] = defaultdict(list)
        mine = set()
        query = select(a.first_view, p.name).join(t.person, p.id == f.by_id).where(f.answer_id.in_(last)).order_by(f.id)
        for r in tx._all(query):
            views[r["answer_id"]].append(View(r["name"], r["view"], r["words"], r["made_at"]))
            if r["by_id"] == viewer.id:
                mine.add(r["answer_id"])
        events = tuple(
            Event(r["event"], r["made_at"], r["channel"], r["set_question_id"])
            for r in tx._all(select(a.sitting_event).where(e.sitting_id == row.id).order_by(e.id))
        )
        answers = []
        for asked in sittings.questions(tx, row.id):
            given = tuple(versions.get(asked.id, ()))
            key = given[-1].id if given else -1
            answers.append(Answered(asked, given, proposed.get(key), tuple(views.get(key, ())), key in mine))
    return SittingView(row, found, tuple(answers), events)


def to_read(records: Records, by: Person) -> list[tuple[SetRow, SittingRow]]:
    """Sittings handed in to this assessor on which not every statement is decided yet, oldest first."""
    q, s, x, d = a.question_set.c, a.sitting.c, a.set_question.c, a.decision.c
    mine = select(q.id).where(q.by_id == by.id, q.sent_at.is_not(None))
    with records.reading() as tx:
        asked: dict[int, list[Any]] = defaultdict(list)
        for r in tx._all(select(x.set_id, x.person_id, x.statements).where(x.set_id.in_(mine))):
            asked[r["set_id"]].append(r)
        decided = select(d.set_id, d.person_id, d.statement).where(d.set_id.in_(mine))
        done = {(r["set_id"], r["person_id"], r["statement"]) for r in tx._all(decided)}
        open_ = [
            r["id"]
            for r in tx._all(select(s.id, s.set_id, s.person_id).where(s.set_id.in_(mine), sittings.handed_in()))
            if any(
                (r["set_id"], r["person_id"], statement) not in done
                for question in asked[r["set_id"]]
                if question["person_id"] in (None, r["person_id"])
                for statement in question["statements"]
            )
        ]
        if not open_:
            return []
        sets = {row.id: row for row in _sets(tx, q.id.in_(mine))}
        of = {r["id"]: sets[r["set_id"]] for r in tx._all(select(s.id, s.set_id).where(s.id.in_(open_)))}
        found = [(of[sitting.id], sitting) for sitting in _sittings(tx, s.id.in_(open_))]
    return sorted(found, key=lambda x: x[1].last_at or x[0].made_at)


def decided_in(records: Records, person_id: int, set_id: int) -> list[decisions.Decision]:
    """Decisions on a learner that rest on this set, newest first."""
    return [d for d in decisions.of_learner(records, person_id) if d.set_id == set_id]
