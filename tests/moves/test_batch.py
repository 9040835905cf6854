from __future__ import annotations

import io
import json
from typing import Any

from bot.moves.batch import moves_batch
from bot.moves.classifier import default_classifier


def run(lines: list[str]) -> tuple[list[dict[str, Any]], Any]:
    out = io.StringIO()
    summary = moves_batch(lines, out, default_classifier())
    return [json.loads(line) for line in out.getvalue().splitlines()], summary


def test_sentences_and_their_moves_are_added_and_the_other_fields_kept() -> None:
    text = "I do apologise for the delay. Is there anything else I can help you with?"
    (row,), summary = run([json.dumps({"text": text, "id": 9})])
    assert row["id"] == 9
    assert [s["text"] for s in row["sentences"]] == [
        "I do apologise for the delay.",
        "Is there anything else I can help you with?",
    ]
    assert [s["moves"] for s in row["sentences"]] == [["apologise"], ["close"]]
    assert summary == (1, 0)


def test_a_text_without_words_has_no_sentences() -> None:
    (row,), _ = run([json.dumps({"text": " "})])
    assert row["sentences"] == []


def test_bad_lines_are_answered_in_their_place_and_counted() -> None:
    lines = ["{not json", json.dumps({"text": "hello"}), "[1]", json.dumps({"n": 1}), json.dumps({"text": 5}), "\n"]
    rows, summary = run(lines)
    assert [row.get("line") for row in rows] == [1, None, 3, 4, 5]
    assert rows[0]["input"] == "{not json"
    assert rows[3] == {"n": 1, "error": '"text" is missing', "line": 4}
    assert summary == (5, 4)
