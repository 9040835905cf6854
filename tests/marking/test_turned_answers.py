"""What is turned round is no longer met, and what is misspelt is marked as if it were not."""

from __future__ import annotations

from collections import Counter

from measures import Flip, Marked, changed_by_slips, flips_of_answers, flips_of_phrasings
from turning import WAYS

from bot.marking.marker import Marker
from bot.syllabus.syllabus import Syllabus

PHRASINGS, ANSWERS = 0.95, 0.90  # flipped, at least
CHANGED = 0.02


def share(flips: list[Flip]) -> float:
    tried, flipped = Counter(f.way for f in flips), Counter(f.way for f in flips if f.flipped)
    print({way: f"{flipped[way]}/{tried[way]}" for way in tried})
    return sum(flipped.values()) / sum(tried.values())


def test_an_authored_phrasing_turned_round_is_no_longer_met(bank: Syllabus, shelved: Marker) -> None:
    flips = flips_of_phrasings(bank.questions, shelved, 16)
    assert len({flip.way for flip in flips}) >= len(WAYS) - 1
    assert share(flips) >= PHRASINGS


def test_turning_round_the_clause_that_met_a_point_takes_the_point_away(
    bank: Syllabus, shelved: Marker, found: Marked
) -> None:
    assert share(flips_of_answers(bank.questions, shelved, found[::4])) >= ANSWERS


def test_misspelling_an_answer_hardly_ever_changes_its_verdict(bank: Syllabus, shelved: Marker, found: Marked) -> None:
    changed = changed_by_slips(bank.questions, shelved, found[::3])
    print(f"{sum(changed)} of {len(changed)} verdicts changed by slips")
    assert sum(changed) <= CHANGED * len(changed)
