"""What marking returns: values, not scores."""

from __future__ import annotations

from typing import Literal, Optional

import msgspec

Verdict = Literal["right", "partly", "not_yet", "not_sure"]


class Match(msgspec.Struct, frozen=True):
    """How one expectation (or misconception) was met by the learner's words.

    `state` is "met", "unsure" or "not_met" (for a misconception "met" means: the learner holds it);
    `probability` of "met", 0–1; `quote` the learner's own words that decided it, "" where nothing came near.
    """

    id: str
    state: Literal["met", "unsure", "not_met"]
    probability: float
    quote: str


class Marking(msgspec.Struct, frozen=True):
    """One answer marked against one question.

    `matches` has one entry per expectation, in the question's order; `misconceptions` only those found
    ("met" or "unsure"). `verdict` is of this answer alone: "right" when the sufficient number of points is met,
    "partly" some, "not_yet" none, "not_sure" when none is met but one or more are unsure.
    """

    matches: tuple[Match, ...]
    misconceptions: tuple[Match, ...]
    verdict: Verdict
    version: str

    def met(self) -> tuple[str, ...]:
        """Ids of the expectations met."""
        return tuple(m.id for m in self.matches if m.state == "met")

    def match(self, id: str) -> Optional[Match]:
        """The match of one expectation, None if the question has no such expectation."""
        return next((m for m in self.matches if m.id == id), None)


class MarkedAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer that a person has marked, as `rapport mark --evaluate` reads it: the form of tutors' corrections."""

    question_id: str
    answer: str
    met: tuple[str, ...]
    marked_by: str = ""
    reason: str = ""
