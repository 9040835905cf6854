"""How far the marking agrees with people on answers never used in fitting: 60 questions, at least 12 answers each.

Three authors wrote them in their own voices, from the questions' texts and statements, with the marks of a fair tutor.
"""

from __future__ import annotations

from collections import defaultdict

import pytest
from measures import Marked, agreement, judged, rows

from bot.syllabus.syllabus import Syllabus

ACCURACY, KAPPA = 0.89, 0.77
WRONGLY = {"misconception": 0.19, "negated": 0.14, "wrong": 0.11, "off_topic_or_copied": 0.005}  # at most credited
Pairs = list[tuple[str, bool, bool]]


@pytest.fixture(scope="module")
def pairs(bank: Syllabus, found: Marked) -> Pairs:
    return judged(bank.questions, found)


def test_there_are_enough_answers_of_every_kind() -> None:
    kinds = defaultdict(set)
    for row in rows():
        kinds[row["question_id"]].add(row["kind"])
    assert len(kinds) >= 60 and len(rows()) >= 12 * len(kinds)
    assert len(set().union(*kinds.values())) == 10


def test_the_marking_agrees_with_people_on_key_points(pairs: Pairs) -> None:
    accuracy, kappa = agreement(pairs)
    print(f"{len(pairs)} key points: accuracy {accuracy:.3f}, kappa {kappa:.3f}")
    assert accuracy >= ACCURACY and kappa >= KAPPA


@pytest.mark.parametrize("kind", WRONGLY)
def test_few_points_are_credited_to_answers_that_have_none(pairs: Pairs, kind: str) -> None:
    credited = [program for each, person, program in pairs if each == kind and not person]
    assert sum(credited) <= WRONGLY[kind] * len(credited)
