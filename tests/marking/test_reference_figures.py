"""What the fit measured against plain references, with whole questions held out, stays as good as it was."""

from __future__ import annotations

import json

import pytest

from bot.marking.head import FOLDER

FLOORS = {
    "sciEntsBank": (0.69, 0.80, 0.52),
    "beetle": (0.74, 0.88, 0.50),
    "authored": (0.69, 0.80, 0.58),
}


@pytest.mark.parametrize("part", FLOORS)
def test_held_out_figures_keep_their_floors(part: str) -> None:
    figures = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))[f"questions held out: {part}"]
    two_way, surest, three_way = FLOORS[part]
    assert figures["2-way macro-F1"] >= two_way
    assert figures["accuracy of the surest half"] >= surest
    assert figures["3-way macro-F1"] >= three_way
    assert figures["ece"] <= 0.05
