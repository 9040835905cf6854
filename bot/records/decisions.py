"""An assessor's decisions: signed, never edited, only superseded; what they rest on; who has seen them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, Optional

import msgspec
from sqlalchemy import func, insert, not_, select

from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit, outbox
from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import may_see
from bot.records.store import Records, Tx
from bot.records.tutoring import said

Outcome = Literal["achieved", "more_needed"]


class Ticks(msgspec.Struct, frozen=True):
    """What the assessor has checked of the evidence."""

    valid: bool
    authentic: bool
    current: bool
    sufficient: bool


class Draft(msgspec.Struct, frozen=True):
    """A decision before it is signed; `answers` and `items` are the ids of what it rests on."""

    person_id: int
    statement: str
    criterion_kind: Literal["knowledge", "performance"]
    method: Literal["questioning", "portfolio", "observation", "discussion"]
    outcome: Outcome
    reason: str
    next_step: str
    ticks: Ticks
    answers: tuple[int, ...] = ()
    items: tuple[int, ...] = ()
    set_id: Optional[int] = None


class Decision(msgspec.Struct, frozen=True):
    """A signed decision as pages and prints show it."""

    id: int
    person_id: int
    statement: str
    criterion_kind: str
    by_id: int
    by: str
    method: str
    outcome: str
    reason: str
    next_step: str
    ticks: Ticks
    signed_name: str
    signed_at: datetime
    supersedes_id: Optional[int]
    hash: str
    set_id: Optional[int]
    seen_at: Optional[datetime]
    superseded_by: Optional[int]


def sign(records: Records, by: Person, draft: Draft, signed_name: str, shown: str, now: datetime) -> int:
    """Sign a decision; an earlier one on the same learner and statement is superseded. Its id.

    `signed_name` must be the assessor's own name; `shown` is what the learner reads. BadInput for what is missing;
    the database refuses the rest.
    """
    reason = said(draft.reason, "A reason")
    if " ".join(signed_name.split()).casefold() != by.name.casefold():
        raise BadInput(f"Sign with your own name: {by.name}.")
    if draft.outcome == "achieved" and not all(msgspec.structs.astuple(draft.ticks)):
        raise BadInput("“Met” needs all four ticks: valid, authentic, current, sufficient.")
    if draft.outcome == "achieved" and not draft.answers and not draft.items:
        raise BadInput("“Met” needs evidence: answers to your questions, or items of the portfolio.")
    if draft.outcome == "more_needed" and not draft.next_step.strip():
        raise BadInput("“More needed” needs a next step for the learner.")
    if draft.criterion_kind == "performance" and (draft.method == "questioning" or draft.answers and not draft.items):
        raise BadInput("A performance criterion is shown at work; answers to questions cannot achieve it.")
    with records.begin() as tx:
        if "assessor" not in by.roles or not may_see(tx, by, draft.person_id):
            raise NotThere("person")
        before = _latest(tx, draft.person_id, draft.statement)
        values: dict[str, Any] = {
            "person_id": draft.person_id,
            "statement": draft.statement,
            "criterion_kind": draft.criterion_kind,
            "by_id": by.id,
            "method": draft.method,
            "outcome": draft.outcome,
            "reason": reason,
            "next_step": draft.next_step.strip(),
            **msgspec.structs.asdict(draft.ticks),
            "set_id": draft.set_id,
            "signed_name": " ".join(signed_name.split()),
            "signed_at": now,
            "supersedes_id": before["id"] if before else None,
        }
        evidence = _evidence(tx, draft)
        values["hash"] = fingerprint(values, evidence)
        made = tx.connection.execute(insert(a.decision).values(**values))
        id = int(made.inserted_primary_key[0])
        for kind, ids in (("answer_id", draft.answers), ("item_id", draft.items)):
            for one in dict.fromkeys(ids):
                row = {"decision_id": id, "person_id": draft.person_id, kind: one}
                tx.connection.execute(insert(a.decision_evidence).values(**row))
        audit.note(
            tx, by.id, "decided", f"decision/{id}", now,
            person=draft.person_id, statement=draft.statement, outcome=draft.outcome, hash=values["hash"],
            supersedes=values["supersedes_id"],
        )  # fmt: skip
        button = {"title": "OK", "payload": f'/see_decision{{"decision": {id}}}'}
        outbox.push(tx, draft.person_id, shown, "decision", now, (button,))
    return id


def fingerprint(values: dict[str, Any], evidence: Sequence[str]) -> str:
    """SHA-256 over all of a decision and the words it rests on, as 64 hex digits."""
    plain = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items() if k != "hash"}
    text = json.dumps([plain, list(evidence)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def intact(records: Records, decision_id: int) -> bool:
    """Whether a stored decision and its evidence still give the hash it was signed with."""
    with records.reading() as tx:
        row = tx._one(select(a.decision).where(a.decision.c.id == decision_id))
        if row is None:
            raise NotThere("decision")
        values = {k: row[k] for k in row if k not in {"id", "hash"}}
        e = a.decision_evidence.c
        rows = tx._all(select(e.answer_id, e.item_id).where(e.decision_id == decision_id).order_by(e.id))
        answers = [r["answer_id"] for r in rows if r["answer_id"]]
        items = [r["item_id"] for r in rows if r["item_id"]]
        return fingerprint(values, _texts(tx, answers, items)) == row["hash"]


def _evidence(tx: Tx, draft: Draft) -> list[str]:
    texts = _texts(tx, draft.answers, draft.items)
    w, i = a.assessed_answer.c, a.portfolio_item.c
    theirs = len(tx._all(select(w.id).where(w.id.in_(draft.answers), w.person_id == draft.person_id)))
    theirs += len(tx._all(select(i.id).where(i.id.in_(draft.items), i.person_id == draft.person_id)))
    if theirs != len(set(draft.answers)) + len(set(draft.items)):
        raise NotThere("evidence")
    return texts


def _texts(tx: Tx, answers: Sequence[int], items: Sequence[int]) -> list[str]:
    w, i = a.assessed_answer.c, a.portfolio_item.c
    words = {r["id"]: r["answer"] for r in tx._all(select(w.id, w.answer).where(w.id.in_(answers)))}
    places = {r["id"]: f"{r['title']}\n{r['reference']}" for r in tx._all(
        select(i.id, i.title, i.reference).where(i.id.in_(items)))}  # fmt: skip
    return [words[x] for x in dict.fromkeys(answers) if x in words] + [
        places[x] for x in dict.fromkeys(items) if x in places
    ]


def _not_superseded() -> Any:
    later = a.decision.alias("later")
    return not_(select(later.c.id).where(later.c.supersedes_id == a.decision.c.id).exists())


def _latest(tx: Tx, person_id: int, statement: str) -> Any:
    d = a.decision.c
    return tx._one(select(a.decision).where(d.person_id == person_id, d.statement == statement, _not_superseded()))


def superseded_by() -> Any:
    """For a query of decisions: the id of the one that supersedes each, or None."""
    later = a.decision.alias("later")
    return select(later.c.id).where(later.c.supersedes_id == a.decision.c.id).scalar_subquery().label("superseded_by")


def standing(tx: Tx, people: Any, statements: Optional[Iterable[str]]) -> dict[tuple[int, str], str]:
    """(person, statement) → the outcome that holds; `people` is a list of ids or a query of them.

    `statements` None: of all.
    """
    d = a.decision.c
    query = select(d.person_id, d.statement, d.outcome).where(d.person_id.in_(people), _not_superseded())
    if statements is not None:
        query = query.where(d.statement.in_(list(statements)))
    rows = tx._all(query)
    return {(r["person_id"], r["statement"]): r["outcome"] for r in rows}


def of_learner(records: Records, person_id: int, statement: Optional[str] = None) -> list[Decision]:
    """All decisions on a learner, newest first, superseded ones too."""
    d, p, s = a.decision.c, t.person.c, a.decision_seen.c
    query = (
        select(a.decision, p.name, s.made_at.label("seen_at"), superseded_by())
        .join(t.person, p.id == d.by_id)
        .outerjoin(a.decision_seen, s.decision_id == d.id)
        .where(d.person_id == person_id)
        .order_by(d.id.desc())
    )
    if statement is not None:
        query = query.where(d.statement == statement)
    with records.reading() as tx:
        return [decision_of(r) for r in tx._all(query)]


def decision_of(r: Any) -> Decision:
    """A decision from its row, with `name` of the assessor, `seen_at` and `superseded_by`."""
    return Decision(
        r["id"], r["person_id"], r["statement"], r["criterion_kind"], r["by_id"], r["name"], r["method"], r["outcome"],
        r["reason"], r["next_step"], Ticks(r["valid"], r["authentic"], r["current"], r["sufficient"]), r["signed_name"],
        r["signed_at"], r["supersedes_id"], r["hash"], r["set_id"], r["seen_at"],
        r["superseded_by"],
    )  # fmt: skip


def acknowledge(tx: Tx, person_id: int, decision_id: int, now: datetime) -> bool:
    """Note that the learner has seen a decision on themselves; False if it is none of theirs."""
    d, s = a.decision.c, a.decision_seen.c
    if tx._one(select(d.id).where(d.id == decision_id, d.person_id == person_id)) is None:
        return False
    if tx._one(select(s.decision_id).where(s.decision_id == decision_id)) is None:
        row = {"decision_id": decision_id, "person_id": person_id, "made_at": now}
        tx.connection.execute(insert(a.decision_seen).values(**row))
    return True


def latest_answers(tx: Tx, sitting: int) -> dict[int, str]:
    """Question of the set → the words of its latest version."""
    w = a.assessed_answer.c
    last = select(func.max(w.id)).where(w.sitting_id == sitting).group_by(w.set_question_id)
    return {
        r["set_question_id"]: r["answer"] for r in tx._all(select(w.set_question_id, w.answer).where(w.id.in_(last)))
    }


def answered_questions(tx: Tx, sitting: int) -> frozenset[int]:
    """Questions of the set that have an answer."""
    return frozenset(latest_answers(tx, sitting))
