"""Measured on sentences that are not training data; printed as totals only, so that half the file stays unread."""

from __future__ import annotations

import json

from bot.moves.classifier import default_classifier
from bot.moves.model import MOVES
from bot.settings import ROOT

TEST = [json.loads(line) for line in (ROOT / "tests/data/moves_test.jsonl").read_text(encoding="utf-8").splitlines()]
KEY = ("apologise", "empathise", "explain_limit", "offer_alternative", "refer_on", "say_no", "overpromise")


def scores() -> dict[str, float]:
    """F1 of each move over the whole file."""
    both = dict.fromkeys(MOVES, 0)
    either = dict.fromkeys(MOVES, 0)
    for line in TEST:
        truth, found = set(line["moves"]), {m for s in default_classifier().read(line["text"]) for m in s.moves}
        for move in MOVES:
            both[move] += 2 * (move in truth and move in found)
            either[move] += (move in truth) + (move in found)
    return {move: both[move] / max(1, either[move]) for move in MOVES}


def test_moves_are_read_as_well_as_promised() -> None:
    found = scores()
    assert sum(found.values()) / len(found) >= 0.80
    assert {move: found[move] for move in KEY if found[move] < 0.70} == {}
