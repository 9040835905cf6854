"""How far the marking agrees with people on answers never used in fitting: 60 questions, at least 12 answers each.

Three authors wrote them in their own voices, from the questions' texts and statements, with the marks of a fair tutor.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from bot.marking.marker import Marker
from bot.settings import ROOT
from bot.syllabus.syllabus import Syllabus

ACCURACY, KAPPA = 0.86, 0.70


@pytest.fixture(scope="module")
def judged(syllabus: Syllabus, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool, bool]]:
    """(kind of answer, met by the person, met by the program) for each key point of each answer."""
    marker = Marker(cache=tmp_path_factory.mktemp("shelf"))
    found = []
    for row in rows():
        question = syllabus.questions[row["question_id"]]
        met = {m.id for m in marker.mark(question, row["answer"]).matches if m.state == "met"}
        found += [(row["kind"], e.id in row["met"], e.id in met) for e in question.expectations]
    return found


def rows() -> list[dict[str, Any]]:
    files = sorted((ROOT / "tests" / "data").glob("marked_answers_*.jsonl"))
    return [json.loads(line) for path in files for line in Path(path).read_text(encoding="utf-8").splitlines()]


def test_there_are_enough_answers_of_every_kind() -> None:
    kinds = defaultdict(set)
    for row in rows():
        kinds[row["question_id"]].add(row["kind"])
    assert len(kinds) >= 60 and len(rows()) >= 12 * len(kinds)
    assert len(set().union(*kinds.values())) == 10


def test_the_marking_agrees_with_people_on_key_points(judged: list[tuple[str, bool, bool]]) -> None:
    pairs = [(person, program) for _, person, program in judged]
    accuracy = sum(a == b for a, b in pairs) / len(pairs)
    yes, met = (sum(column) / len(pairs) for column in zip(*pairs))
    chance = yes * met + (1 - yes) * (1 - met)
    kappa = (accuracy - chance) / (1 - chance)
    print(f"{len(pairs)} key points: accuracy {accuracy:.3f}, kappa {kappa:.3f}")
    assert accuracy >= ACCURACY and kappa >= KAPPA


def test_repeating_the_questions_words_meets_nothing(judged: list[tuple[str, bool, bool]]) -> None:
    copied = [program for kind, _, program in judged if kind == "off_topic_or_copied"]
    assert sum(copied) <= 0.005 * len(copied)
