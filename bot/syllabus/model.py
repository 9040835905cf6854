"""The content as frozen values, in the form of `docs/authoring.md`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Optional, Protocol, TypeVar

import msgspec

Verb = Literal["identify", "state", "outline", "describe", "explain", "compare", "analyse", "evaluate"]
ProfilePart = Literal["services", "limits", "refer_to"]


class Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all content values: immutable, and strict about unknown fields."""


class Prompt(Frozen, frozen=True):
    """A fill-the-gap question and every word that fills it."""

    text: str
    answers: tuple[str, ...]


class Expectation(Frozen, frozen=True):
    """One key point a good answer contains."""

    id: str
    label: str
    statement: str
    phrasings: tuple[str, ...]
    counter: tuple[str, ...]
    hints: tuple[str, ...]
    prompt: Prompt
    assertion: str


class Misconception(Frozen, frozen=True):
    """A known wrong idea and what puts it right."""

    id: str
    statement: str
    phrasings: tuple[str, ...]
    correction: str


class Sufficient(Frozen, frozen=True):
    """How many expectations make a sufficient answer, and what that means in words."""

    points: int
    means: str


class Option(Frozen, frozen=True):
    """One choice of a choice question."""

    id: str
    text: str
    correct: bool
    feedback: str


class Question(Frozen, frozen=True):
    """One question; `key` is unique over all units."""

    id: str
    form: Literal["open", "choice"]
    role: Literal["plain", "situation", "retest"]
    verb: Verb
    text: str
    model_answer: str
    criteria: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    own_organisation: bool = False
    topics: tuple[str, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()
    sufficient: Optional[Sufficient] = None
    options: tuple[Option, ...] = ()
    retired: bool = False

    def expectation(self, id: str) -> Expectation:
        """The expectation of that id; KeyError if there is none."""
        return next_or_key_error(self.expectations, id)

    def misconception(self, id: str) -> Misconception:
        """The misconception of that id; KeyError if there is none."""
        return next_or_key_error(self.misconceptions, id)

    def option(self, id: str) -> Option:
        """The option of that id; KeyError if there is none."""
        return next_or_key_error(self.options, id)


class Outcome(Frozen, frozen=True):
    """A learning outcome."""

    id: str
    title: str


class Criterion(Frozen, frozen=True):
    """An assessable statement of a unit."""

    id: str
    outcome: str
    kind: Literal["performance", "knowledge"]
    verb: str
    text: str
    own_organisation: bool = False
    workplace: tuple[ProfilePart, ...] = ()  # what of the learner's workplace profile an answer is about
    grade: Optional[Literal["pass", "merit", "distinction"]] = None


class Bullet(Frozen, frozen=True):
    """One "must have an understanding of" or "must be able to explain" line.

    `items` are the examples or parts the document lists under it.
    """

    id: str
    outcome: str
    text: str
    criteria: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    kind: Literal["understand", "explain"] = "understand"


class RuleItem(Frozen, frozen=True):
    """One item of a checklist rule."""

    id: str
    text: str


class EvidenceRule(Frozen, frozen=True):
    """An evidence requirement or note; `place` says where in the document it stands, if it has no number there."""

    id: str
    kind: Literal["rule", "checklist"]
    text: str
    items: tuple[RuleItem, ...] = ()
    place: str = ""


class Unit(Frozen, frozen=True):
    """A unit or standard, as in its `unit.yml`; `expired` (YYYY-MM-DD) is the last day a closed unit was open."""

    id: str
    title: str
    number: str
    body: str
    level: Optional[int]
    credits: Optional[int]
    guided_learning_hours: Optional[int]
    simulation_allowed: bool
    simulation_clause: str
    outcomes: tuple[Outcome, ...]
    criteria: tuple[Criterion, ...]
    bullets: tuple[Bullet, ...] = ()
    evidence_rules: tuple[EvidenceRule, ...] = ()
    reference: str = ""
    expired: Optional[str] = None
    purpose: str = ""
    # Where performance evidence may come from; simulation is never among them.
    evidence_from: tuple[Literal["real_work", "realistic_environment", "work_placement"], ...] = (
        "real_work",
        "realistic_environment",
        "work_placement",
    )

    def criterion(self, id: str) -> Criterion:
        """The criterion of that id; KeyError if there is none."""
        return next_or_key_error(self.criteria, id)


class Term(Frozen, frozen=True):
    """A glossary entry."""

    term: str
    meaning: str
    example: str = ""
    also: tuple[str, ...] = ()


class Link(Frozen, frozen=True):
    """A crosswalk link between `unit/criterion` or `unit/bullet:id` references, both knowledge or both performance."""

    from_: str = msgspec.field(name="from")
    to: str = ""
    reason: str = ""
    both_ways: bool = False
    reviewed_by: str = ""


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Named = TypeVar("_Named", bound=_HasId)


def next_or_key_error(items: Iterable[_Named], id: str) -> _Named:
    """The item with that id, or KeyError."""
    for item in items:
        if item.id == id:
            return item
    raise KeyError(id)
