"""The batch form: nothing lost, nothing shifted, extra fields kept."""

from __future__ import annotations

import json
from pathlib import Path

from bot.dialogue.intents_batch import Understanding, main, understood


def test_every_line_comes_back_in_its_place(understanding: Understanding) -> None:
    lines = [
        '{"text": "hint", "during": "practice", "id": 7}',
        "not json",
        '{"text": 5}',
        '{"text": "hi", "during": "lunch"}',
        "",
        '{"text": "/stop and listen to the customer", "during": "practice"}',
        '{"text": "quiz me on 4.9", "during": null}',
    ]
    out = list(understood(lines, understanding))
    assert len(out) == len(lines)
    assert out[0]["id"] == 7 and out[0]["intent"] == "hint" and out[0]["taken_as"] == "command"
    assert [("error" in row) for row in out] == [False, True, True, True, True, False, False]
    assert (out[5]["intent"], out[5]["taken_as"]) == ("give_answer", "answer")
    assert (out[6]["intent"], out[6]["taken_as"]) == ("start_practice", "command")


def test_the_command_line_writes_the_file_and_says_what_is_missing(model_file: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "i dont know", "during": "assessment"}\n', encoding="utf-8")
    assert main(["--model", str(model_file), str(source), str(target)]) == 0
    (row,) = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert row["intent"] == "dont_know" and 0 < row["confidence"] <= 1
    assert main(["--model", str(tmp_path / "none.tar.gz"), str(source), str(target)]) == 2
