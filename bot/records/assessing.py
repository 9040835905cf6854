"""An assessor's question sets: made, sent, asked live, withdrawn; first views. All of it audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import delete, func, insert, select, update

from bot.errors import BadInput, NotThere
from bot.records import assessment_tables as a
from bot.records import audit, outbox, sittings
from bot.records.people import Person
from bot.records.seeing import may_see
from bot.records.store import Records, Tx
from bot.records.tutoring import said


def make_set(
    records: Records,
    by: Person,
    title: str,
    unit: str,
    people: Sequence[int],
    now: datetime,
    live: bool = False,
    hide_proposal: bool = True,
    opens_at: Optional[datetime] = None,
    closes_at: Optional[datetime] = None,
) -> int:
    """A draft for these learners; its id. Nobody is told before it is sent."""
    title = said(title, "A title")[:200]
    if not people:
        raise BadInput("Choose at least one learner.")
    if opens_at and closes_at and closes_at <= opens_at:
        raise BadInput("The time closes before it opens.")
    if closes_at and closes_at <= now:
        raise BadInput("The time closes in the past.")
    with records.begin() as tx:
        made = tx.connection.execute(
            insert(a.question_set).values(
                by_id=by.id, title=title, unit_id=unit, live=live, hide_proposal=hide_proposal, opens_at=opens_at,
                closes_at=closes_at, made_at=now, sent_at=None, withdrawn_at=None,
            )
        )  # fmt: skip
        id = int(made.inserted_primary_key[0])
        for person_id in dict.fromkeys(people):
            if not may_see(tx, by, person_id):
                raise NotThere("person")
            tx.connection.execute(insert(a.sitting).values(set_id=id, person_id=person_id, made_at=now))
        audit.note(tx, by.id, "made set", f"set/{id}", now, people=list(dict.fromkeys(people)), live=live)
    return id


def add_question(
    records: Records,
    by: Person,
    set_id: int,
    words: str,
    statements: Sequence[str],
    now: datetime,
    question_id: Optional[str] = None,
    person_id: Optional[int] = None,
    shown: str = "",
) -> int:
    """One more question, for all or for one learner; its id.

    In a set that is sent, only a live or a supplementary one: `shown` is said to the learner at once, and what was
    handed in is opened again for it.
    """
    words = said(words, "The question")
    if not statements:
        raise BadInput("Choose the criterion that the question is about.")
    with records.begin() as tx:
        found = own_set(tx, by, set_id)
        if found["withdrawn_at"]:
            raise BadInput("This set is withdrawn.")
        if found["sent_at"] and (person_id is None or not shown):
            raise BadInput("A set that was sent keeps its core; ask one learner more.")
        if found["closes_at"] and found["closes_at"] <= now:
            raise BadInput("The time for this set is over. Make a new one.")
        s = a.sitting.c
        mine = select(s.id).where(s.set_id == set_id, s.person_id == person_id)
        if person_id is not None and tx._one(mine) is None:
            raise NotThere("person")
        q = a.set_question.c
        last = tx._one(select(func.max(q.position).label("n")).where(q.set_id == set_id))["n"] or 0
        made = tx.connection.execute(
            insert(a.set_question).values(
                set_id=set_id, position=last + 1, person_id=person_id, question_id=question_id, words=words,
                statements=list(statements), made_at=now,
            )
        )  # fmt: skip
        id = int(made.inserted_primary_key[0])
        if found["sent_at"] and person_id is not None and shown:
            button = {"title": "OK", "payload": f'/start_assessment{{"set": {set_id}}}'}
            outbox.push(tx, person_id, shown, "assessment", now, (button,))
            audit.note(tx, by.id, "asked", f"set/{set_id}", now, question=id, person=person_id)
            handed_in = tx._one(mine.where(sittings.handed_in()))
            if handed_in:
                _reopen(tx, by, handed_in["id"], now)
    return id


def remove_question(records: Records, by: Person, set_id: int, question: int) -> None:
    """Take a question out of a draft."""
    q = a.set_question.c
    with records.begin() as tx:
        if own_set(tx, by, set_id)["sent_at"]:
            raise BadInput("A set that was sent is not changed.")
        tx.connection.execute(delete(a.set_question).where(q.id == question, q.set_id == set_id))


def send(records: Records, by: Person, set_id: int, shown: str, title: str, now: datetime) -> int:
    """Send a draft: every learner is told on every channel; how many. `title` is of the button that starts."""
    with records.begin() as tx:
        found = own_set(tx, by, set_id)
        if found["sent_at"] or found["withdrawn_at"]:
            raise BadInput("This set was sent or withdrawn already.")
        q, s = a.set_question.c, a.sitting.c
        if not found["live"] and tx._one(select(q.id).where(q.set_id == set_id).limit(1)) is None:
            raise BadInput("Add a question first.")
        tx.connection.execute(update(a.question_set).where(a.question_set.c.id == set_id).values(sent_at=now))
        people = tx._all(select(s.id, s.person_id).where(s.set_id == set_id))
        button = {"title": title, "payload": f'/start_assessment{{"set": {set_id}}}'}
        for row in people:
            sittings.note(tx, row["id"], "told", now)
            outbox.push(tx, row["person_id"], shown, "assessment", now, (button,), not_before=found["opens_at"])
        audit.note(tx, by.id, "sent set", f"set/{set_id}", now)
    return len(people)


def withdraw(records: Records, by: Person, set_id: int, now: datetime) -> None:
    """Take a set back; what was answered stays."""
    with records.begin() as tx:
        own_set(tx, by, set_id)
        q = a.question_set.c
        gone = update(a.question_set).where(q.id == set_id, q.withdrawn_at.is_(None))
        if tx.connection.execute(gone.values(withdrawn_at=now)).rowcount:
            audit.note(tx, by.id, "withdrew set", f"set/{set_id}", now)


def reopen(records: Records, by: Person, set_id: int, person_id: int, now: datetime) -> None:
    """Let a learner answer further after handing in: every version stays."""
    s = a.sitting.c
    with records.begin() as tx:
        own_set(tx, by, set_id)
        row = tx._one(select(s.id).where(s.set_id == set_id, s.person_id == person_id))
        if row is None:
            raise NotThere("person")
        _reopen(tx, by, row["id"], now)


def _reopen(tx: Tx, by: Person, sitting: int, now: datetime) -> None:
    sittings.note(tx, sitting, "reopened", now)
    audit.note(tx, by.id, "reopened", f"sitting/{sitting}", now)


def close_live(records: Records, by: Person, set_id: int, person_id: int, now: datetime) -> None:
    """The assessor ends live questioning: the answers count as handed in."""
    s = a.sitting.c
    with records.begin() as tx:
        if not own_set(tx, by, set_id)["live"]:
            raise BadInput("The learner hands these answers in.")
        row = tx._one(select(s.id).where(s.set_id == set_id, s.person_id == person_id))
        if row is None:
            raise NotThere("person")
        sittings.note(tx, row["id"], "sent", now)
        audit.note(tx, by.id, "ended live questioning", f"sitting/{row['id']}", now)


def first_view(records: Records, by: Person, answer_id: int, view: str, words: str, now: datetime) -> None:
    """Note the assessor's own view before the program's proposal is shown; once."""
    if view not in {"sufficient", "insufficient", "unsure"}:
        raise BadInput("Choose what you think of the answer.")
    w, f = a.assessed_answer.c, a.first_view.c
    with records.begin() as tx:
        row = tx._one(select(w.person_id).where(w.id == answer_id))
        if row is None or not may_see(tx, by, row["person_id"]):
            raise NotThere("answer")
        if tx._one(select(f.id).where(f.answer_id == answer_id, f.by_id == by.id)) is None:
            values = {
                "answer_id": answer_id,
                "by_id": by.id,
                "view": view,
                "words": words.strip()[:2000],
                "made_at": now,
            }
            tx.connection.execute(insert(a.first_view).values(**values))


def own_set(tx: Tx, by: Person, set_id: int) -> Any:
    """The row of a set the person has made; NotThere for others'."""
    q = a.question_set.c
    row = tx._one(select(a.question_set).where(q.id == set_id, q.by_id == by.id))
    if row is None:
        raise NotThere("set")
    return row
