"""Erasure: practice, chats and contact go; assessment records stay, under a pseudonym, for as long as they must."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit, retention_times
from bot.records import channel_tables as c
from bot.records import roleplay_tables as r
from bot.records import tables as t
from bot.records.personal import MINE
from bot.records.privacy_tables import erasure
from bot.records.store import Records, Tx

# In this order, so that nothing is left that refers to what is gone.
ERASED = (
    c.delivery, t.message, t.last_wrote, t.move, a.tutor_reply, a.closed_item, t.tutor_request, t.dispute, a.override,
    t.attempt_match, t.attempt_statement, t.attempt, t.told, t.review_card, t.coverage,
    r.work_reminder, r.roleplay_practised, r.roleplay_review, r.roleplay_end, r.roleplay_turn, r.roleplay, t.exercise,
    a.set_practice, t.workplace_profile, c.reminder, t.channel_identity, t.sign_in_account, t.web_session,
    t.invitation,
)  # fmt: skip
# Without any assessment record there is nothing for which the person would still have to be somewhere.
PLACE = (t.enrolment, t.cohort_member)

_LINES = "part of an assessment record"
KEPT: Mapping[str, str] = {
    "person": "a number and a pseudonym, to which what is kept belongs; name, address and password are taken out",
    "person_role": "which roles the number had: a signed decision must show that an assessor made it",
    "cohort": "groups of other people, too",
    "caseload": "whose assessor or quality assurer the number was",
    "consent": "that and when consent was given has to be shown for as long as anything is kept",
    "erasure": "that and when this was done",
    "audit": "who did what, in numbers without learners' names; taking anything out would break the chain",
    "telegram_update": "message numbers, so that none is worked off twice; account and text are taken out",
    **dict.fromkeys(
        ("question_set", "set_question", "sitting", "sitting_event", "assessed_answer", "proposal", "first_view"),
        f"{_LINES}: what was asked and answered",
    ),
    **dict.fromkeys(("portfolio_item", "requirement_mark"), f"{_LINES}: evidence from work"),
    **dict.fromkeys(("decision", "decision_evidence", "decision_seen"), f"{_LINES}: what was decided, and on what"),
    **dict.fromkeys(("sample", "second_mark", "sample_result"), f"{_LINES}: quality assurance"),
}
ASSESSED = (a.sitting, a.portfolio_item, a.decision)  # with a row in one of these there is something to be kept for


class Kept(msgspec.Struct, frozen=True):
    """Rows of a table that stay, and why."""

    table: str
    rows: int
    why: str


class Plan(msgspec.Struct, frozen=True):
    """What an erasure takes (table → rows) and leaves, `until` so long (`kept_for`) after the latest "achieved"."""

    person_id: int
    name: str
    gone: Mapping[str, int]
    kept: tuple[Kept, ...]
    until: Optional[datetime]
    kept_for: str


def plan(records: Records, person_id: int) -> Plan:
    """What `erase` would do now; NotThere for nobody."""
    with records.reading() as tx:
        return _plan(tx, person_id)


def erase(records: Records, by_id: Optional[int], person_id: int, now: datetime) -> Plan:
    """Erase what may go, in one transaction; BadInput for the last administrator. May be done again."""
    with records.begin() as tx:
        found = _plan(tx, person_id)
        _not_the_last_admin(tx, person_id)
        made = tx.connection.execute(insert(erasure).values(person_id=person_id, by_id=by_id, made_at=now))
        id = int(made.inserted_primary_key[0])
        _clear_updates(tx, person_id, now)  # while the account's number is still known
        for table in (*ERASED, *(() if _assessed(tx, person_id) else PLACE)):
            tx.connection.execute(delete(table).where(_condition(table)), {"who": person_id})
        p = t.person.c
        tx.connection.execute(
            update(t.person)
            .where(p.id == person_id)
            .values(name=f"Erased person {person_id}", email=None, password_hash=None, active=False)
        )
        tx.connection.execute(update(erasure).where(erasure.c.id == id).values(done_id=id))
        kept = {k.table: k.rows for k in found.kept}
        audit.note(tx, by_id, "erased", f"person/{person_id}", now, gone=dict(found.gone), kept=kept)
    return found


def erased(tx: Tx, person_id: int) -> bool:
    """Whether this person was erased."""
    return tx._one(select(erasure.c.id).where(erasure.c.person_id == person_id).limit(1)) is not None


def _plan(tx: Tx, person_id: int) -> Plan:
    person = tx._one(select(t.person.c.name).where(t.person.c.id == person_id))
    if person is None:
        raise NotThere("person")
    place = () if _assessed(tx, person_id) else PLACE
    gone = {table.name: _count(tx, table, person_id) for table in (*ERASED, *place)}
    kept = [Kept(n, _count(tx, t.metadata.tables[n], person_id), why) for n, why in KEPT.items()]
    if not place:
        kept += [Kept(table.name, _count(tx, table, person_id), _LINES + ": where it belongs") for table in PLACE]
    d = a.decision.c
    last = tx._one(select(func.max(d.signed_at).label("at")).where(d.person_id == person_id, d.outcome == "achieved"))[
        "at"
    ]
    time = retention_times.assessments(tx)
    until = last + time.span if last else None
    left = tuple(k for k in kept if k.rows and not (place and k.table == "cohort"))
    return Plan(person_id, person["name"], {name: n for name, n in gone.items() if n}, left, until, time.words)


def _condition(table: Any) -> Any:
    """Which rows of a table are the person's, bound as `who`."""
    return MINE.get(table.name, table.c.person_id == bindparam("who") if "person_id" in table.c else None)


def _count(tx: Tx, table: Any, person_id: int) -> int:
    query = select(func.count().label("n")).select_from(table).where(_condition(table))
    return int(tx._one(query, who=person_id)["n"])


def _assessed(tx: Tx, person_id: int) -> bool:
    """Whether there is an assessment record of the person's, or by them."""
    return any(_count(tx, table, person_id) for table in ASSESSED)


def _clear_updates(tx: Tx, person_id: int, now: datetime) -> None:
    u = c.telegram_update
    changed = update(u).where(MINE["telegram_update"])
    tx.connection.execute(
        changed.values(chat_id=None, body=None, done_at=func.coalesce(u.c.done_at, now)), {"who": person_id}
    )


def _not_the_last_admin(tx: Tx, person_id: int) -> None:
    p, role = t.person.c, t.person_role.c
    admins = select(p.id).join(t.person_role, role.person_id == p.id).where(role.role == "admin", p.active.is_(True))
    ids = {x["id"] for x in tx._all(admins)}
    if ids == {person_id}:
        raise BadInput("This is the only administrator. Make somebody else one first.")
