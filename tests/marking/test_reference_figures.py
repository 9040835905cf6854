"""What the fit measured against plain references, with whole questions held out, stays as good as it was."""

from __future__ import annotations

import json

import pytest

from bot.marking.head import FOLDER

FLOORS = {
    "sciEntsBank": (0.69, 0.80, 0.52),
    "beetle": (0.74, 0.88, 0.50),
    "authored": (0.69, 0.84, 0.57),
    "authored, the reference's own words": (0.86, 0.98, 0.57),
}


@pytest.mark.parametrize("part", FLOORS)
def test_held_out_figures_keep_their_floors(part: str) -> None:
    figures = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))[f"questions held out: {part}"]
    two_way, surest, three_way = FLOORS[part]
    assert figures["2-way macro-F1"] >= two_way
    assert figures["accuracy of the surest half"] >= surest
    assert figures["3-way macro-F1"] >= three_way
    assert figures["ece"] <= 0.05


def test_authored_answers_in_the_references_words_are_told_apart() -> None:
    figures = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))["questions held out: authored"]
    assert figures["AUC of far phrasings against turned texts in the reference's words"] >= 0.84
    kinds = {kind: some["called right"] for kind, some in figures["kinds"].items()}
    assert kinds["echo"] >= 0.95
    assert max(kinds["reference turned"], kinds["echo turned"]) <= 0.12
