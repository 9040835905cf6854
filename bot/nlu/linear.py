"""Multinomial logistic regression: fitted with scikit-learn at training, plain numpy afterwards."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.errors import ModelError

Floats = npt.NDArray[np.float32]
HELD_OUT = 3  # one example in so many is kept for the temperature
STEPS, STEPS_FOR_TEMPERATURE = 30, 15  # held-out accuracy does not rise after 30 steps of L-BFGS
SEEN_OFTEN = 2  # n-grams of one example alone teach nothing
FEWEST_FOR_TEMPERATURE = 8  # examples a label needs before its held-out confidences mean anything


class Row(NamedTuple):
    """The features of one message: a sparse vector as places and values, and a dense one (each may be empty)."""

    places: npt.NDArray[np.int64]
    values: Floats
    dense: Floats


class LinearModel:
    """Weights [features, labels], bias [labels] and the temperature that makes the confidences honest."""

    def __init__(self, labels: Sequence[str], sparse: Floats, dense: Floats, bias: Floats, temperature: float) -> None:
        self.labels = tuple(labels)
        self.sparse, self.dense, self.bias, self.temperature = sparse, dense, bias, temperature

    def probabilities(self, row: Row) -> Floats:
        """Calibrated probability of each label, in the order of `labels`; places the model never saw are ignored."""
        scores = self.bias.astype(np.float64)
        known = row.places < self.sparse.shape[0]
        if known.any():
            scores = scores + row.values[known] @ self.sparse[row.places[known]]
        if row.dense.shape[0] == self.dense.shape[0]:
            scores = scores + row.dense @ self.dense
        return softmax(scores[None, :] / self.temperature)[0]

    def probability(self, label: str, row: Row) -> float:
        """Calibrated probability of one label; 0 for a label it was not fitted on."""
        return float(self.probabilities(row)[self.labels.index(label)]) if label in self.labels else 0.0

    def save(self, path: Path) -> None:
        """Write the arrays; nothing in the file is code."""
        np.savez_compressed(
            path, labels=np.array(self.labels), sparse=self.sparse.astype(np.float16), dense=self.dense,
            bias=self.bias, temperature=np.float64(self.temperature),
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Read what `save` wrote; ModelError if it cannot be used."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(
                    [str(label) for label in file["labels"]],
                    file["sparse"].astype(np.float32), file["dense"], file["bias"], float(file["temperature"]),
                )  # fmt: skip
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{path}: the intent model cannot be read ({error}). Train again.") from error


def softmax(scores: npt.NDArray[np.float64]) -> Floats:
    """Row-wise softmax."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)


def fit(rows: Sequence[Row], labels: Sequence[str], strength: float, seed: int = 7) -> LinearModel:
    """Fit on all rows; `strength` is scikit-learn's C. The temperature comes from a held-out third."""
    names = sorted(set(labels))
    if len(names) < 2:
        raise ModelError("An intent model needs examples of at least two intents.")
    width = 1 + max((int(row.places.max()) for row in rows if row.places.size), default=-1)
    seen = np.bincount(np.concatenate([row.places for row in rows]), minlength=width)
    used = np.flatnonzero(seen >= SEEN_OFTEN)
    matrix = _matrix(rows, used)
    y = np.array([names.index(label) for label in labels])
    temperature = _temperature(matrix, y, strength, seed)
    weights, bias = _weights(matrix, y, len(names), strength, STEPS)
    sparse = np.zeros((width, len(names)), dtype=np.float32)
    sparse[used] = weights[: used.size]
    return LinearModel(names, sparse, weights[used.size :], bias, temperature)


def _matrix(rows: Sequence[Row], used: npt.NDArray[np.int64]) -> Any:
    """Rows side by side; only the places in use are columns."""
    from scipy.sparse import csr_matrix, hstack

    indptr = np.cumsum([0, *(row.places.size for row in rows)])
    places = np.concatenate([row.places for row in rows])
    values = np.concatenate([row.values for row in rows])
    sparse = csr_matrix(
        (values, places, indptr), shape=(len(rows), max(int(places.max(initial=-1)), used.max(initial=-1)) + 1)
    )
    sparse = sparse.tocsc()[:, used].tocsr()
    return hstack([sparse, csr_matrix(np.stack([row.dense for row in rows]))]).tocsr()


def _weights(matrix: Any, y: npt.NDArray[np.int64], labels: int, strength: float, steps: int) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression  # training only: slow to import

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=steps, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "did not converge": the steps are chosen, see STEPS
        model.fit(matrix, y)
    coefficients, intercept = model.coef_, model.intercept_
    if labels == 2:  # scikit-learn keeps one row for two labels
        coefficients, intercept = (
            np.vstack([-coefficients, coefficients]) / 2,
            np.concatenate([-intercept, intercept]) / 2,
        )
    return coefficients.T.astype(np.float32), intercept.astype(np.float32)


def _temperature(matrix: Any, y: npt.NDArray[np.int64], strength: float, seed: int) -> float:
    """The divisor of the scores with the least log loss on a held-out third; 1 where examples are too few."""
    counts = np.bincount(y)
    if counts.min() < FEWEST_FOR_TEMPERATURE:
        return 1.0
    held = np.random.default_rng(seed).permutation(len(y)) % HELD_OUT == 0
    if len(np.unique(y[~held])) < len(counts):
        return 1.0
    weights, bias = _weights(matrix[~held], y[~held], len(counts), strength, STEPS_FOR_TEMPERATURE)
    scores, truth = matrix[held] @ weights + bias, y[held]
    candidates = np.geomspace(0.25, 4.0, 41)
    losses = [-np.log(np.maximum(softmax(scores / t)[np.arange(len(truth)), truth], 1e-9)).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])
