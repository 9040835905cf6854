"""Cohen's kappa: known values, and silence where there is too little."""

from __future__ import annotations

import pytest

from bot.coaching.agreement import agreement


def test_too_few_pairs_give_no_figure() -> None:
    assert agreement([("a", "a")] * 9).share is None


def test_a_known_table_gives_its_kappa() -> None:
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = agreement(pairs)
    assert found.share == pytest.approx(0.7) and found.kappa == pytest.approx(0.4)
    assert found.low is not None and found.high is not None and found.low < 0.4 < found.high


def test_where_everything_is_one_outcome_chance_agrees_too() -> None:
    found = agreement([("a", "a")] * 20)
    assert (found.share, found.kappa) == (1.0, None)


def test_agreement_below_chance_is_negative() -> None:
    assert (agreement([("a", "b"), ("b", "a")] * 10).kappa or 0) < 0
