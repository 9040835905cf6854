"""The values a role-play works on; all of them turn into JSON and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Optional

import msgspec

from bot.syllabus.scenario import Difficulty


class Spoken(msgspec.Struct, frozen=True):
    """One of the learner's sentences with its moves."""

    text: str
    moves: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What the learner wrote, as it was understood; `asked` are the facts its questions were matched to."""

    text: str
    sentences: tuple[Spoken, ...] = ()
    asked: tuple[str, ...] = ()

    def moves(self) -> tuple[str, ...]:
        """All moves, each once, in their order."""
        return tuple(dict.fromkeys(m for s in self.sentences for m in s.moves))


class Change(msgspec.Struct, frozen=True):
    """What one move did; `sentence` is its place in the message, -1 where the message as a whole did it."""

    sentence: int
    move: str
    temper: int
    trust: int


class Played(msgspec.Struct, frozen=True):
    """One turn that has been played: where the customer was, what was said, what it did, how they stood after it.

    `answered`: it answered what the customer had said; `addressed`: it did, or was borne with for once.
    """

    situation: str
    said: Said
    changes: tuple[Change, ...]
    addressed: bool
    answered: bool
    told: tuple[str, ...]
    temper: int
    trust: int
    patience: int
    moved_to: str
    reply: str = ""


class State(msgspec.Struct, frozen=True):
    """A role-play at one moment. `since`: turns played when the situation began; `lines`: sentences already said."""

    scenario: str
    difficulty: Difficulty
    seed: int
    situation: str
    temper: int
    trust: int
    patience: int
    opening: str = ""
    since: int = 0
    known: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    turns: tuple[Played, ...] = ()
    ending: Optional[str] = None

    def made(self, turns: Optional[Iterable[Played]] = None) -> frozenset[str]:
        """The moves made in these turns, in all of them by default."""
        return frozenset(m for t in (self.turns if turns is None else turns) for m in t.said.moves())

    def here(self) -> tuple[Played, ...]:
        """The turns of this situation, the one that led into it included."""
        return self.turns[max(0, self.since - 1) :]


class Reply(msgspec.Struct, frozen=True):
    """What the customer says; `ending` names the ending it is part of."""

    text: str
    ending: Optional[str] = None


class Sitting(msgspec.Struct, frozen=True):
    """Where the learner is with a run, kept while the exercise is open; `run` is the record's id."""

    run: int
    state: State
    stage: Literal["play", "review", "bridge"] = "play"
    paused: bool = False

    def customer_said(self) -> str:
        """The last thing the customer said."""
        return self.state.turns[-1].reply if self.state.turns else self.state.opening
