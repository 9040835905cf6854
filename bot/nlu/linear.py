"""Multinomial logistic regression: fitted with scikit-learn at training, plain numpy afterwards."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.errors import ModelError

Floats = npt.NDArray[np.float32]
STEPS = 15  # held-out accuracy does not rise after 15 steps of L-BFGS
REMEMBERED = 8  # steps whose curvature L-BFGS goes by
LEAST_GAIN, HALVINGS = 1e-4, 20  # of a step: the share of what its slope promises, and how often it may be halved
SEEN_OFTEN = 2  # n-grams of one example alone teach nothing


class Row(NamedTuple):
    """The features of one message: a sparse vector as places and values, and a dense one.

    Each may be empty; of the dense one the end may be left off, and then counts as on average.
    """

    places: npt.NDArray[np.int64]
    values: Floats
    dense: Floats


class LinearModel:
    """Weights [features, labels], bias [labels] and the temperature that makes the confidences honest.

    `mean` [dense features] is the average of the examples, which counts as nothing.
    """

    def __init__(
        self, labels: Sequence[str], sparse: Floats, dense: Floats, mean: Floats, bias: Floats, temperature: float
    ) -> None:
        self.labels = tuple(labels)
        self.sparse, self.dense, self.mean, self.bias, self.temperature = sparse, dense, mean, bias, temperature

    def probabilities(self, row: Row) -> Floats:
        """Calibrated probability of each label, in the order of `labels`; places the model never saw are ignored."""
        scores = self.bias.astype(np.float64)
        known = row.places < self.sparse.shape[0]
        if known.any():
            scores = scores + row.values[known] @ self.sparse[row.places[known]]
        there = row.dense.shape[0]
        scores = scores + (row.dense - self.mean[:there]) @ self.dense[:there]
        return softmax(scores[None, :] / self.temperature)[0]

    def probability(self, label: str, row: Row) -> float:
        """Calibrated probability of one label; 0 for a label it was not fitted on."""
        return float(self.probabilities(row)[self.labels.index(label)]) if label in self.labels else 0.0

    def save(self, path: Path) -> None:
        """Write the arrays; nothing in the file is code."""
        np.savez_compressed(
            path, labels=np.array(self.labels), sparse=self.sparse.astype(np.float16), dense=self.dense,
            mean=self.mean, bias=self.bias, temperature=np.float64(self.temperature),
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Read what `save` wrote; ModelError if it cannot be used."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(
                    [str(label) for label in file["labels"]],
                    file["sparse"].astype(np.float32), file["dense"], file["mean"], file["bias"],
                    float(file["temperature"]),
                )  # fmt: skip
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{path}: the intent model cannot be read ({error}). Train again.") from error


def softmax(scores: npt.NDArray[np.float64]) -> Floats:
    """Row-wise softmax."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)


def fit(rows: Sequence[Row], labels: Sequence[str], strength: float, temperature: float = 1.0) -> LinearModel:
    """Fit on all rows; `strength` is scikit-learn's C, `temperature` what held-out confidences have to be damped by."""
    names = sorted(set(labels))
    if len(names) < 2:
        raise ModelError("An intent model needs examples of at least two intents.")
    width = 1 + max((int(row.places.max()) for row in rows if row.places.size), default=-1)
    seen = np.bincount(np.concatenate([row.places for row in rows]), minlength=width)
    used = np.flatnonzero(seen >= SEEN_OFTEN)
    number = {name: i for i, name in enumerate(names)}
    matrix, mean = _centred(_matrix(rows, used))
    weights, bias = _weights(matrix, np.array([number[label] for label in labels]), len(names), strength)
    sparse = np.zeros((width, len(names)), dtype=np.float32)
    sparse[used] = weights[: used.size]
    return LinearModel(names, sparse, weights[used.size :], mean, bias, temperature)


class Matrix(NamedTuple):
    """The rows of all examples: sparse [n, places in use] with its transpose ready, and dense [n, m]."""

    sparse: Any
    turned: Any
    dense: Floats

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


def _centred(matrix: Matrix) -> tuple[Matrix, Floats]:
    """With dense features around zero, and what was taken off them: a fit gets there in half the steps."""
    mean = matrix.dense.mean(axis=0)
    return matrix._replace(dense=matrix.dense - mean), mean


def _weights(
    matrix: Matrix, y: npt.NDArray[np.int64], labels: int, strength: float, steps: int = STEPS
) -> tuple[Floats, Floats]:
    """scikit-learn's LogisticRegression(C=strength, class_weight="balanced"), with sparse and dense features apart.

    Together they have to be one sparse matrix there, in which the dense vectors cost ten times as much.
    """
    n, sparse = matrix.sparse.shape
    width = sparse + matrix.dense.shape[1]
    weight = (n / (labels * np.bincount(y, minlength=labels)))[y].astype(np.float32)
    # Of two labels scikit-learn fits one row, which is as far from zero as two rows with twice the penalty.
    penalty = np.float32((2.0 if labels == 2 else 1.0) / strength)
    everyone = np.arange(n)

    # Each feature by its own curvature where the fit begins: n-grams are rare, signs are not.
    often = np.concatenate([matrix.sparse.power(2).T @ weight, (matrix.dense**2).T @ weight, [weight.sum()]])
    scale = ((labels - 1) / labels**2 * often + float(penalty)).astype(np.float32)[:, None] ** -0.5

    def loss_and_slope(scaled: Floats) -> tuple[float, Floats]:
        both = scaled * scale
        scores = matrix.scores(both[:width]) + both[width]
        scores -= scores.max(axis=1, keepdims=True)
        right = scores[everyone, y]
        chances = np.exp(scores, out=scores)
        sums = chances.sum(axis=1, keepdims=True)
        loss = float((weight * (np.log(sums[:, 0]) - right)).sum(dtype=np.float64))
        chances /= sums
        chances[everyone, y] -= 1.0
        chances *= weight[:, None]
        slope = np.empty_like(both)
        slope[:sparse] = matrix.turned @ chances
        slope[sparse:width] = matrix.dense.T @ chances
        slope[:width] += penalty * both[:width]
        slope[width] = chances.sum(axis=0)
        return loss + 0.5 * float(penalty) * _product(both[:width], both[:width]), slope * scale

    both = scale * _least(loss_and_slope, np.zeros((width + 1, labels), dtype=np.float32), steps)
    return both[:width], both[width]


def _least(loss_and_slope: Callable[[Floats], tuple[float, Floats]], at: Floats, steps: int) -> Floats:
    """L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) in single precision, which halves scipy's time."""
    loss, slope = loss_and_slope(at)
    steps_and_turns: deque[tuple[Floats, Floats, float]] = deque(maxlen=REMEMBERED)
    for _ in range(steps):
        way = _downhill(slope, steps_and_turns)
        promised = _product(way, slope)
        length = 1.0 if steps_and_turns else 1.0 / max(1.0, _product(slope, slope) ** 0.5)
        for _ in range(HALVINGS):
            step = way * np.float32(length)
            new_loss, new_slope = loss_and_slope(at + step)
            if new_loss <= loss + LEAST_GAIN * length * promised:
                break
            length /= 2
        else:
            return at
        turn = new_slope - slope
        if (curve := _product(step, turn)) > 0.0:
            steps_and_turns.append((step, turn, curve))
        at, loss, slope = at + step, new_loss, new_slope
    return at


def _downhill(slope: Floats, steps_and_turns: deque[tuple[Floats, Floats, float]]) -> Floats:
    """The way down that the remembered steps, and what the slope did in them, tell."""
    way = -slope
    shares: list[float] = []
    for step, turn, curve in reversed(steps_and_turns):
        shares.append(_product(step, way) / curve)
        way -= np.float32(shares[-1]) * turn
    if steps_and_turns:
        _, turn, curve = steps_and_turns[-1]
        way *= np.float32(curve / _product(turn, turn))
    for (step, turn, curve), share in zip(steps_and_turns, reversed(shares)):
        way += np.float32(share - _product(turn, way) / curve) * step
    return way


def _product(one: Floats, other: Floats) -> float:
    return float(np.dot(one.ravel(), other.ravel()))
