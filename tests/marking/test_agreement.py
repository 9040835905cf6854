from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.marking.agreement import evaluate, kappa, macro_f1
from bot.marking.marker import Marker
from bot.syllabus.model import Question

RIGHT = {
    "question_id": "d1-4.9-cost-of-winning",
    "answer": "adverts cost money and regulars already trust you",
    "met": ["finding-costs", "existing-trust"],
}
PLAIN = {
    "question": "How did you separate the salt?",
    "references": ["The water evaporated, leaving the salt."],
    "answer": "the water evaporated and left the salt",
    "label": "correct",
}


def test_agreement_is_told_per_question_and_overall(marker: Marker, question: Question) -> None:
    lines = [json.dumps(RIGHT), json.dumps({**RIGHT, "met": []}), json.dumps(PLAIN), ""]
    result = evaluate(lines, {question.id: question}.get, marker)
    points, labels = result.overall
    assert (points.what, points.answers, points.judgements) == ("key points", 2, 6)
    assert points.accuracy == pytest.approx(4 / 6)
    assert (labels.what, labels.answers, labels.accuracy) == ("labels", 1, 1.0)
    assert [row.name for row in result.questions] == [question.id, PLAIN["question"]]
    assert result.problems == ()


def test_bad_lines_are_named_and_the_others_still_count(marker: Marker, question: Question) -> None:
    lines = [
        "{not json",
        json.dumps({**RIGHT, "met": ["no-such-point"]}),
        json.dumps({**RIGHT, "met": "finding-costs"}),
        json.dumps({**RIGHT, "question_id": "x"}),
        json.dumps({**PLAIN, "label": "half"}),
        json.dumps(RIGHT),
    ]
    result = evaluate(lines, {question.id: question}.get, marker)
    assert [problem.split(":")[0] for problem in result.problems] == [f"line {n}" for n in range(1, 6)]
    assert 'no key point "no-such-point"' in result.problems[1]
    assert result.overall[0].answers == 1


def test_kappa_is_what_is_above_chance() -> None:
    assert kappa(["a", "a", "b", "b"], ["a", "a", "b", "b"]) == 1.0
    assert kappa(["a", "b", "a", "b"], ["a", "a", "b", "b"]) == 0.0
    assert kappa(["a", "a"], ["a", "a"]) is None
    assert kappa([], []) is None


def test_macro_f1_counts_each_label_alike() -> None:
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx((6 / 7) / 2)


def test_the_hard_answers_are_well_formed() -> None:
    path = Path(__file__).parents[1] / "data" / "hard_answers.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({row["question"] for row in rows}) >= 20
    assert {row["label"] for row in rows} == {"correct", "contradictory"}
