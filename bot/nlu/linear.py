"""Multinomial logistic regression: fitted with scikit-learn at training, plain numpy afterwards."""

from __future__ import annotations

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


class Matrix(NamedTuple):
    """The rows of all examples: sparse [n, places in use] with its transpose ready, and dense [n, m]."""

    sparse: Any
    turned: Any
    dense: Floats

    def some(self, which: npt.NDArray[np.bool_]) -> Matrix:
        """The rows that are True in `which`."""
        sparse = self.sparse[which]
        return Matrix(sparse, sparse.T.tocsr(), self.dense[which])

    def scores(self, weights: Floats) -> Floats:
        """The rows times weights [places in use + m, labels]."""
        width = self.sparse.shape[1]
        made: Floats = self.sparse @ weights[:width] + self.dense @ weights[width:]
        return made


def _matrix(rows: Sequence[Row], used: npt.NDArray[np.int64]) -> Matrix:
    """All rows; only the places in use are columns."""
    from scipy.sparse import csr_matrix

    indptr = np.cumsum([0, *(row.places.size for row in rows)])
    places = np.concatenate([row.places for row in rows])
    values = np.concatenate([row.values for row in rows])
    sparse = csr_matrix(
        (values, places, indptr), shape=(len(rows), max(int(places.max(initial=-1)), used.max(initial=-1)) + 1)
    )
    sparse = sparse.tocsc()[:, used].tocsr().astype(np.float32)
    return Matrix(sparse, sparse.T.tocsr(), np.stack([row.dense for row in rows]).astype(np.float32))


def _weights(
    matrix: Matrix, y: npt.NDArray[np.int64], labels: int, strength: float, steps: int
) -> tuple[Floats, Floats]:
    """scikit-learn's LogisticRegression(C=strength, class_weight="balanced"), with sparse and dense features apart.

    Together they have to be one sparse matrix there, in which the dense vectors cost ten times as much.
    """
    from scipy.optimize import minimize  # training only: slow to import

    n, width = matrix.dense.shape[0], matrix.sparse.shape[1] + matrix.dense.shape[1]
    weight = (n / (labels * np.bincount(y, minlength=labels)))[y].astype(np.float32)
    # Of two labels scikit-learn fits one row, which is as far from zero as two rows with twice the penalty.
    penalty = (2.0 if labels == 2 else 1.0) / strength
    everyone = np.arange(n)

    def loss_and_gradient(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        both = flat.reshape(width + 1, labels)
        scores = matrix.scores(both[:width].astype(np.float32)) + both[width].astype(np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        sums = chances.sum(axis=1, keepdims=True)
        loss = float(weight @ (np.log(sums[:, 0]) - scores[everyone, y]))
        off = chances / sums
        off[everyone, y] -= 1.0
        off *= weight[:, None]
        gradient = np.empty_like(both)
        gradient[: matrix.sparse.shape[1]] = matrix.turned @ off
        gradient[matrix.sparse.shape[1] : width] = matrix.dense.T @ off
        gradient[:width] += penalty * both[:width]
        gradient[width] = off.sum(axis=0)
        loss += 0.5 * penalty * float((both[:width] ** 2).sum())
        return loss * strength, gradient.ravel() * strength

    found = minimize(
        loss_and_gradient,
        np.zeros((width + 1) * labels),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "gtol": 1e-3},
    )
    both = found.x.reshape(width + 1, labels).astype(np.float32)
    return both[:width], both[width]


def _temperature(matrix: Matrix, y: npt.NDArray[np.int64], strength: float, seed: int) -> float:
    """The divisor of the scores with the least log loss on a held-out third; 1 where examples are too few."""
    counts = np.bincount(y)
    if counts.min() < FEWEST_FOR_TEMPERATURE:
        return 1.0
    held = np.random.default_rng(seed).permutation(len(y)) % HELD_OUT == 0
    if len(np.unique(y[~held])) < len(counts):
        return 1.0
    weights, bias = _weights(matrix.some(~held), y[~held], len(counts), strength, STEPS_FOR_TEMPERATURE)
    scores, truth = matrix.some(held).scores(weights).astype(np.float64) + bias, y[held]
    candidates = np.geomspace(0.25, 4.0, 41)
    losses = [-np.log(np.maximum(softmax(scores / t)[np.arange(len(truth)), truth], 1e-9)).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])
