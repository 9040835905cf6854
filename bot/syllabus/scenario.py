"""Role-play scenarios as frozen values, in the form of `docs/scenarios.md`."""

from __future__ import annotations

from typing import Literal, Optional

import msgspec

from bot.syllabus.model import Frozen, next_or_key_error

# What a sentence of the learner's can do to a customer; `bot.moves` reads them off the words.
GOOD_MOVES = (
    "greet", "ask", "acknowledge", "empathise", "apologise", "take_ownership", "reassure", "inform", "explain_limit",
    "offer_alternative", "vary_within_guidelines", "say_no", "refer_on", "promise", "add_value", "invite_feedback",
    "thank", "close",
)  # fmt: skip
BAD_MOVES = ("rude", "dismiss", "blame", "argue", "ignore", "jargon", "overpromise")
MOVES = frozenset(GOOD_MOVES + BAD_MOVES)
MOST_TURNS = 10  # the learner's, in one role-play
SCALE = 10  # temper and trust go from 0 to this

Difficulty = Literal["easy", "standard", "hard"]
EndingKind = Literal["delighted", "content", "grudging", "walks_away", "goes_to_manager"]


class Brief(Frozen, frozen=True):
    """What the learner is told before it begins."""

    you_are: str
    situation: str
    may_offer: tuple[str, ...]
    limits: tuple[str, ...]
    refer_to: str


class Place(Frozen, frozen=True):
    """The made-up organisation the learner works for here."""

    name: str
    services: tuple[str, ...]
    limits: tuple[str, ...]
    refer_to: str


class Customer(Frozen, frozen=True):
    """Who the learner talks to."""

    name: str
    kind: Literal["new", "existing", "long_term", "dissatisfied", "particular_needs", "internal"]
    about: str
    wants: str


class Level(Frozen, frozen=True):
    """How the customer begins at one difficulty; `patience` is how many unhelpful turns they stand."""

    temper: int
    trust: int
    patience: int
    volunteers: bool = True


class Levels(Frozen, frozen=True):
    """The three difficulties."""

    easy: Level
    standard: Level
    hard: Level

    def of(self, difficulty: Difficulty) -> Level:
        """The level of that name."""
        return {"easy": self.easy, "standard": self.standard, "hard": self.hard}[difficulty]


class Condition(Frozen, frozen=True):
    """Holds where everything that is named in it holds; nothing named holds always.

    `did…` look at the whole run up to now, `here…` at the situation the customer is in.
    """

    did: tuple[str, ...] = ()
    did_any: tuple[str, ...] = ()
    did_not: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    here_any: tuple[str, ...] = ()
    in_order: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    in_: tuple[str, ...] = msgspec.field(name="in", default=())
    temper_min: Optional[int] = None
    temper_max: Optional[int] = None
    trust_min: Optional[int] = None
    trust_max: Optional[int] = None
    patience_max: Optional[int] = None
    turns_here: int = 0
    out_of_time: bool = False

    def moves(self) -> tuple[str, ...]:
        """The moves that make it hold."""
        return tuple(dict.fromkeys((*self.did, *self.did_any, *self.here, *self.here_any, *self.in_order)))


class Effect(Frozen, frozen=True):
    """What a move does to the customer; a loss is halved where one of `softened_by` came before or with it."""

    temper: int = 0
    trust: int = 0
    softened_by: tuple[str, ...] = ()


class Fact(Frozen, frozen=True):
    """Something the customer knows: told when asked in such words, or unasked where `volunteer` names a situation."""

    id: str
    about: str
    questions: tuple[str, ...]
    say: tuple[str, ...]
    volunteer: Optional[str] = None


class Way(Frozen, frozen=True):
    """A way out of a situation into another."""

    to: str
    when: Condition


class Situation(Frozen, frozen=True):
    """Where the conversation stands: what the customer says, and what answers it."""

    id: str
    about: str
    say: tuple[str, ...]
    again: tuple[str, ...]
    wants: tuple[str, ...]
    nudge: str
    push: tuple[str, ...] = ()
    reactions: dict[str, tuple[str, ...]] = {}
    effects: dict[str, Effect] = {}
    leave: tuple[Way, ...] = ()


class Ending(Frozen, frozen=True):
    """How it can end; `when` lists conditions of which one is enough."""

    id: str
    kind: EndingKind
    when: tuple[Condition, ...]
    say: tuple[str, ...]
    meaning: str


class Anchor(Frozen, frozen=True):
    """One level of a behaviour: what it looks like, and when it was shown."""

    text: str
    when: Condition


class Behaviour(Frozen, frozen=True):
    """Something the debrief looks for; `chance` names the situations in which it could have been shown."""

    id: str
    label: str
    criteria: tuple[str, ...]
    chance: tuple[str, ...]
    good: Anchor
    fair: Anchor
    poor: Anchor
    better: str


class Manners(Frozen, frozen=True):
    """What all customers share, `knowledge/roleplay.yml`: effects and words a scenario may replace."""

    effects: dict[str, Effect]
    reactions: dict[str, tuple[str, ...]]
    ignored: tuple[str, ...]
    puzzled: tuple[str, ...]
    unknown: tuple[str, ...]
    asked_again: tuple[str, ...]
    listening: tuple[str, ...]


class Scenario(Frozen, frozen=True):
    """One authored situation with a customer."""

    id: str
    title: str
    trade: str
    topics: tuple[str, ...]
    criteria: tuple[str, ...]
    brief: Brief
    workplace: Place
    customer: Customer
    levels: Levels
    facts: tuple[Fact, ...]
    situations: tuple[Situation, ...]
    endings: tuple[Ending, ...]
    behaviours: tuple[Behaviour, ...]
    reactions: dict[str, tuple[str, ...]] = {}
    effects: dict[str, Effect] = {}
    retired: bool = False
    manners: Optional[Manners] = None  # put in by the loader

    def situation(self, id: str) -> Situation:
        """The situation of that id; KeyError if there is none."""
        return next_or_key_error(self.situations, id)

    def fact(self, id: str) -> Fact:
        """The fact of that id; KeyError if there is none."""
        return next_or_key_error(self.facts, id)

    def ending(self, id: str) -> Ending:
        """The ending of that id; KeyError if there is none."""
        return next_or_key_error(self.endings, id)

    def behaviour(self, id: str) -> Behaviour:
        """The behaviour of that id; KeyError if there is none."""
        return next_or_key_error(self.behaviours, id)
