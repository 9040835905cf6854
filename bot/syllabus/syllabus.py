"""All content of a centre as one value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Optional

from bot.syllabus.model import Link, ProfilePart, Question, Term, Unit
from bot.syllabus.scenario import Scenario


def bullet_key(unit: str, bullet: str) -> str:
    """How a knowledge bullet is referred to: `d1/bullet:confidence`."""
    return f"{unit}/bullet:{bullet}"


@dataclass(frozen=True)
class Syllabus:
    """Units, questions, glossary, crosswalk and role-play scenarios; `version` is the hash of all files read.

    A *statement* is what coverage is kept on: a criterion `d1/4.9` or a knowledge bullet `d1/bullet:confidence`.
    """

    units: dict[str, Unit]
    questions: dict[str, Question]
    unit_of: dict[str, str]
    glossary: tuple[Term, ...]
    links: tuple[Link, ...]
    version: str
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    _linked: dict[str, frozenset[str]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        linked: dict[str, set[str]] = defaultdict(set)
        for link in self.links:
            linked[link.from_].add(link.to)
            if link.both_ways:
                linked[link.to].add(link.from_)
        self._linked.update({k: frozenset(v) for k, v in linked.items()})

    def statements(self, unit: str) -> tuple[str, ...]:
        """Keys of a unit's criteria, then of its bullets, in their order."""
        u = self.units[unit]
        return tuple(f"{unit}/{c.id}" for c in u.criteria) + tuple(bullet_key(unit, b.id) for b in u.bullets)

    @cached_property
    def _texts(self) -> dict[str, str]:
        texts = {}
        for id, unit in self.units.items():
            texts.update({f"{id}/{c.id}": c.text for c in unit.criteria})
            texts.update({bullet_key(id, b.id): b.text for b in unit.bullets})
        return texts

    def text_of(self, statement: str) -> str:
        """The words of a statement; KeyError if there is none."""
        return self._texts[statement]

    def knows(self, statement: str) -> bool:
        """Whether there is such a statement."""
        return statement in self._texts

    def own_statements(self, question: Question) -> tuple[str, ...]:
        """The statements of its own unit that a question names, criteria first."""
        unit = self.unit_of[question.id]
        return tuple(f"{unit}/{c}" for c in question.criteria) + tuple(bullet_key(unit, b) for b in question.bullets)

    def workplace_parts(self, question: Question) -> tuple[ProfilePart, ...]:
        """What of the learner's workplace profile a question is about; nothing where it is not about their own."""
        if not question.own_organisation:
            return ()
        unit = self.units[self.unit_of[question.id]]
        return tuple(dict.fromkeys(part for id in question.criteria for part in unit.criterion(id).workplace))

    def serves(self, question: Question) -> frozenset[str]:
        """All statements an attempt at this question counts for, crosswalk links included (one step)."""
        known = self.questions.get(question.id) is question
        return self._served[question.id] if known else self._serving(question)

    @cached_property
    def _served(self) -> dict[str, frozenset[str]]:
        return {id: self._serving(question) for id, question in self.questions.items()}

    def _serving(self, question: Question) -> frozenset[str]:
        own = self.own_statements(question)
        return frozenset(own).union(*(self._linked.get(s, frozenset()) for s in own))

    def decided_on(self, unit: str, question: Question) -> tuple[str, ...]:
        """What an assessor of this unit decides from an answer: the knowledge criteria it serves, in their order.

        A bullet is read beside its criterion; only one that has no criterion among these is decided on by itself.
        """
        served, u = self.serves(question), self.units[unit]
        criteria = [c.id for c in u.criteria if c.kind == "knowledge" and f"{unit}/{c.id}" in served]
        alone = [b.id for b in u.bullets if bullet_key(unit, b.id) in served and not set(b.criteria) & set(criteria)]
        return tuple(f"{unit}/{c}" for c in criteria) + tuple(bullet_key(unit, b) for b in alone)

    def with_bullets(self, statements: Iterable[str]) -> frozenset[str]:
        """These statements and the bullets that criteria among them rest on."""
        given = frozenset(statements)
        under = (bullet_key(u.id, b.id) for u in self.units.values() for b in u.bullets
                 if any(f"{u.id}/{c}" in given for c in b.criteria))  # fmt: skip
        return given.union(under)

    def linked_performance(self, criterion: str) -> tuple[str, ...]:
        """The performance criteria of other units that the crosswalk links with one (one step)."""
        linked = self._linked.get(criterion, frozenset())
        kinds = {f"{u.id}/{c.id}": c.kind for u in self.units.values() for c in u.criteria}
        return tuple(s for s in sorted(linked) if kinds.get(s) == "performance")

    def open_for(self, statements: Iterable[str]) -> tuple[Question, ...]:
        """Questions in use that serve any of these statements, in file order."""
        wanted = frozenset(statements)
        return tuple(q for q in self.questions.values() if not q.retired and self.serves(q) & wanted)

    def key_points(self) -> dict[str, tuple[str, ...]]:
        """Open question → the ids of its key points."""
        return {q.id: tuple(e.id for e in q.expectations) for q in self.questions.values() if q.form == "open"}

    def find_term(self, words: str) -> Optional[Term]:
        """The glossary entry named exactly so (case and plural s aside), else None."""
        key = words.strip().lower()
        for term in self.glossary:
            names = {n.lower() for n in (term.term, *term.also)}
            if key in names or key.rstrip("s") in names or any(key == n.rstrip("s") for n in names):
                return term
        return None
