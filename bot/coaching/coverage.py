"""The rule by which practice makes a statement practising or ready; submitted and achieved are a person's to give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, Optional

import msgspec

RULE = "2 questions, later day, 24 h after a told answer"
COOL_OFF = timedelta(hours=24)


class Tried(msgspec.Struct, frozen=True):
    """One attempt as far as the rule needs it."""

    question: str
    when: datetime
    complete: bool
    unassisted: bool
    counts: bool = True  # a choice question can be guessed: it never counts towards ready


class Standing(msgspec.Struct, frozen=True):
    """Where a learner stands on one statement."""

    state: Literal["practising", "ready"]
    attempts: int
    last_at: datetime
    ready_at: Optional[datetime]
    alone: int  # attempts that were complete without help


def standing(tries: Sequence[Tried], told: Iterable[tuple[str, datetime]]) -> Optional[Standing]:
    """Practising from the first attempt; ready once met unassisted on two different questions.

    The second must lie on a later UTC day than the first. An answer to a question that the coach has told
    (or helped with) counts only after COOL_OFF. None where there was no attempt. Order of `tries` does not matter.
    """
    if not tries:
        return None
    tries = sorted(tries, key=lambda t: t.when)
    tellings = list(told)
    helped = [(t.question, t.when) for t in tries if not t.unassisted]
    met = [
        t
        for t in tries
        if t.complete
        and t.unassisted
        and t.counts
        and not any(q == t.question and when <= t.when < when + COOL_OFF for q, when in [*tellings, *helped])
    ]
    ready_at = next(
        (
            later.when
            for later in met
            if any(e.question != later.question and e.when.date() < later.when.date() for e in met)
        ),
        None,
    )
    alone = sum(t.complete and t.unassisted for t in tries)
    return Standing("ready" if ready_at else "practising", len(tries), tries[-1].when, ready_at, alone)
