"""One scorer: boosted trees beside a logistic regression, its calibration, and held-out scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from bot.marking.head import Scorer

SEED = 7


def fit_scorer(
    rows: Any, truth: Any, weights: Any, signs: list[int], *, trees: int, leaves: int, rate: float, share: float
) -> Scorer:
    """Trees and a logistic regression on the same rows; not calibrated yet."""
    forest = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=25,
        l2_regularization=2.0,
        monotonic_cst=signs,
        random_state=SEED,
        early_stopping=False,
    ).fit(rows, truth, sample_weight=weights)
    scaler = StandardScaler().fit(rows)
    coefficients, bias = fit_line(scaler.transform(rows), truth, weights, signs)
    nodes = [stage[0].nodes for stage in forest._predictors]
    width = max(len(each) for each in nodes)
    shape = (len(nodes), width)
    feature, left, right = (np.full(shape, -1, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.int32))
    threshold, value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for tree, each in enumerate(nodes):
        n = len(each)
        leaf = each["is_leaf"].astype(bool)
        feature[tree, :n] = np.where(leaf, -1, each["feature_idx"].astype(np.int32))
        threshold[tree, :n] = np.where(leaf, 0.0, each["num_threshold"])
        left[tree, :n], right[tree, :n], value[tree, :n] = each["left"], each["right"], each["value"]
    return Scorer(
        feature,
        threshold,
        left,
        right,
        value,
        float(np.ravel(forest._baseline_prediction)[0]),
        scaler.mean_.astype(np.float32),
        scaler.scale_.astype(np.float32),
        coefficients.astype(np.float32),
        bias,
        share,
        1.0,
        0.0,
    )


def fit_line(rows: Any, truth: Any, weights: Any, signs: list[int]) -> tuple[Any, float]:
    """Logistic regression whose weights keep their signs, so that more agreement can never count against an answer."""
    heavy = weights / weights.sum()

    def loss(theta: Any) -> tuple[float, Any]:
        z = rows @ theta[:-1] + theta[-1]
        p = 1 / (1 + np.exp(-z))
        ridge = 2e-4
        value = float((heavy * (np.logaddexp(0, z) - truth * z)).sum() + ridge * (theta[:-1] ** 2).sum())
        error = heavy * (p - truth)
        return value, np.append(rows.T @ error + 2 * ridge * theta[:-1], error.sum())

    bounds = [{1: (0, None), -1: (None, 0), 0: (None, None)}[sign] for sign in signs] + [(None, None)]
    found = minimize(
        loss, np.zeros(rows.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 500}
    )
    return found.x[:-1], float(found.x[-1])


def logit(p: Any) -> Any:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def platt(scores: Any, truth: Any, weights: Any) -> tuple[float, float]:
    """Slope and offset of Platt's calibration of scores."""
    line = LogisticRegression(C=1e6).fit(logit(scores)[:, None], truth, sample_weight=weights)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def moved(scores: Any, slope: float, offset: float) -> Any:
    """Scores calibrated."""
    return 1 / (1 + np.exp(-(slope * logit(scores) + offset)))


def calibrated(scorer: Scorer, scores: Any, truth: Any, weights: Any) -> tuple[Scorer, Any]:
    """The scorer with the calibration of held-out scores, and those scores calibrated."""
    slope, offset = platt(scores, truth, weights)
    return scorer._replace(slope=slope, offset=offset), moved(scores, slope, offset)


def held_out(fit: Any, first: Any, second: Any, truth: Any, groups: Any, folds: int) -> Any:
    """The better score of two candidates of every row, by a scorer that saw nothing of its group.

    `fit` takes the numbers of rows.
    """
    scores = np.zeros(len(first))
    for train, test in GroupKFold(folds).split(first, truth, groups):
        scorer = fit(train)
        scores[test] = np.maximum(scorer.probabilities(first[test]), scorer.probabilities(second[test]))
    return scores


def ece(p: Any, truth: Any, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(p[place == b].mean() - truth[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        )
    )
