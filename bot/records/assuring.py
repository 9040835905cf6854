"""Quality assurance: samples drawn by plan and seed, marked blind, agreed or returned; links for an external one."""

from __future__ import annotations

import math
import random
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

import msgspec
from sqlalchemy import func, insert, select, update

from bot.coaching.agreement import Agreement, agreement
from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import tables as t
from bot.records.base import token_hash
from bot.records.decisions import Decision, decision_of, superseded_by
from bot.records.people import Person
from bot.records.seeing import may_see, visible
from bot.records.store import Records, Tx
from bot.records.tutoring import said

LINK_LASTS = timedelta(days=30)
AGREES_WITH = {"right": "achieved", "partly": "more_needed", "not_yet": "more_needed"}  # not_sure proposes nothing


class Rules(msgspec.Struct, frozen=True):
    """How a sample is drawn: this share of each assessor's decisions in each unit by each method, one at least.

    `risk` adds every decision that differs from the program's proposal.
    """

    share: float
    risk: bool = True
    unit: str = ""


class Plan(msgspec.Struct, frozen=True):
    """A sampling plan; `marked` and `closed` of `samples`."""

    id: int
    title: str
    by: str
    by_id: int
    rules: Rules
    seed: int
    since: datetime
    until: datetime
    made_at: datetime
    samples: int
    closed: int

    @property
    def last_day(self) -> datetime:
        """The last day whose decisions are in it: `until` is the moment after it."""
        return self.until - timedelta(days=1)


class Sample(msgspec.Struct, frozen=True):
    """A sampled decision: `second` is the quality assurer's blind mark, `result` agreed or returned."""

    id: int
    plan: int
    why: str
    learner: str
    decision: Decision
    second: Optional[str]
    second_words: str
    result: Optional[str]
    reason: str
    closed_at: Optional[datetime]


class Evidence(msgspec.Struct, frozen=True):
    """What a sampled decision rests on, for blind marking."""

    question: str
    words: str


def make_plan(
    records: Records, by: Person, title: str, rules: Rules, since: datetime, until: datetime, seed: int, now: datetime
) -> int:
    """Draw a sample of the decisions signed in a time; the same seed and decisions give the same sample. Its id."""
    title = said(title, "A title")[:200]
    if not 0 < rules.share <= 1:
        raise BadInput("The share is between 1 and 100 percent.")
    if until <= since:
        raise BadInput("The time ends before it begins.")
    d = a.decision.c
    which = [d.signed_at >= since, d.signed_at < until, d.by_id != by.id, d.person_id.in_(visible(by))]
    with records.begin() as tx:
        query = select(d.id, d.by_id, d.statement, d.method, d.outcome).where(*which).order_by(d.id)
        found = [r for r in tx._all(query) if not rules.unit or r["statement"].startswith(f"{rules.unit}/")]
        if not found:
            raise BadInput("No decision of somebody else was signed in that time among your groups.")
        made = tx.connection.execute(
            insert(a.sampling_plan).values(
                by_id=by.id, title=title, rules=msgspec.to_builtins(rules), seed=seed, since=since, until=until,
                made_at=now,
            )
        )  # fmt: skip
        plan = int(made.inserted_primary_key[0])
        proposals = {r["id"]: r["verdict"] for r in tx._all(_proposed().where(*which))}
        drawn = draw(found, rules, seed, proposals)
        tx.connection.execute(
            insert(a.sample), [{"plan_id": plan, "decision_id": id, "why": why} for id, why in drawn.items()]
        )
        audit.note(tx, by.id, "made sampling plan", f"plan/{plan}", now, seed=seed, rules=msgspec.to_builtins(rules))
    return plan


def draw(found: Sequence[Any], rules: Rules, seed: int, proposals: dict[int, str]) -> dict[int, str]:
    """Decision → why it is in the sample: "share" or "risk". `found` has id, by_id, statement, method, outcome."""
    strata: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for r in found:
        strata[(r["by_id"], r["statement"].partition("/")[0], r["method"])].append(r["id"])
    dice = random.Random(seed)
    chosen: dict[int, str] = {}
    for key in sorted(strata):
        ids = sorted(strata[key])
        for id in dice.sample(ids, math.ceil(rules.share * len(ids))):
            chosen[id] = "share"
    if rules.risk:
        for r in found:
            proposed = AGREES_WITH.get(proposals.get(r["id"], ""))
            if proposed and proposed != r["outcome"]:
                chosen.setdefault(r["id"], "risk")
    return dict(sorted(chosen.items()))


def _proposed() -> Any:
    """id and outcome of decisions with the program's verdict, where they rest on exactly one answer with a proposal."""
    d, e, o = a.decision.c, a.decision_evidence.c, a.proposal.c
    return (
        select(d.id, d.outcome, func.min(o.verdict).label("verdict"))
        .select_from(a.decision)
        .join(a.decision_evidence, e.decision_id == d.id)
        .join(a.proposal, o.answer_id == e.answer_id)
        .group_by(d.id, d.outcome)
        .having(func.count() == 1)
    )


def plans_of(records: Records, viewer: Person) -> list[Plan]:
    """The person's plans, newest first; an admin's list has all."""
    where = [] if "admin" in viewer.roles else [a.sampling_plan.c.by_id == viewer.id]
    with records.reading() as tx:
        return _plans(tx, *where)


def find_plan(records: Records, viewer: Person, plan: int) -> Plan:
    """A plan the person has made; NotThere for others'."""
    with records.reading() as tx:
        found = _plans(tx, a.sampling_plan.c.id == plan)
    if not found or (found[0].by_id != viewer.id and "admin" not in viewer.roles):
        raise NotThere("plan")
    return found[0]


def _plans(tx: Tx, *where: Any) -> list[Plan]:
    p, s, r, w = a.sampling_plan.c, a.sample.c, a.sample_result.c, t.person.c
    rows = tx._all(select(a.sampling_plan, w.name).join(t.person, w.id == p.by_id).where(*where).order_by(p.id.desc()))
    samples = defaultdict(list)
    query = select(s.plan_id, r.result).outerjoin(a.sample_result, r.sample_id == s.id)
    for row in tx._all(query.where(s.plan_id.in_([x["id"] for x in rows]))):
        samples[row["plan_id"]].append(row["result"])
    return [
        Plan(
            x["id"], x["title"], x["name"], x["by_id"], msgspec.convert(x["rules"], Rules), x["seed"], x["since"],
            x["until"], x["made_at"], len(samples[x["id"]]), sum(v is not None for v in samples[x["id"]]),
        )
        for x in rows
    ]  # fmt: skip


def samples_of(records: Records, plan: int) -> list[Sample]:
    """The samples of a plan, in order."""
    with records.reading() as tx:
        return _samples(tx, a.sample.c.plan_id == plan)


def find_sample(records: Records, viewer: Person, sample: int) -> Sample:
    """A sample of one of the person's plans."""
    s, p = a.sample.c, a.sampling_plan.c
    with records.reading() as tx:
        row = tx._one(select(p.by_id).join(a.sample, s.plan_id == p.id).where(s.id == sample))
        found = _samples(tx, s.id == sample) if row and (row["by_id"] == viewer.id or "admin" in viewer.roles) else []
    if not found:
        raise NotThere("sample")
    return found[0]


def returned_to(records: Records, assessor: Person) -> list[Sample]:
    """Samples that came back to an assessor and whose decision is not superseded yet."""
    d, later = a.decision.c, a.decision.alias("later").c
    open_ = ~select(later.id).where(later.supersedes_id == d.id).exists()
    with records.reading() as tx:
        return _samples(tx, d.by_id == assessor.id, a.sample_result.c.result == "returned", open_)


def _samples(tx: Tx, *where: Any) -> list[Sample]:
    s, d, m, r = a.sample.c, a.decision.c, a.second_mark.c, a.sample_result.c
    who, learner, seen = t.person.alias("who"), t.person.alias("learner"), a.decision_seen.c
    rows = tx._all(
        select(
            a.decision, s.id.label("sample"), s.plan_id, s.why, who.c.name, learner.c.name.label("learner"),
            m.outcome.label("second"), m.words.label("second_words"), r.result, r.reason.label("result_reason"),
            r.made_at.label("closed_at"), seen.made_at.label("seen_at"), superseded_by(),
        )
        .select_from(a.sample)
        .join(a.decision, d.id == s.decision_id)
        .join(who, who.c.id == d.by_id)
        .join(learner, learner.c.id == d.person_id)
        .outerjoin(a.second_mark, m.sample_id == s.id)
        .outerjoin(a.sample_result, r.sample_id == s.id)
        .outerjoin(a.decision_seen, seen.decision_id == d.id)
        .where(*where)
        .order_by(s.id)
    )  # fmt: skip
    return [
        Sample(
            x["sample"], x["plan_id"], x["why"], x["learner"], decision_of(x), x["second"], x["second_words"] or "",
            x["result"], x["result_reason"] or "", x["closed_at"],
        )
        for x in rows
    ]  # fmt: skip


def evidence_of(records: Records, decision: int) -> list[Evidence]:
    """Questions with answers word for word, and references to evidence from work."""
    e, w, q, i = a.decision_evidence.c, a.assessed_answer.c, a.set_question.c, a.portfolio_item.c
    with records.reading() as tx:
        answers = tx._all(
            select(q.words, w.answer)
            .select_from(a.decision_evidence)
            .join(a.assessed_answer, w.id == e.answer_id)
            .join(a.set_question, q.id == w.set_question_id)
            .where(e.decision_id == decision)
            .order_by(e.id)
        )
        items = tx._all(
            select(i.title, i.reference).join(a.decision_evidence, i.id == e.item_id).where(e.decision_id == decision)
        )
    return [Evidence(r["words"], r["answer"]) for r in answers] + [Evidence(r["title"], r["reference"]) for r in items]


def second_mark(records: Records, by: Person, sample: int, outcome: str, words: str, now: datetime) -> None:
    """The quality assurer's own mark, before the assessor's is shown; once."""
    if outcome not in a.OUTCOMES:
        raise BadInput("Choose: met, or more needed.")
    found = find_sample(records, by, sample)
    if found.second is not None:
        return
    with records.begin() as tx:
        if not may_see(tx, by, found.decision.person_id):
            raise NotThere("sample")
        values = {
            "sample_id": sample,
            "by_id": by.id,
            "outcome": outcome,
            "words": words.strip()[:2000],
            "made_at": now,
        }
        tx.connection.execute(insert(a.second_mark).values(**values))
        audit.note(tx, by.id, "second mark", f"sample/{sample}", now, outcome=outcome)


def close(records: Records, by: Person, sample: int, result: str, reason: str, now: datetime) -> None:
    """Agree with a decision or return it, with a reason; after the blind mark, and once."""
    reason = said(reason, "A reason")
    found = find_sample(records, by, sample)
    if result not in ("agreed", "returned"):
        raise BadInput("Choose: agree, or return.")
    if found.second is None:
        raise BadInput("Mark it yourself first, without the assessor's decision.")
    if found.result is not None:
        raise BadInput("This sample is closed already.")
    with records.begin() as tx:
        values = {"sample_id": sample, "by_id": by.id, "result": result, "reason": reason, "made_at": now}
        tx.connection.execute(insert(a.sample_result).values(**values))
        audit.note(tx, by.id, f"{result} sample", f"sample/{sample}", now, decision=found.decision.id, reason=reason)


# Figures ------------------------------------------------------------------------------------------------------------


def agreement_by(records: Records, viewer: Person) -> dict[str, dict[str, Agreement]]:
    """Blind marks beside decisions: by assessor and by criterion; and the program's proposals beside decisions."""
    d, s, m, p = a.decision.c, a.sample.c, a.second_mark.c, t.person.c
    seen, n = d.person_id.in_(visible(viewer)), func.count().label("n")
    marked = (
        select(p.name, d.statement, d.outcome, m.outcome.label("second"), n)
        .select_from(a.sample)
        .join(a.second_mark, m.sample_id == s.id)
        .join(a.decision, d.id == s.decision_id)
        .join(t.person, p.id == d.by_id)
        .where(seen)
        .group_by(p.name, d.statement, d.outcome, m.outcome)
    )
    proposed = _proposed().where(seen).subquery()
    proposals = select(proposed.c.outcome, proposed.c.verdict, n).group_by(proposed.c.outcome, proposed.c.verdict)
    with records.reading() as tx:
        samples, agreed = tx._all(marked), tx._all(proposals)
    assessors: dict[str, list[tuple[str, str]]] = defaultdict(list)
    criteria: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for r in samples:
        pairs = [(r["outcome"], r["second"])] * r["n"]
        assessors[r["name"]] += pairs
        criteria[r["statement"]] += pairs
    program = [
        pair
        for r in agreed
        if r["verdict"] in AGREES_WITH
        for pair in [(AGREES_WITH[r["verdict"]], r["outcome"])] * r["n"]
    ]
    everybody = [p for pairs in assessors.values() for p in pairs]
    return {
        "all": {"": agreement(everybody)},
        "assessor": {name: agreement(pairs) for name, pairs in sorted(assessors.items())},
        "criterion": {name: agreement(pairs) for name, pairs in sorted(criteria.items())},
        "program": {"": agreement(program)},
    }


# Outside ------------------------------------------------------------------------------------------------------------


def make_link(records: Records, by: Person, plan: int, name: str, now: datetime) -> str:
    """A token for an external quality assurer to read one plan, for 30 days."""
    find_plan(records, by, plan)
    name, token = said(name, "A name")[:200], secrets.token_urlsafe(32)
    with records.begin() as tx:
        tx.connection.execute(
            insert(a.external_link).values(
                token_hash=token_hash(token), by_id=by.id, plan_id=plan, name=name, made_at=now,
                expires_at=now + LINK_LASTS, withdrawn_at=None,
            )
        )  # fmt: skip
        audit.note(tx, by.id, "made external link", f"plan/{plan}", now, name=name)
    return token


def withdraw_links(records: Records, by: Person, plan: int, now: datetime) -> None:
    """Take all links to a plan back."""
    find_plan(records, by, plan)
    x = a.external_link.c
    with records.begin() as tx:
        gone = update(a.external_link).where(x.plan_id == plan, x.withdrawn_at.is_(None)).values(withdrawn_at=now)
        if tx.connection.execute(gone).rowcount:
            audit.note(tx, by.id, "withdrew external links", f"plan/{plan}", now)


def linked_plan(records: Records, token: str, now: datetime) -> tuple[Plan, str]:
    """The plan a valid link leads to, and whom it was made for; every look is audited."""
    x = a.external_link.c
    with records.begin() as tx:
        row = tx._one(
            select(x.plan_id, x.name).where(
                x.token_hash == token_hash(token), x.withdrawn_at.is_(None), x.expires_at > now
            )
        )
        if row is None:
            raise NotThere("link")
        audit.note(tx, None, "external look", f"plan/{row['plan_id']}", now, name=row["name"])
        return _plans(tx, a.sampling_plan.c.id == row["plan_id"])[0], row["name"]
