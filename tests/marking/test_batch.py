from __future__ import annotations

import io
import json
from typing import Any

from bot.marking.batch import mark_batch
from bot.marking.marker import Marker
from bot.syllabus.model import Question

GOOD = {
    "question_id": "d1-4.9-cost-of-winning",
    "answer": "you have to pay for adverts and regulars already trust you",
    "learner": 7,
}
PLAIN = {
    "question": "How did you separate the salt?",
    "references": ["The water evaporated, leaving the salt."],
    "answer": "it evaporated",
}


def run(marker: Marker, question: Question, lines: list[str]) -> tuple[list[dict[str, Any]], Any]:
    out = io.StringIO()
    summary = mark_batch(lines, out, lambda id: question if id == question.id else None, marker)
    return [json.loads(line) for line in out.getvalue().splitlines()], summary


def test_a_question_of_the_bank_gets_points_and_a_verdict_and_keeps_its_fields(
    marker: Marker, question: Question
) -> None:
    (row,), summary = run(marker, question, [json.dumps(GOOD)])
    assert row["learner"] == 7
    assert row["label"] == "correct"
    assert row["verdict"] == "right"
    assert row["met"] == ["finding-costs", "existing-trust"]
    assert row["misconceptions"] == []
    assert summary == (1, 1, 0, {"correct": 1})


def test_a_misconception_and_nothing_met_is_contradictory(marker: Marker, question: Question) -> None:
    (row,), _ = run(marker, question, [json.dumps({**GOOD, "answer": "its cheaper to find new customers"})])
    assert row["label"] == "contradictory"
    assert row["misconceptions"] == ["new-is-cheaper"]


def test_plain_references_get_a_label(marker: Marker, question: Question) -> None:
    (row,), _ = run(marker, question, [json.dumps(PLAIN)])
    assert set(row) == {*PLAIN, "label", "probability", "sure"}


def test_bad_lines_are_answered_in_their_place_and_counted(marker: Marker, question: Question) -> None:
    lines = [
        "{not json",
        json.dumps(GOOD),
        "[1]",
        json.dumps({**GOOD, "question_id": "x"}),
        json.dumps({"question": "Why?", "answer": "a"}),
        json.dumps({"question_id": question.id, "n": 1}),
        json.dumps({**PLAIN, "answer": 5}),
        "\n",
    ]
    rows, summary = run(marker, question, lines)
    assert [row.get("line") for row in rows] == [1, None, 3, 4, 5, 6, 7]
    assert rows[0]["input"] == "{not json"
    assert rows[5]["n"] == 1
    assert "unknown question id" in rows[3]["error"]
    assert (summary.lines, summary.marked, summary.errors) == (7, 1, 6)


def test_the_same_lines_give_the_same_output(marker: Marker, question: Question) -> None:
    lines = [json.dumps(GOOD), json.dumps(PLAIN)]
    assert run(marker, question, lines) == run(marker, question, lines)
