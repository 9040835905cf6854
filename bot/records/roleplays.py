"""Role-plays as records: written turn by turn in the coach's transaction, read whole by pages and the debrief."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Optional

import msgspec
from sqlalchemy import and_, func, insert, select, update

from bot.coaching.debrief import Debrief
from bot.coaching.roleplay import Played, Said, State
from bot.errors import NotEvidence
from bot.records import outbox
from bot.records import roleplay_tables as r
from bot.records import tables as t
from bot.records.store import Records, Turn, Tx
from bot.syllabus.scenario import Difficulty, Scenario
from bot.syllabus.syllabus import Syllabus

PRACTICE = ("role-play", "roleplay", "role play", "practice chat")  # as in migration 0005
R, N, E = r.roleplay.c, r.roleplay_turn.c, r.roleplay_end.c


class Versions(msgspec.Struct, frozen=True):
    """By which content and which reading of moves a run was played."""

    content: str
    moves: str


class Again(msgspec.Struct, frozen=True):
    """The run and turn that a new run goes on from."""

    roleplay: int
    turn: int


class Reminder(msgspec.Struct, frozen=True):
    """A note to ask for a witness statement or an observation; never evidence."""

    id: int
    words: str
    statements: tuple[str, ...]
    due_on: date


class Run(msgspec.Struct, frozen=True):
    """One role-play as pages show it; `debrief` None while it is not over."""

    id: int
    person_id: int
    name: str
    scenario_id: str
    title: str
    customer: str
    difficulty: Difficulty
    opening: str
    temper: int
    made_at: datetime
    again_of: Optional[int]
    again_from: Optional[int]
    turns: tuple[Played, ...] = ()
    ending: str = ""
    kind: str = ""
    debrief: Optional[Debrief] = None
    review: str = ""

    def moods(self) -> tuple[int, ...]:
        """The customer's temper at the start and after each turn, 0–10."""
        return (self.temper, *(turn.temper for turn in self.turns))


# Writing -------------------------------------------------------------------------------------------------------------


def add_run(
    tx: Tx,
    turn: Turn,
    exercise_id: int,
    scenario: Scenario,
    state: State,
    versions: Versions,
    when: datetime,
    again: Optional[Again] = None,
) -> int:
    """Record that a run begins, with the turns it inherits where it goes on from an earlier one; its id."""
    level = scenario.levels.of(state.difficulty)
    made = tx.connection.execute(
        insert(r.roleplay).values(
            person_id=turn.person_id,
            exercise_id=exercise_id,
            scenario_id=scenario.id,
            title=scenario.title,
            customer=scenario.customer.name,
            difficulty=state.difficulty,
            seed=state.seed,
            opening=state.opening,
            temper=level.temper,
            trust=level.trust,
            again_of=again.roleplay if again else None,
            again_from=again.turn if again else None,
            channel=turn.channel,
            content_version=versions.content,
            moves_version=versions.moves,
            made_at=when,
        )
    )
    id = int(made.inserted_primary_key[0])
    for number, played in enumerate(state.turns, 1):
        _add_turn(tx, turn.person_id, id, number, played, None, when)
    return id


def add_turn(tx: Tx, turn: Turn, roleplay_id: int, number: int, played: Played, when: datetime) -> None:
    """Record one turn, `number` counted from 1."""
    _add_turn(tx, turn.person_id, roleplay_id, number, played, turn.message_id, when)


def _add_turn(
    tx: Tx, person_id: int, roleplay_id: int, number: int, played: Played, message_id: Optional[str], when: datetime
) -> None:
    values = msgspec.to_builtins(played)
    said = values.pop("said")
    tx.connection.execute(
        insert(r.roleplay_turn).values(
            roleplay_id=roleplay_id,
            person_id=person_id,
            number=number,
            message_id=message_id,
            inherited=message_id is None,
            said=said["text"],
            sentences=said["sentences"],
            asked=said["asked"],
            made_at=when,
            **values,
        )
    )


def add_end(
    tx: Tx, person_id: int, roleplay_id: int, debrief: Debrief, serves: Mapping[str, str], when: datetime
) -> None:
    """Record how a run ended and what it practised: statement → good or fair. Coverage says *practised*, no more."""
    tx.connection.execute(
        insert(r.roleplay_end).values(
            roleplay_id=roleplay_id,
            person_id=person_id,
            ending=debrief.ending,
            kind=debrief.kind,
            debrief=msgspec.to_builtins(debrief),
            made_at=when,
        )
    )
    for statement, level in serves.items():
        tx.connection.execute(
            insert(r.roleplay_practised).values(
                roleplay_id=roleplay_id, statement=statement, person_id=person_id, level=level
            )
        )
        _cover(tx, person_id, statement, when)


def _cover(tx: Tx, person_id: int, statement: str, when: datetime) -> None:
    p, c = r.roleplay_practised.c, t.coverage.c
    runs = tx._one(select(func.count().label("n")).where(p.person_id == person_id, p.statement == statement))["n"]
    values = {"state": "practised", "attempts": runs, "last_at": when}
    key = and_(c.person_id == person_id, c.statement == statement)
    if not tx.connection.execute(update(t.coverage).where(key).values(**values)).rowcount:
        tx.connection.execute(insert(t.coverage).values(person_id=person_id, statement=statement, **values))


def add_review(tx: Tx, person_id: int, roleplay_id: int, words: str, when: datetime) -> None:
    """Record what the learner says went well."""
    tx.connection.execute(
        insert(r.roleplay_review).values(roleplay_id=roleplay_id, person_id=person_id, words=words, made_at=when)
    )


def remind(
    tx: Tx, person_id: int, roleplay_id: int, words: str, statements: Iterable[str], due_on: date, when: datetime
) -> None:
    """Note down real work to be shown: a reminder for `due_on`, not evidence."""
    tx.connection.execute(
        insert(r.work_reminder).values(
            person_id=person_id,
            roleplay_id=roleplay_id,
            words=words,
            statements=list(statements),
            due_on=due_on,
            made_at=when,
        )
    )


# Reading -------------------------------------------------------------------------------------------------------------


def played_before(tx: Tx, person_id: int) -> dict[str, int]:
    """Scenario → how often the learner has begun it."""
    rows = tx._all(
        select(R.scenario_id, func.count().label("n")).where(R.person_id == person_id).group_by(R.scenario_id)
    )
    return {row["scenario_id"]: row["n"] for row in rows}


def last_debriefs(tx: Tx, person_id: int, limit: int = 20) -> list[Debrief]:
    """What the learner's latest debriefs found, newest first."""
    rows = tx._all(
        select(E.debrief).where(E.person_id == person_id).order_by(E.made_at.desc(), E.roleplay_id.desc()).limit(limit)
    )
    return [msgspec.convert(row["debrief"], Debrief) for row in rows]


def last_run(tx: Tx, person_id: int) -> Optional[Run]:
    """The run begun last, with its turns."""
    row = tx._one(select(R.id).where(R.person_id == person_id).order_by(R.id.desc()).limit(1))
    return run_in(tx, row["id"]) if row else None


def run_in_text(text: str) -> Optional[int]:
    """The id of the run whose page a debrief names (`/role-plays/12`), None if it names none."""
    found = re.search(r"/role-plays/(\d{1,9})\b", text)
    return int(found[1]) if found else None


def run_of(records: Records, roleplay_id: int) -> Optional[Run]:
    """One run whole, None if there is none of that id."""
    with records.reading() as tx:
        return run_in(tx, roleplay_id)


def runs_of(records: Records, person_id: int, statement: Optional[str] = None, limit: int = 50) -> list[Run]:
    """A learner's runs, newest first, without their turns; those that practised `statement` where it is given."""
    p = r.roleplay_practised.c
    query = _query().where(R.person_id == person_id).order_by(R.id.desc()).limit(limit)
    if statement is not None:
        query = query.join(r.roleplay_practised, p.roleplay_id == R.id).where(p.statement == statement)
    with records.reading() as tx:
        return [_made(row, ()) for row in tx._all(query)]


def is_playing(records: Records, person_id: int) -> bool:
    """Whether a customer waits for this person's next message."""
    with records.reading() as tx:
        row = tx.open_exercise(person_id)
    return bool(row and row["kind"] == "roleplay" and row["state"]["stage"] == "play" and not row["state"]["paused"])


def reminders_of(records: Records, person_id: int) -> list[Reminder]:
    """A learner's open reminders of real work, the next due first."""
    w = r.work_reminder.c
    query = select(r.work_reminder).where(w.person_id == person_id, w.done_at.is_(None)).order_by(w.due_on, w.id)
    with records.reading() as tx:
        return [Reminder(x["id"], x["words"], tuple(x["statements"]), x["due_on"]) for x in tx._all(query)]


def say_due(records: Records, now: datetime, words: Callable[[Reminder], str]) -> int:
    """Say every reminder whose day has come, once, however many processes look; how many were said."""
    w = r.work_reminder.c
    due = and_(w.due_on <= now.date(), w.said_at.is_(None), w.done_at.is_(None))
    with records.reading() as tx:
        waiting = tx._all(select(r.work_reminder).where(due).order_by(w.id))
    said = 0
    for row in waiting:
        with records.begin() as tx:
            mine = and_(w.id == row["id"], w.said_at.is_(None))
            if tx.connection.execute(update(r.work_reminder).where(mine).values(said_at=now)).rowcount:
                reminder = Reminder(row["id"], row["words"], tuple(row["statements"]), row["due_on"])
                outbox.push(tx, row["person_id"], words(reminder), "work_reminder", now)
                said += 1
    return said


def close_reminder(records: Records, person_id: int, reminder_id: int, when: datetime) -> bool:
    """Take a reminder of one's own off the list; False if there is none such."""
    w = r.work_reminder.c
    mine = and_(w.id == reminder_id, w.person_id == person_id, w.done_at.is_(None))
    with records.begin() as tx:
        return bool(tx.connection.execute(update(r.work_reminder).where(mine).values(done_at=when)).rowcount)


def points_to_practice(text: str) -> bool:
    """Whether a reference to evidence names a role-play or a practice chat."""
    return any(words in text.lower() for words in PRACTICE)


def refuse_as_evidence(syllabus: Syllabus, unit_id: str, reference: str) -> None:
    """NotEvidence, with the unit's clause, if `reference` points to practice; the database refuses it too."""
    if points_to_practice(reference):
        unit = syllabus.units.get(unit_id)
        raise NotEvidence(unit.simulation_clause.strip() if unit else "")


def _query() -> Any:
    v = r.roleplay_review.c
    return (
        select(r.roleplay, t.person.c.name, E.ending, E.kind, E.debrief, v.words.label("review"))
        .join(t.person, t.person.c.id == R.person_id)
        .outerjoin(r.roleplay_end, E.roleplay_id == R.id)
        .outerjoin(r.roleplay_review, v.roleplay_id == R.id)
    )


def run_in(tx: Tx, roleplay_id: int) -> Optional[Run]:
    """One run whole, in a transaction."""
    row = tx._one(_query().where(R.id == roleplay_id))
    if row is None:
        return None
    turns = tx._all(select(r.roleplay_turn).where(N.roleplay_id == roleplay_id).order_by(N.number))
    return _made(row, tuple(_played(x) for x in turns))


def _made(row: Any, turns: tuple[Played, ...]) -> Run:
    return Run(
        id=row["id"],
        person_id=row["person_id"],
        name=row["name"],
        scenario_id=row["scenario_id"],
        title=row["title"],
        customer=row["customer"],
        difficulty=row["difficulty"],
        opening=row["opening"],
        temper=row["temper"],
        made_at=row["made_at"],
        again_of=row["again_of"],
        again_from=row["again_from"],
        turns=turns,
        ending=row["ending"] or "",
        kind=row["kind"] or "",
        debrief=msgspec.convert(row["debrief"], Debrief) if row["debrief"] else None,
        review=row["review"] or "",
    )


def _played(row: Any) -> Played:
    said = msgspec.convert({"text": row["said"], "sentences": row["sentences"], "asked": row["asked"]}, Said)
    values = {name: row[name] for name in Played.__struct_fields__ if name != "said"}
    return msgspec.convert({**values, "said": msgspec.to_builtins(said)}, Played)
