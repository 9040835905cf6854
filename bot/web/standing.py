"""How coverage is laid out for people: outcomes with their criteria, each with the bullets it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

import msgspec

from bot.records.coverage_reports import Cell
from bot.syllabus.model import Unit
from bot.syllabus.syllabus import bullet_key

DECIDED = ("submitted", "achieved", "more_needed")
DONE = ("ready", "submitted", "achieved")
LOOKS = ("none", "practising", "stuck", "ready", "work", "practised", *DECIDED)


class Line(msgspec.Struct, frozen=True):
    """One statement: its key, short name ("4.9", "" for a bullet), words, kind, look and cell."""

    key: str
    short: str
    text: str
    kind: str
    look: str
    cell: Optional[Cell]
    under: tuple[Line, ...] = ()


class Counts(msgspec.Struct, frozen=True):
    """How many knowledge statements stand where; `ready` counts what is further than that too, `achieved` only that."""

    ready: int
    practising: int
    none: int
    achieved: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.ready + self.practising + self.none


class Section(msgspec.Struct, frozen=True):
    """A learning outcome with its lines, and how many of its knowledge statements stand where."""

    id: str
    title: str
    lines: tuple[Line, ...]
    counts: Counts


def look(kind: str, cell: Optional[Cell]) -> str:
    """What a statement is shown as: a decision's word first; else none, practising, stuck, ready, work or practised."""
    if cell is not None and cell.decided:
        return cell.decided
    if kind == "performance":
        return "practised" if cell else "work"
    if cell is None:
        return "none"
    return "stuck" if cell.stuck else cell.state


def short_name(statement: str) -> str:
    """ "D1 4.9" of "d1/4.9"."""
    unit, _, rest = statement.partition("/")
    return f"{unit.upper()} {rest.removeprefix('bullet:').replace('-', ' ')}"


def kinds(unit: Unit) -> dict[str, str]:
    """Statement → performance, knowledge or bullet, in the unit's order."""
    found = {f"{unit.id}/{c.id}": str(c.kind) for c in unit.criteria}
    return {**found, **{bullet_key(unit.id, b.id): "bullet" for b in unit.bullets}}


def sections(unit: Unit, cells: Mapping[str, Cell]) -> list[Section]:
    """The unit's outcomes; a bullet stands under the first criterion it supports, knowledge ones before others."""
    knowledge = {c.id for c in unit.criteria if c.kind == "knowledge"}
    home: dict[str, list[Line]] = {}
    loose: dict[str, list[Line]] = {}
    for bullet in unit.bullets:
        line = _line(bullet_key(unit.id, bullet.id), "", bullet.text, "bullet", cells)
        under = next((c for c in bullet.criteria if c in knowledge), bullet.criteria[0] if bullet.criteria else None)
        (home.setdefault(under, []) if under else loose.setdefault(bullet.outcome, [])).append(line)
    made = []
    for outcome in unit.outcomes:
        lines = [
            _line(f"{unit.id}/{c.id}", c.id, c.text, c.kind, cells, home.get(c.id, ()))
            for c in unit.criteria
            if c.outcome == outcome.id
        ]
        lines += loose.get(outcome.id, [])
        looks = [x.look for line in lines for x in (line, *line.under) if x.kind != "performance"]
        made.append(Section(outcome.id, outcome.title, tuple(lines), _counts(looks)))
    return made


def counts(unit: Unit, cells: Mapping[str, Cell]) -> Counts:
    """Knowledge criteria and bullets by where they stand."""
    return _counts([look(kind, cells.get(key)) for key, kind in kinds(unit).items() if kind != "performance"])


def next_up(unit: Unit, cells: Mapping[str, Cell]) -> Optional[Line]:
    """The first knowledge statement not started, else the first not ready; None when all are ready."""
    flat = [x for s in sections(unit, cells) for line in s.lines for x in (line, *line.under)]
    flat = [x for x in flat if x.kind != "performance"]
    return next(
        (x for x in flat if x.look == "none"),
        next((x for x in flat if x.look not in ("ready", "submitted", "achieved")), None),
    )


def _counts(looks: Sequence[str]) -> Counts:
    ready, none = sum(looks.count(x) for x in DONE), looks.count("none")
    return Counts(ready, len(looks) - ready - none, none, looks.count("achieved"))


def _line(key: str, short: str, text: str, kind: str, cells: Mapping[str, Cell], under: Iterable[Line] = ()) -> Line:
    return Line(key, short, text, kind, look(kind, cells.get(key)), cells.get(key), tuple(under))
