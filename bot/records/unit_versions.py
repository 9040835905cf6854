"""A unit's content as it was and is: a version for every change, never edited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Optional, Protocol

import msgspec
from sqlalchemy import and_, func, insert, select

from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import tables as t
from bot.records.store import Records, Tx
from bot.records.unit_tables import unit_version
from bot.syllabus.syllabus import Syllabus

V = unit_version.c


class Wording(msgspec.Struct, frozen=True):
    """What a version says: statement → words; question in use → its words; question → hash of all of it."""

    statements: dict[str, str]
    questions: dict[str, str]
    hashes: dict[str, str]


class Changes(msgspec.Struct, frozen=True):
    """What one version changed of the one before; statements with their words before and after ("" for none)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    statements: tuple[tuple[str, str, str], ...]


class Version(msgspec.Struct, frozen=True):
    """One version: since when it was first used, what it says and changed, and what was done on it."""

    hash: str
    since: datetime
    wording: Wording
    changes: Changes
    attempts: int
    decisions: int
    current: bool


class Steps(msgspec.Struct, frozen=True):
    """How many versions a unit has had; when the one in use came."""

    versions: int
    last: Optional[datetime]


class Decided(Protocol):
    """A decision, as far as its wording goes."""

    @property
    def id(self) -> int: ...

    @property
    def statement(self) -> str: ...

    @property
    def signed_at(self) -> datetime: ...


def wording_of(syllabus: Syllabus, unit: str) -> Wording:
    """What a unit says now."""
    questions = [q for q in syllabus.questions.values() if syllabus.unit_of[q.id] == unit]
    return Wording(
        {s: syllabus.text_of(s) for s in syllabus.statements(unit)},
        {q.id: q.text for q in questions if not q.retired},
        {q.id: _hash(msgspec.json.encode(q))[:8] for q in questions},
    )


def hash_of(syllabus: Syllabus, unit: str) -> str:
    """12 hex digits over all of a unit and its questions."""
    questions = [q for q in syllabus.questions.values() if syllabus.unit_of[q.id] == unit]
    return _hash(msgspec.json.encode([syllabus.units[unit], sorted(questions, key=lambda q: q.id)]))


def note_content(records: Records, syllabus: Syllabus, now: datetime) -> dict[str, Changes]:
    """Keep what every unit says now, if this content is new here; unit → what changed, for those that did."""
    found: dict[str, Changes] = {}
    with records.begin() as tx:
        rows = tx._all(select(V.unit_id, V.hash, V.content).order_by(V.id))
        for unit in syllabus.units:
            mine = [r for r in rows if r["unit_id"] == unit]
            if mine and mine[-1]["content"] == syllabus.version:
                continue
            hash, says = hash_of(syllabus, unit), wording_of(syllabus, unit)
            values = {"unit_id": unit, "content": syllabus.version, "hash": hash, "seen_at": now}
            if not any(r["hash"] == hash for r in mine):
                values["wording"] = msgspec.to_builtins(says)
            tx.connection.execute(insert(unit_version).values(values))
            if mine and mine[-1]["hash"] != hash:
                found[unit] = compare(_wording(tx, unit, mine[-1]["hash"]), says)
                said = {n: len(getattr(found[unit], n)) for n in ("added", "removed", "changed", "statements")}
                audit.note(tx, None, "content changed", f"unit/{unit}", now, hash=hash, **said)
    return found


def compare(before: Wording, after: Wording) -> Changes:
    """What changed; a question that is retired counts as removed, one with only a new hint as changed."""
    old, new = before.questions, after.questions
    keys = [*before.statements, *(s for s in after.statements if s not in before.statements)]
    pairs = [(s, before.statements.get(s, ""), after.statements.get(s, "")) for s in keys]
    return Changes(
        tuple(q for q in new if q not in old),
        tuple(q for q in old if q not in new),
        tuple(q for q in new if q in old and before.hashes.get(q) != after.hashes.get(q)),
        tuple(x for x in pairs if x[1] != x[2]),
    )


def history(records: Records, unit: str) -> list[Version]:
    """A unit's versions, the newest first."""
    with records.reading() as tx:
        rows = tx._all(select(V.hash, V.content, V.seen_at).where(V.unit_id == unit).order_by(V.id))
        firsts = {r["hash"]: r for r in reversed(rows)}
        order = [r for r in rows if firsts[r["hash"]] is r]
        wordings = {r["hash"]: _wording(tx, unit, r["hash"]) for r in order}
        asked = {q for w in wordings.values() for q in w.hashes}
        attempts, decisions = _attempts(tx, rows, asked), _decisions(tx, unit, rows)
    made = []
    before = Wording({}, {}, {})
    for i, row in enumerate(order):
        says = wordings[row["hash"]]
        changes = compare(before, says) if i else Changes((), (), (), ())
        h, now = row["hash"], row["hash"] == rows[-1]["hash"]
        made.append(Version(h, row["seen_at"], says, changes, attempts.get(h, 0), decisions.get(h, 0), now))
        before = says
    return made[::-1]


def steps(records: Records, unit: str) -> Steps:
    """How many versions there are, and since when the one in use is."""
    with records.reading() as tx:
        rows = tx._all(select(V.hash, V.seen_at).where(V.unit_id == unit).order_by(V.id))
    changed = [r["seen_at"] for i, r in enumerate(rows) if not i or r["hash"] != rows[i - 1]["hash"]]
    return Steps(len({r["hash"] for r in rows}), changed[-1] if changed else None)


def older_wordings(records: Records, decided: Iterable[Decided], syllabus: Syllabus) -> dict[int, str]:
    """Decision → the words its statement had when it was signed, where they are others now."""
    decided = list(decided)
    units = {d.statement.partition("/")[0] for d in decided}
    if not units:
        return {}
    with records.reading() as tx:
        rows = tx._all(select(V.unit_id, V.hash, V.seen_at).where(V.unit_id.in_(units)).order_by(V.id))
        several = {u for u in units if len({r["hash"] for r in rows if r["unit_id"] == u}) > 1}
        found = {}
        for d in decided:
            unit = d.statement.partition("/")[0]
            mine = [r for r in rows if r["unit_id"] == unit]
            if unit not in several:
                continue
            then = next((r for r in reversed(mine) if r["seen_at"] <= d.signed_at), mine[0])
            words = _wording(tx, unit, then["hash"]).statements.get(d.statement, "")
            if words and words != (syllabus.text_of(d.statement) if syllabus.knows(d.statement) else ""):
                found[d.id] = words
    return found


def _wording(tx: Tx, unit: str, hash: str) -> Wording:
    row = tx._one(select(V.wording).where(V.unit_id == unit, V.hash == hash, V.wording.is_not(None)).limit(1))
    return msgspec.convert(row["wording"], Wording) if row else Wording({}, {}, {})


def _attempts(tx: Tx, rows: Sequence[Mapping[str, Any]], questions: Iterable[str]) -> dict[str, int]:
    """Version → answers to its questions; "" for those on content from before versions were kept."""
    A = t.attempt.c
    counted = select(A.content_version, func.count().label("n")).where(A.question_id.in_(sorted(questions)))
    version = {r["content"]: r["hash"] for r in rows}
    found: dict[str, int] = {}
    for r in tx._all(counted.group_by(A.content_version)):
        name = version.get(r["content_version"], "")
        found[name] = found.get(name, 0) + r["n"]
    return found


def _decisions(tx: Tx, unit: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Version → decisions signed while it was in use; what was signed before the first was kept counts to that."""
    D = a.decision.c
    found: dict[str, int] = {}
    for i, row in enumerate(rows):
        when = [D.statement.startswith(f"{unit}/", autoescape=True)]
        if i:
            when.append(D.signed_at >= row["seen_at"])
        if i + 1 < len(rows):
            when.append(D.signed_at < rows[i + 1]["seen_at"])
        n = tx._one(select(func.count().label("n")).select_from(a.decision).where(and_(*when)))["n"]
        found[row["hash"]] = found.get(row["hash"], 0) + n
    return found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
