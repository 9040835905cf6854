"""Forests as scorers: the same probabilities as scikit-learn's, and one scorer made of two."""

from __future__ import annotations

import sys

import numpy as np

from bot.settings import ROOT

sys.path.insert(0, str(ROOT / "tools"))
from fit_forest import fit_forest, put_before


def rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.RandomState(seed)
    values = dice.normal(size=(300, 4)).astype(np.float32)
    return values, (values[:, 1] + 0.5 * dice.normal(size=300) > 0).astype(int)


def test_a_forest_tells_what_it_was_fitted_on() -> None:
    values, truth = rows(1)
    scorer = fit_forest(values, truth, np.ones(300), [0, 1, 2], trees=20, leaf=5)
    unseen, right = rows(2)
    assert ((scorer.probabilities(unseen) > 0.5) == right).mean() > 0.75
    unseen[:, 3] += 100  # a column it does not look at
    assert ((scorer.probabilities(unseen) > 0.5) == right).mean() > 0.75


def test_one_scorer_of_two_gives_each_row_its_own_calibrated_probability() -> None:
    values, truth = rows(1)
    one = fit_forest(values, truth, np.ones(300), [0, 1], trees=20, leaf=5)._replace(slope=1.5, offset=-0.3)
    two = fit_forest(values, 1 - truth, np.ones(300), [1, 2], trees=20, leaf=20)._replace(slope=0.7, offset=0.2)
    both = put_before(one, two, column=3, cut=0.0)
    unseen, _ = rows(3)
    wanted = np.where(unseen[:, 3] <= 0, one.probabilities(unseen), two.probabilities(unseen))
    np.testing.assert_allclose(both.probabilities(unseen), wanted, atol=1e-5)
