"""All that is kept about one person, for that person: what `/export` and `rapport export` give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import String, bindparam, cast, or_, select

from bot.records import assessment_tables as a
from bot.records import channel_tables as c
from bot.records import tables as t
from bot.records.base import UTC
from bot.records.store import Records

# Tables of which nothing is given, each with the reason.
LEFT_OUT = {
    "web_session": "the key to the door: a hash and two times, gone after sign-out",
    "invitation": "the key to the door: a hash and two times",
    "move": "the replies once more, as the program kept them to repeat them; they are in `message`",
    "delivery": "how replies in `message` were carried to a channel; gone with them",
    "sampling_plan": "which decisions a quality assurer looks at; about assessors, not about a learner",
    "external_link": "who from outside may look at a sampling plan",
    "failed_sign_in": "hashes and times, gone after ten minutes",
    "centre_text": "what the centre says to everybody; about nobody",
    "retention_time": "how long the centre keeps things; about nobody",
    "unit_state": "which units are offered; about nobody",
    "unit_version": "what the content was; about nobody",
    "channel_state": "what the program itself remembers of a channel; about nobody",
}
SECRET = {"password_hash", "token_hash", "csrf"}


def _mine() -> dict[str, Any]:
    """Table name → condition on it for the rows about the person whose id is bound as `who`."""
    who: Any = bindparam("who")
    attempts = select(t.attempt.c.id).where(t.attempt.c.person_id == who)
    disputes = select(t.dispute.c.id).where(t.dispute.c.person_id == who)
    requests = select(t.tutor_request.c.id).where(t.tutor_request.c.person_id == who)
    sittings = select(a.sitting.c.id).where(a.sitting.c.person_id == who)
    sets = select(a.sitting.c.set_id).where(a.sitting.c.person_id == who)
    answers, asked = (
        select(column).where(a.assessed_answer.c.person_id == who)
        for column in (a.assessed_answer.c.id, a.assessed_answer.c.set_question_id)
    )
    # The program's proposal and an assessor's first view are given once there is a decision that rests on the answer.
    decided = select(a.decision_evidence.c.answer_id).where(
        a.decision_evidence.c.person_id == who, a.decision_evidence.c.answer_id.is_not(None)
    )
    items = select(a.portfolio_item.c.id).where(a.portfolio_item.c.person_id == who)
    decisions = select(a.decision.c.id).where(a.decision.c.person_id == who)
    closed = select(a.sample_result.c.sample_id)
    samples = select(a.sample.c.id).where(a.sample.c.decision_id.in_(decisions), a.sample.c.id.in_(closed))
    groups = select(t.cohort_member.c.cohort_id).where(t.cohort_member.c.person_id == who)
    accounts = select(t.channel_identity.c.external_id).where(
        t.channel_identity.c.person_id == who, t.channel_identity.c.channel == "telegram"
    )
    special = {
        "person": t.person.c.id == who,
        "cohort": t.cohort.c.id.in_(groups),
        "attempt_match": t.attempt_match.c.attempt_id.in_(attempts),
        "override": a.override.c.attempt_id.in_(attempts),
        "closed_item": or_(
            (a.closed_item.c.kind == "dispute") & a.closed_item.c.item_id.in_(disputes),
            (a.closed_item.c.kind == "request") & a.closed_item.c.item_id.in_(requests),
        ),
        "question_set": a.question_set.c.id.in_(sets),
        "set_question": a.set_question.c.id.in_(asked),  # not those still to be asked
        "sitting_event": a.sitting_event.c.sitting_id.in_(sittings),
        "proposal": a.proposal.c.answer_id.in_(answers) & a.proposal.c.answer_id.in_(decided),
        "first_view": a.first_view.c.answer_id.in_(decided),
        "requirement_mark": a.requirement_mark.c.item_id.in_(items),
        "sample": a.sample.c.id.in_(samples),
        "second_mark": a.second_mark.c.sample_id.in_(samples),
        "sample_result": a.sample_result.c.sample_id.in_(samples),
        "telegram_update": c.telegram_update.c.chat_id.in_(accounts),
        "audit": or_(a.audit.c.by_id == who, a.audit.c.subject == "person/" + cast(who, String)),
    }
    own = {
        table.name: table.c.person_id == who
        for table in t.metadata.sorted_tables
        if "person_id" in table.c and table.name not in {*special, *LEFT_OUT}
    }
    return {**own, **special}


MINE = _mine()
# Of the audit: what happened and when; its details may name others.
ONLY = {"audit": ("id", "by_id", "action", "subject", "made_at")}


def personal_data(records: Records, person_id: int) -> dict[str, Any]:
    """Table → the person's rows in plain values (times as ISO 8601); under "acts" what they did to others' records."""
    found: dict[str, Any] = {}
    with records.reading() as tx:
        for table in t.metadata.sorted_tables:
            if table.name not in MINE:
                continue
            query = select(table).where(MINE[table.name]).order_by(*table.primary_key.columns)
            found[table.name] = [_plain(table.name, r) for r in tx._all(query, who=person_id)]
        found["acts"] = [
            {"table": table.name, **_plain(table.name, r)}
            for table in t.metadata.sorted_tables
            if "by_id" in table.c and table.name != "audit"
            for r in tx._all(_act(table).where(table.c.by_id == person_id))
        ]
    return {name: rows for name, rows in found.items() if rows}


def _act(table: Any) -> Any:
    """Which rows, and when: the keys and the times of a table."""
    times = [column for column in table.c if isinstance(column.type, UTC)]
    return select(*table.primary_key.columns, *times).order_by(*table.primary_key.columns)


def _plain(table: str, row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, (datetime, date)) else value
        for name, value in row.items()
        if name not in SECRET and name in ONLY.get(table, (name,))
    }
