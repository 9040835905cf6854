"""Spaced review: fsrs cards a question, graded by how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, Optional

from fsrs import Card, Rating, Scheduler

# No fuzzing: the same history gives the same due date. Practice comes in sittings, so no steps of minutes.
SCHEDULER = Scheduler(enable_fuzzing=False, learning_steps=(), relearning_steps=(), desired_retention=0.9)
GRADES = {"met": Rating.Good, "helped": Rating.Hard, "told": Rating.Again}


def review(
    card: Optional[dict[str, Any]], outcome: Literal["met", "helped", "told"], when: datetime
) -> tuple[dict[str, Any], datetime]:
    """The card after this outcome and when it is due; `card` None for a question's first time."""
    before = Card.from_dict(card) if card else Card(card_id=0, due=when)  # type: ignore[arg-type]
    after, _ = SCHEDULER.review_card(before, GRADES[outcome], review_datetime=when)
    # A told answer must come back, but not in the same sitting.
    due = max(after.due, when + timedelta(hours=20))
    after.due = due
    return dict(after.to_dict()), due
