"""The intent classifier's fit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from bot.nlu import linear
from bot.nlu.linear import Row


@pytest.mark.parametrize("labels", [2, 5])
def test_the_fit_is_that_of_scikit_learns_logistic_regression(labels: int) -> None:
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    dice = np.random.default_rng(3)
    y = np.minimum(dice.integers(0, labels + 2, 300), labels - 1)  # the last label has more examples
    rows = []
    for label in y:
        places = np.unique(np.concatenate([dice.integers(0, 60, 6), label * 4 + dice.integers(0, 4, 2)]))
        dense = dice.normal(size=8) / 3
        dense[label] += 0.4
        rows.append(Row(places, np.full(places.size, 0.4, dtype=np.float32), dense.astype(np.float32)))
    matrix = linear._matrix(rows, np.arange(60))
    weights, bias = linear._weights(matrix, y, labels, 4.0, 200)
    ours = linear.softmax(matrix.scores(weights).astype(np.float64) + bias)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = LogisticRegression(C=4.0, class_weight="balanced", max_iter=200, tol=1e-3)
        theirs.fit(hstack([matrix.sparse, csr_matrix(matrix.dense)]).tocsr(), y)
    expected = theirs.predict_proba(hstack([matrix.sparse, csr_matrix(matrix.dense)]).tocsr())
    assert np.abs(ours - expected).max() < 0.01


def test_what_is_left_off_at_the_end_of_a_row_counts_as_on_average() -> None:
    dice = np.random.default_rng(5)
    none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    rows = [Row(*none, (dice.normal(size=3) + [label, 0, 5 * label]).astype(np.float32)) for label in (0, 1) * 20]
    model = linear.fit(rows, ["a", "b"] * 20, 1.0)
    short, whole = Row(*none, rows[0].dense[:2]), Row(*none, np.append(rows[0].dense[:2], model.mean[2]))
    assert model.probability("a", short) == pytest.approx(model.probability("a", whole))
