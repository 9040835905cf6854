"""The training sentences, and that the head was fitted on them as they are."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from bot.errors import ModelError
from bot.marking.encoder import default_encoder
from bot.moves.examples import contradictions, parse
from bot.moves.head import FOLDER, load_head
from bot.moves.model import MOVES
from bot.settings import ROOT
from bot.syllabus import scenario

FILES = sorted((ROOT / "data" / "nlu" / "moves").glob("*.yml"))
TEST = [json.loads(line) for line in (ROOT / "tests/data/moves_test.jsonl").read_text(encoding="utf-8").splitlines()]


def plainly(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip() or text


def test_the_examples_pass_and_none_has_two_labellings() -> None:
    examples = []
    for path in FILES:
        found, problems = parse(path.read_text(encoding="utf-8"), path.name)
        assert problems == []
        examples += found
    assert contradictions(examples) == []
    assert len(examples) > 2_500


def test_the_head_was_fitted_on_the_examples_as_they_are() -> None:
    """Fails after a change: run `python tools/fit_moves.py`."""
    facts = json.loads((FOLDER / "moves.json").read_text(encoding="utf-8"))
    assert facts["examples_sha256"] == hashlib.sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()
    assert facts["encoder_sha256"] == default_encoder().sha256


def test_no_test_sentence_is_a_training_sentence() -> None:
    trained = {plainly(e.text) for path in FILES for e in parse(path.read_text(encoding="utf-8"), path.name)[0]}
    assert [line["text"] for line in TEST if plainly(line["text"]) in trained] == []


def test_the_test_file_has_every_move_often_enough() -> None:
    counts = Counter(move for line in TEST for move in line["moves"])
    assert len(TEST) >= 650
    assert {move: counts[move] for move in MOVES if counts[move] < 20} == {}


def test_problems_name_file_place_and_line() -> None:
    content = "moves:\n- moves: [greet, wave]\n  examples: |\n    - hi\n    hello\n- examples: x\n"
    assert parse(content, "a.yml")[1] == [
        'a.yml: $.moves[0]: "wave": there is no such move',
        "a.yml: $.moves[0]: 'hello': an example is a line that starts with `- `",
        "a.yml: $.moves[1]: needs `moves`, a list of names (empty for no move), and `examples`, a text",
    ]


def test_a_changed_head_is_refused(tmp_path: Path) -> None:
    for name in ("moves.npz", "moves.json"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    assert load_head(tmp_path, default_encoder().sha256).sha256
    with pytest.raises(ModelError, match="another sentence encoder"):
        load_head(tmp_path, "0" * 64)
    (tmp_path / "moves.npz").write_bytes(b"x" + (FOLDER / "moves.npz").read_bytes()[1:])
    with pytest.raises(ModelError, match="SHA-256 differs"):
        load_head(tmp_path)


def test_scenarios_know_the_same_moves() -> None:
    assert set(scenario.MOVES) == set(MOVES)
