"""The quick form of a scorer says what the scorer says."""

from __future__ import annotations

import numpy as np
import pytest

from bot.marking.forest import MOST_LEAVES, Forest
from bot.marking.head import Scorer, default_head


def _chain(leaves: int) -> Scorer:
    """One tree: is the feature at most 0, at most 1, at most 2 …"""
    inner = leaves - 1
    nodes = 2 * inner + 1
    feature, threshold = np.full((1, nodes), -1, np.int32), np.zeros((1, nodes), np.float32)
    left, right, value = (
        np.zeros((1, nodes), np.int32),
        np.zeros((1, nodes), np.int32),
        np.zeros((1, nodes), np.float32),
    )
    for number in range(inner):
        node = 2 * number
        feature[0, node], threshold[0, node], left[0, node], right[0, node] = 0, number, node + 1, node + 2
        value[0, node + 1] = number
    value[0, nodes - 1] = inner
    one = np.ones(1, np.float32)
    return Scorer(feature, threshold, left, right, value, 0.0, 0 * one, one, 0 * one, 0.0, 1.0, 0.1, -1.0)


@pytest.mark.parametrize("name", ["expectation", "misconception"])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_a_forest_says_what_a_walk_through_the_trees_says(name: str, count: int) -> None:
    scorer: Scorer = getattr(default_head(), name)
    noise = np.random.default_rng(3).normal(size=(count, len(scorer.mean)))
    rows = (scorer.mean + noise * scorer.scale).astype(np.float32)
    assert Forest(scorer).probabilities(rows) == pytest.approx(scorer.probabilities(rows), abs=1e-6)


@pytest.mark.parametrize("leaves", [1, 2, 31, MOST_LEAVES])
def test_every_leaf_of_a_tree_is_reached(leaves: int) -> None:
    scorer = _chain(leaves)
    rows = np.arange(-1, leaves + 2, dtype=np.float32)[:, None]  # a value on a threshold goes left
    assert Forest(scorer).probabilities(rows) == pytest.approx(scorer.probabilities(rows), abs=1e-6)


def test_a_tree_of_too_many_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="63 leaves"):
        Forest(_chain(MOST_LEAVES + 1))
