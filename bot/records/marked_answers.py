"""Tutors' corrections as marked answers, without names: what `rapport mark --evaluate` reads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Optional

import msgspec
from sqlalchemy import select

from bot.marking.model import MarkedAnswer
from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import visible
from bot.records.store import Records

NAMELESS = "[name]"
SHORTEST_NAME = 3  # letters of a part of a name that is taken out


def corrections(
    records: Records, viewer: Optional[Person], points: Mapping[str, Collection[str]]
) -> list[MarkedAnswer]:
    """The latest correction of each answer that the viewer may see (None: all), the earliest answer first.

    `points` has the key points of each open question as the content is now; other questions and points are left out.
    The learner's name and the corrector's are taken out of answer and reason; the corrector becomes a number.
    """
    o, at, m = a.override.c, t.attempt.c, t.attempt_match.c
    by, learner = t.person.alias("by"), t.person.alias("learner")
    query = (
        select(o.attempt_id, o.points, o.reason, o.by_id, at.question_id, at.answer)
        .add_columns(by.c.name.label("by"), learner.c.name.label("learner"))
        .join(t.attempt, at.id == o.attempt_id)
        .join(by, by.c.id == o.by_id)
        .join(learner, learner.c.id == at.person_id)
        .where(at.question_id.in_(sorted(points)))
        .order_by(o.attempt_id, o.id)
    )
    if viewer is not None:
        query = query.where(at.person_id.in_(visible(viewer)))
    with records.reading() as tx:
        latest = {row["attempt_id"]: row for row in tx._all(query)}
        ids = select(o.attempt_id)
        found = tx._all(
            select(m.attempt_id, m.point_id).where(m.kind == "expectation", m.state == "met", m.attempt_id.in_(ids))
        )
    met: dict[int, set[str]] = defaultdict(set)
    for row in found:
        met[row["attempt_id"]].add(row["point_id"])
    return [_marked(row, met[id], points[row["question_id"]]) for id, row in latest.items()]


def as_lines(marked: Iterable[MarkedAnswer]) -> str:
    """One JSON object a line."""
    return "".join(msgspec.json.encode(each).decode() + "\n" for each in marked)


def _marked(row: Any, met: Collection[str], points: Collection[str]) -> MarkedAnswer:
    """The program's mark of each point, where the person did not say otherwise."""
    kept = tuple(id for id in points if row["points"].get(id, "met" if id in met else "not_met") == "met")
    names = (row["learner"], row["by"])
    return MarkedAnswer(
        row["question_id"],
        nameless(row["answer"], names),
        kept,
        f"marker-{row['by_id']}",
        nameless(row["reason"], names),
    )


def nameless(text: str, names: Iterable[str]) -> str:
    """`text` with these people's names, and each part of one, replaced."""
    parts = {part for whole in names for part in (whole, *whole.split(), *re.split(r"[\s-]+", whole))}
    parts = {part for part in parts if len(part) >= SHORTEST_NAME}
    if not parts:
        return text
    either = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{either})(?!\w)", NAMELESS, text, flags=re.IGNORECASE)
