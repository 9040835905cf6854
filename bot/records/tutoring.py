"""What a tutor writes: overrides of marks, replies, practice set, entries of the work list closed. All of it audited.

Each function is one transaction. What the viewer may not see answers like what does not exist: NotThere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Optional

from sqlalchemy import insert, select, update

from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit, outbox
from bot.records import tables as t
from bot.records.people import Person
from bot.records.seeing import may_see
from bot.records.store import Records, Tx

LONGEST_WORDS = 2000


def override(
    records: Records,
    by: Person,
    attempt_id: int,
    points: Mapping[str, str],
    complete: bool,
    reason: str,
    now: datetime,
    choices: Collection[str],
    told: str = "",
) -> int:
    """Change a mark: the attempt stays, the latest override counts, coverage follows. `told` is said to the learner.

    `points` says "met" or "not_met" for each expectation; `choices` are the ids of choice questions. BadInput without
    a reason.
    """
    reason = said(reason, "A reason")
    with records.begin() as tx:
        attempt = tx._one(select(t.attempt).where(t.attempt.c.id == attempt_id))
        if attempt is None or not may_see(tx, by, attempt["person_id"]):
            raise NotThere("attempt")
        made = tx.connection.execute(
            insert(a.override).values(
                attempt_id=attempt_id,
                by_id=by.id,
                points=dict(points),
                complete=complete,
                reason=reason,
                made_at=now,
            )
        )
        id = int(made.inserted_primary_key[0])
        s = t.attempt_statement.c
        served = [r["statement"] for r in tx._all(select(s.statement).where(s.attempt_id == attempt_id))]
        tx.refresh_coverage(attempt["person_id"], served, choices)
        for row in tx._all(select(t.dispute.c.id).where(t.dispute.c.attempt_id == attempt_id)):
            _close(tx, by, "dispute", row["id"], reason, now)
        request = select(t.tutor_request.c.id).where(
            t.tutor_request.c.message_id == attempt["message_id"], t.tutor_request.c.kind == "not_sure"
        )
        for row in tx._all(request):
            _close(tx, by, "request", row["id"], reason, now)
        audit.note(
            tx, by.id, "overrode", f"attempt/{attempt_id}", now, complete=complete, points=dict(points), reason=reason
        )
        if told:
            outbox.push(tx, attempt["person_id"], told, "tutor", now)
    return id


def close(records: Records, by: Person, kind: str, item_id: int, note: str, now: datetime) -> None:
    """Take an entry off the work list; twice does nothing."""
    table = t.dispute if kind == "dispute" else t.tutor_request
    with records.begin() as tx:
        row = tx._one(select(table.c.person_id).where(table.c.id == item_id)) if kind in a.CLOSED_KINDS else None
        if row is None or not may_see(tx, by, row["person_id"]):
            raise NotThere("item")
        if _close(tx, by, kind, item_id, note.strip()[:LONGEST_WORDS], now):
            audit.note(tx, by.id, "closed", f"{kind}/{item_id}", now)


def reply(
    records: Records,
    by: Person,
    person_id: int,
    words: str,
    shown: str,
    now: datetime,
    kind: Optional[str] = None,
    item_id: Optional[int] = None,
) -> int:
    """Say something to a learner on every channel they have; `shown` is what they read, with the tutor's name in it.

    With `kind` and `item_id` it answers that entry of the work list and closes it.
    """
    words = said(words, "A reply")
    with records.begin() as tx:
        if not may_see(tx, by, person_id):
            raise NotThere("person")
        if kind is not None and item_id is not None:
            table = t.dispute if kind == "dispute" else t.tutor_request
            row = tx._one(select(table.c.person_id).where(table.c.id == item_id))
            if kind not in a.CLOSED_KINDS or row is None or row["person_id"] != person_id:
                raise NotThere("item")
            _close(tx, by, kind, item_id, words, now)
        made = tx.connection.execute(
            insert(a.tutor_reply).values(
                person_id=person_id,
                by_id=by.id,
                request_id=item_id if kind == "request" else None,
                dispute_id=item_id if kind == "dispute" else None,
                words=words,
                made_at=now,
            )
        )
        id = int(made.inserted_primary_key[0])
        outbox.push(tx, person_id, shown, "tutor", now)
        audit.note(tx, by.id, "replied", f"person/{person_id}", now, reply=id)
    return id


def set_practice(
    records: Records,
    by: Person,
    people: Sequence[int],
    kind: str,
    target: str,
    due_on: Optional[date],
    note: str,
    shown: str,
    now: datetime,
    buttons: Sequence[Mapping[str, str]] = (),
) -> int:
    """Set a question, statement or scenario for learners, and tell them; how many got it."""
    if kind not in a.SET_PRACTICE_KINDS:
        raise BadInput("Practice is a question, a criterion or a scenario.")
    if due_on is not None and due_on < now.date():
        raise BadInput("The date is in the past.")
    with records.begin() as tx:
        for person_id in dict.fromkeys(people):
            if not may_see(tx, by, person_id):
                raise NotThere("person")
            tx.connection.execute(
                insert(a.set_practice).values(
                    person_id=person_id,
                    by_id=by.id,
                    kind=kind,
                    target=target,
                    due_on=due_on,
                    note=note.strip()[:LONGEST_WORDS],
                    made_at=now,
                    withdrawn_at=None,
                )
            )
            outbox.push(tx, person_id, shown, "tutor", now, buttons)
        audit.note(tx, by.id, "set practice", f"{kind}/{target}", now, people=list(dict.fromkeys(people)))
    return len(dict.fromkeys(people))


def withdraw_practice(records: Records, by: Person, id: int, now: datetime) -> None:
    """Take practice that was set back."""
    with records.begin() as tx:
        row = tx._one(select(a.set_practice.c.person_id).where(a.set_practice.c.id == id))
        if row is None or not may_see(tx, by, row["person_id"]):
            raise NotThere("practice")
        gone = update(a.set_practice).where(a.set_practice.c.id == id, a.set_practice.c.withdrawn_at.is_(None))
        if tx.connection.execute(gone.values(withdrawn_at=now)).rowcount:
            audit.note(tx, by.id, "withdrew practice", f"set_practice/{id}", now)


def said(words: str, what: str) -> str:
    """`words` trimmed; BadInput if nothing is left or it is too long."""
    words = words.strip()
    if not words:
        raise BadInput(f"{what} is needed.")
    if len(words) > LONGEST_WORDS:
        raise BadInput(f"{what} may have {LONGEST_WORDS} characters at most; this one has {len(words)}.")
    return words


def _close(tx: Tx, by: Person, kind: str, item_id: int, note: str, now: datetime) -> bool:
    c = a.closed_item.c
    if tx._one(select(c.by_id).where(c.kind == kind, c.item_id == item_id)) is not None:
        return False
    values: dict[str, Any] = {"kind": kind, "item_id": item_id, "by_id": by.id, "note": note, "made_at": now}
    tx.connection.execute(insert(a.closed_item).values(**values))
    if kind == "request":
        tx.connection.execute(update(t.tutor_request).where(t.tutor_request.c.id == item_id).values(seen_at=now))
    return True
