"""What can be said of a group: question statistics, misconceptions, trends – only where there is enough to say it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Optional

import msgspec
from sqlalchemy import and_, distinct, func, select

from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import visible
from bot.records.store import Records, Tx

FEWEST_LEARNERS = 10  # below it a share says nothing
FEWEST_FOR_DISCRIMINATION = 20
MOST_LEARNERS = 300  # enough for any of the figures; more would only make a page slow
MOST_TIMED = 2000  # first answers, the newest, whose time is looked up


class Group(msgspec.Struct, frozen=True):
    """Learners whose figures are given, out of `of`."""

    ids: tuple[int, ...]
    of: int


class Week(msgspec.Struct, frozen=True):
    """A week from its Monday: answers given, learners active, statements that became ready."""

    monday: date
    answers: int
    learners: int
    ready: int


class Held(msgspec.Struct, frozen=True):
    """A misconception and how many learners showed it."""

    question_id: str
    point_id: str
    learners: int
    last_at: datetime


class QuestionStats(msgspec.Struct, frozen=True):
    """One question among some learners; None where there are too few of them to say.

    `facility`: share of learners whose first answer was complete. `discrimination`: its correlation with their share on
    the other questions. `seconds`: median from the coach's message to the answer.
    """

    question_id: str
    learners: int
    answers: int
    facility: Optional[float]
    discrimination: Optional[float]
    seconds: Optional[float]
    not_sure: Optional[float]


def group_of(records: Records, viewer: Person, unit: str, cohort: Optional[int] = None) -> Group:
    """The learners of a unit whom the viewer may see; of more than MOST_LEARNERS so many, evenly drawn."""
    e = t.enrolment.c
    query = select(e.person_id).where(e.unit_id == unit, e.person_id.in_(visible(viewer, cohort))).order_by(e.person_id)
    with records.reading() as tx:
        ids = tx.connection.execute(query).scalars().all()
    many, most = len(ids), min(len(ids), MOST_LEARNERS)
    return Group(tuple(ids[i * many // most] for i in range(most)), many)


def question_stats(records: Records, people: Collection[int], questions: Sequence[str]) -> list[QuestionStats]:
    """These questions among these learners, in the order given; unanswered ones left out."""
    at = t.attempt.c
    seen = and_(at.person_id.in_(people), at.question_id.in_(questions))
    n, place = (
        func.count().label("n"),
        func.row_number().over(partition_by=(at.person_id, at.question_id), order_by=at.id),
    )
    numbered = select(at.question_id, at.person_id, at.complete, at.id, place.label("place")).where(seen).subquery()
    with records.reading() as tx:
        counts = tx._all(select(at.question_id, at.verdict, n).where(seen).group_by(at.question_id, at.verdict))
        firsts = tx._all(select(numbered).where(numbered.c.place == 1))
        seconds = _seconds(tx, sorted((r["id"] for r in firsts), reverse=True)[:MOST_TIMED])
    by_person: dict[int, dict[str, bool]] = defaultdict(dict)
    by_question: dict[str, dict[int, bool]] = defaultdict(dict)
    for r in firsts:
        by_person[r["person_id"]][r["question_id"]] = r["complete"]
        by_question[r["question_id"]][r["person_id"]] = r["complete"]
    answers: dict[str, dict[str, int]] = defaultdict(dict)
    for r in counts:
        answers[r["question_id"]][r["verdict"]] = r["n"]
    made = []
    for id in questions:
        people = by_question.get(id, {})
        if not people:
            continue
        enough, total = len(people) >= FEWEST_LEARNERS, sum(answers[id].values())
        took = seconds.get(id, [])
        made.append(
            QuestionStats(
                id,
                len(people),
                total,
                statistics.fmean(people.values()) if enough else None,
                _discrimination(id, people, by_person),
                statistics.median(took) if len(took) >= FEWEST_LEARNERS else None,
                answers[id].get("not_sure", 0) / total if enough else None,
            )
        )
    return made


def _discrimination(id: str, people: dict[int, bool], by_person: dict[int, dict[str, bool]]) -> Optional[float]:
    pairs = []
    for person, complete in people.items():
        others = [c for q, c in by_person[person].items() if q != id]
        if others:
            pairs.append((float(complete), statistics.fmean(others)))
    if len(pairs) < FEWEST_FOR_DISCRIMINATION:
        return None
    x, y = zip(*pairs)
    if len(set(x)) < 2 or len(set(y)) < 2:
        return None
    return statistics.correlation(x, y)


def _seconds(tx: Tx, attempts: Sequence[int]) -> dict[str, list[float]]:
    """Question → seconds from the coach's message to the answer, breaks of more than ten minutes left out."""
    at = t.attempt.c
    given, before, out = t.message.alias("given"), t.message.alias("before"), t.message.alias("asked")
    m = given.c
    asked = (
        select(before.c.id)
        .where(before.c.person_id == m.person_id, before.c.id < m.id, before.c.direction == "out")
        .order_by(before.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = tx._all(
        select(at.question_id, m.created_at, out.c.created_at.label("asked_at"))
        .join(given, m.message_id == at.message_id)
        .join(out, out.c.id == asked)
        .where(at.id.in_(attempts))
    )
    took: dict[str, list[float]] = defaultdict(list)
    for r in rows:
        gone = (r["created_at"] - r["asked_at"]).total_seconds()
        if 0 <= gone <= 600:
            took[r["question_id"]].append(gone)
    return took


def misconceptions(records: Records, people: Collection[int], questions: Sequence[str], limit: int = 20) -> list[Held]:
    """Misconceptions shown in these learners' answers to these questions, those of most learners first."""
    at, m = t.attempt.c, t.attempt_match.c
    n = func.count(distinct(at.person_id))
    query = (
        select(at.question_id, m.point_id, n.label("n"), func.max(at.made_at).label("last_at"))
        .join(t.attempt, at.id == m.attempt_id)
        .where(m.kind == "misconception", m.state == "met")
        .where(at.person_id.in_(people), at.question_id.in_(questions))
        .group_by(at.question_id, m.point_id)
        .order_by(n.desc(), func.max(at.made_at).desc())
        .limit(limit)
    )
    with records.reading() as tx:
        return [Held(r["question_id"], r["point_id"], r["n"], r["last_at"]) for r in tx._all(query)]


def trend(
    records: Records, people: Collection[int], unit: str, questions: Sequence[str], now: datetime, weeks: int = 12
) -> list[Week]:
    """The last weeks of these learners in a unit, this one included, oldest first; `questions`: all that serve it."""
    at, c, n = t.attempt.c, t.coverage.c, func.count().label("n")
    mondays = [now.date() - timedelta(days=now.weekday() + 7 * i) for i in range(weeks)][::-1]
    since = datetime.combine(mondays[0], datetime.min.time(), now.tzinfo)
    day = func.date(at.made_at).label("day")
    mine = (at.made_at >= since, at.person_id.in_(people), at.question_id.in_(questions))
    with records.reading() as tx:
        given = tx._all(select(at.person_id, day, n).where(*mine).group_by(at.person_id, day))
        ready = tx._all(
            select(c.ready_at).where(c.ready_at >= since, c.statement.like(f"{unit}/%"), c.person_id.in_(people))
        )
    answers: dict[date, int] = defaultdict(int)
    active: dict[date, set[int]] = defaultdict(set)
    became: dict[date, int] = defaultdict(int)
    for r in given:
        # PostgreSQL gives a date, SQLite its text.
        monday = _monday(date.fromisoformat(str(r["day"])))
        answers[monday] += r["n"]
        active[monday].add(r["person_id"])
    for r in ready:
        became[_monday(r["ready_at"].date())] += 1
    return [Week(m, answers[m], len(active[m]), became[m]) for m in mondays]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
