"""Which role-play is meant, how difficult, and from which turn."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from bot.coaching.casting import cast, difficulty_of, topic_of, turn_named
from bot.settings import ROOT
from bot.syllabus.loader import load

SHOP = load(ROOT / "knowledge").scenarios["shop-late-refund"]
GARAGE = replace(
    SHOP, id="garage", title="The car is not ready", trade="garage", topics=("repairs", "car"), criteria=("b15/2.1",)
)
BOTH = {"shop-late-refund": SHOP, "garage": GARAGE}


def near(text: str, names: Sequence[str]) -> Sequence[float]:
    """The share of the text's words that a name holds."""
    said = set(text.split())
    return [len(said & set(name.split())) / max(1, len(said)) for name in names]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("can we do a role-play about a car", "garage"),
        ("roleplay in a shop pls", "shop-late-refund"),
        ("a role play on 2.2", "shop-late-refund"),
        ("role-play for P9", "shop-late-refund"),
        ("2.1", "shop-late-refund"),
    ],
)
def test_topic_trade_or_criterion_decides(text: str, wanted: str) -> None:
    found = cast(text, BOTH, ["d1"], {}, (), near)
    assert found is not None and found.scenario == wanted and found.asked


def test_the_same_number_means_the_learners_own_unit_first() -> None:
    found = cast("2.1", BOTH, ["b15"], {}, (), near)
    assert found is not None and found.scenario == "garage"


def test_without_a_topic_the_least_played_of_the_learners_units_comes() -> None:
    assert [
        cast("role-play", BOTH, ["d1", "b15"], played, (), near).scenario  # type: ignore[union-attr]
        for played in ({}, {"shop-late-refund": 1}, {"shop-late-refund": 1, "garage": 2})
    ] == ["shop-late-refund", "garage", "shop-late-refund"]


def test_nothing_near_is_nothing() -> None:
    assert cast("a role-play about volcanoes", BOTH, ["d1"], {}, (), near) is None
    assert cast("role-play", {}, ["d1"], {}, (), near) is None


@pytest.mark.parametrize(
    ("text", "level"),
    [("a difficult one", "hard"), ("an angry customer", "hard"), ("an easy one", "easy"), ("role-play", "standard")],
)
def test_the_difficulty_is_in_the_words(text: str, level: str) -> None:
    assert difficulty_of(text) == level
    assert topic_of(text) == ""


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("again from turn 4", 4),
        ("from the second turn please", 2),
        ("turn three", 3),
        ("go back 2 turns", 5),
        ("start again from the beginning", 1),
        ("undo that", 6),
        ("from turn 40", 6),
        ("from turn 0", 1),
    ],
)
def test_the_turn_is_in_the_words_and_never_outside_the_run(text: str, turn: int) -> None:
    assert turn_named(text, 6) == turn
