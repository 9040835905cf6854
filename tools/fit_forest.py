"""Scorers of extremely randomised trees: many deep trees over random cuts, averaged; steadier on few questions."""

from __future__ import annotations

from typing import Any

import numpy as np
from fit_scorers import SEED
from sklearn.ensemble import ExtraTreesClassifier

from bot.marking.head import Scorer


def fit_forest(
    rows: Any, truth: Any, weights: Any, columns: list[int], *, trees: int, leaf: int, tried: float = 0.25
) -> Scorer:
    """Trees over some columns of the rows; four times their mean probability less a half takes the place of a logit.

    `tried` is the share of the columns that are tried at each cut. Not calibrated yet.
    """
    forest = ExtraTreesClassifier(trees, min_samples_leaf=leaf, max_features=tried, random_state=SEED)
    forest.fit(rows[:, columns], truth, sample_weight=weights)
    grown = [tree.tree_ for tree in forest.estimators_]
    width = max(tree.node_count for tree in grown)
    shape = (trees, width)
    feature, left, right = (np.full(shape, -1, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.int32))
    threshold, value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for number, tree in enumerate(grown):
        n, leaves = tree.node_count, tree.children_left < 0
        feature[number, :n] = np.where(leaves, -1, np.array(columns)[np.maximum(tree.feature, 0)])
        threshold[number, :n] = np.where(leaves, 0.0, tree.threshold)
        left[number, :n] = np.where(leaves, 0, tree.children_left)
        right[number, :n] = np.where(leaves, 0, tree.children_right)
        share = tree.value[:, 0, 1] / tree.value[:, 0].sum(axis=1)
        value[number, :n] = np.where(leaves, 4 * (share - 0.5) / trees, 0.0)
    nothing = np.zeros(rows.shape[1], dtype=np.float32)
    return Scorer(
        feature,
        threshold,
        left,
        right,
        value,
        0.0,
        nothing,
        nothing + 1,
        nothing,
        0.0,
        share=1.0,
        slope=1.0,
        offset=0.0,
    )


def put_before(first: Scorer, second: Scorer, column: int, cut: float) -> Scorer:
    """One scorer: `first` for rows with no more than `cut` in a column, `second` for the others.

    Both are forests of as many trees, which get a common root each; calibrations go into the leaves.
    """
    trees, one = first.feature.shape
    other = second.feature.shape[1]
    arrays = {}
    for name, root in (("feature", column), ("threshold", cut), ("left", 1), ("right", 1 + one), ("value", 0.0)):
        below, above = getattr(first, name), getattr(second, name)
        if name in ("left", "right"):
            below, above = below + 1, above + 1 + one
        if name == "value":
            below, above = _calibrated_leaves(first), _calibrated_leaves(second)
        top = np.full((trees, 1), root, dtype=below.dtype)
        arrays[name] = np.concatenate([top, below, above], axis=1).astype(getattr(first, name).dtype)
        assert arrays[name].shape == (trees, 1 + one + other)
    return first._replace(**arrays, slope=1.0, offset=0.0)


def _calibrated_leaves(scorer: Scorer) -> Any:
    return np.where(scorer.feature < 0, scorer.slope * scorer.value + scorer.offset / len(scorer.feature), 0.0)
