"""References to evidence from work, planned against a unit's numbered requirements; only an assessor marks them met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Optional

import msgspec
from sqlalchemy import insert, not_, select

from bot.errors import BadInput, NotEvidence, NotThere
from bot.records import assessment_tables as a
from bot.records import audit, roleplays
from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import may_see
from bot.records.store import Records, Tx
from bot.records.tutoring import said

# Ways to assess on evidence from work, and the kind of item without which one was not used.
METHODS = {"portfolio": "", "observation": "observation", "discussion": "discussion"}


class New(msgspec.Struct, frozen=True):
    """An item as it is entered; `customer` is a kind of customer, never a name."""

    unit: str
    title: str
    kind: str
    setting: str
    reference: str
    happened_on: Optional[date]
    occasion: str
    customer: str
    statements: tuple[str, ...]
    requirements: tuple[str, ...]


class Mark(msgspec.Struct, frozen=True):
    """An assessor's word on one requirement of one item."""

    requirement: str
    met: bool
    reason: str
    by: str
    at: datetime


class Item(msgspec.Struct, frozen=True):
    """A reference to evidence from work, with the latest mark for each requirement."""

    id: int
    person_id: int
    by_id: int
    by: str
    unit: str
    title: str
    kind: str
    setting: str
    reference: str
    happened_on: date
    occasion: str
    customer: str
    statements: tuple[str, ...]
    requirements: tuple[str, ...]
    made_at: datetime
    marks: tuple[Mark, ...]


def add(
    records: Records, by: Person, person_id: int, new: New, allowed: Collection[str], clause: str, now: datetime
) -> int:
    """Enter an item of one's own, or a learner's; its id. `allowed` are the unit's settings, `clause` its rule.

    BadInput for what is missing or a setting that the unit does not allow; NotEvidence for practice; with the clause.
    """
    if new.setting not in a.SETTINGS or new.setting not in allowed:
        raise BadInput(f"This cannot be evidence for {new.unit.upper()}. {clause}")
    if roleplays.points_to_practice(new.reference):
        raise NotEvidence(clause)
    if new.kind not in a.PORTFOLIO_KINDS:
        raise BadInput("Choose what kind of evidence it is.")
    if new.happened_on is None or new.happened_on > now.date():
        raise BadInput("Give the day on which it happened; it cannot be in the future.")
    if not new.statements and not new.requirements:
        raise BadInput("Choose at least one criterion or requirement it is for.")
    with records.begin() as tx:
        if by.id != person_id and not may_see(tx, by, person_id):
            raise NotThere("person")
        made = tx.connection.execute(
            insert(a.portfolio_item).values(
                person_id=person_id, by_id=by.id, unit_id=new.unit, title=said(new.title, "A title")[:200],
                kind=new.kind, setting=new.setting, reference=said(new.reference, "Where it is kept")[:500],
                happened_on=new.happened_on, occasion=new.occasion.strip()[:200], customer=new.customer.strip()[:200],
                statements=list(new.statements), requirements=list(new.requirements), made_at=now, supersedes_id=None,
            )
        )  # fmt: skip
        id = int(made.inserted_primary_key[0])
        audit.note(tx, by.id, "entered evidence", f"portfolio/{id}", now, person=person_id, unit=new.unit)
    return id


def refuse_method(method: str, criterion_kind: Optional[str], chosen: Sequence[Item]) -> None:
    """BadInput where a decision by this method cannot rest on these items.

    An observation or discussion is one that somebody other than the learner has recorded; what is shown at work is not
    shown by talking about it.
    """
    if method not in METHODS:
        raise BadInput("Choose how it was assessed.")
    kind = METHODS[method]
    if kind and not any(i.kind == kind and i.by_id != i.person_id for i in chosen):
        word = {"observation": "observation", "discussion": "professional discussion"}[kind]
        raise BadInput(f"Record the {word} first, under “Record what you saw or discussed”, and choose it here.")
    if criterion_kind == "performance" and chosen and all(i.kind == "discussion" for i in chosen):
        raise BadInput("A performance criterion is shown at work: a discussion alone cannot achieve it.")


def mark(records: Records, by: Person, item_id: int, requirement: str, met: bool, reason: str, now: datetime) -> None:
    """Say whether an item serves a requirement; the database takes it of assessors only."""
    reason = said(reason, "A reason")
    i = a.portfolio_item.c
    with records.begin() as tx:
        row = tx._one(select(i.person_id, i.requirements).where(i.id == item_id))
        if row is None or "assessor" not in by.roles or not may_see(tx, by, row["person_id"]):
            raise NotThere("item")
        if requirement not in row["requirements"]:
            raise BadInput("The item was not entered for this requirement.")
        values = {"item_id": item_id, "requirement": requirement, "by_id": by.id, "met": met, "reason": reason}
        tx.connection.execute(insert(a.requirement_mark).values(**values, made_at=now))
        audit.note(tx, by.id, "marked requirement", f"portfolio/{item_id}", now, requirement=requirement, met=met)


def items(records: Records, person_id: int, unit: str) -> list[Item]:
    """A learner's items for a unit, by the day they happened; superseded ones left out."""
    i, p, later = a.portfolio_item.c, t.person.c, a.portfolio_item.alias("later").c
    query = (
        select(a.portfolio_item, p.name)
        .join(t.person, p.id == i.by_id)
        .where(
            i.person_id == person_id,
            i.unit_id == unit,
            not_(select(later.id).where(later.supersedes_id == i.id).exists()),
        )
        .order_by(i.happened_on, i.id)
    )
    with records.reading() as tx:
        rows = tx._all(query)
        marks = _marks(tx, [r["id"] for r in rows])
    return [
        Item(
            r["id"], r["person_id"], r["by_id"], r["name"], r["unit_id"], r["title"], r["kind"],
            r["setting"], r["reference"], r["happened_on"], r["occasion"], r["customer"], tuple(r["statements"]),
            tuple(r["requirements"]), r["made_at"], tuple(marks[r["id"]].values()),
        )
        for r in rows
    ]  # fmt: skip


def _marks(tx: Tx, ids: Sequence[int]) -> dict[int, dict[str, Mark]]:
    m, p = a.requirement_mark.c, t.person.c
    query = select(a.requirement_mark, p.name).join(t.person, p.id == m.by_id).where(m.item_id.in_(ids)).order_by(m.id)
    found: dict[int, dict[str, Mark]] = defaultdict(dict)
    for r in tx._all(query):
        found[r["item_id"]][r["requirement"]] = Mark(r["requirement"], r["met"], r["reason"], r["name"], r["made_at"])
    return found
