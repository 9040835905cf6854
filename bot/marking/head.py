"""The fitted head: small boosted trees beside a logistic regression, as plain arrays evaluated with numpy."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.errors import ModelError
from bot.marking.encoder import Array
from bot.marking.shelf import Lenses

FOLDER = Path(__file__).parent / "data"
Integers = npt.NDArray[np.int32]


class Scorer(NamedTuple):
    """Trees [trees, nodes] and a line over standardised features; the mean of both logits, then a calibration."""

    feature: Integers  # -1 in a leaf
    threshold: Array
    left: Integers
    right: Integers
    value: Array
    base: float
    mean: Array  # [features]
    scale: Array
    weights: Array
    bias: float
    share: float  # of the trees in the logit
    slope: float  # calibration: slope × logit + offset
    offset: float

    def probabilities(self, rows: Array) -> Array:
        """Probabilities [n] of feature rows [n, features]."""
        count, trees = len(rows), len(self.feature)
        node = np.zeros((count, trees), dtype=np.int32)
        every, each = np.arange(trees)[None, :], np.arange(count)[:, None]
        while True:
            feature = self.feature[every, node]
            if (feature < 0).all():
                break
            below = rows[each, np.maximum(feature, 0)] <= self.threshold[every, node]
            following = np.where(below, self.left[every, node], self.right[every, node])
            node = np.where(feature < 0, node, following)
        return self.calibrated(rows, self.value[every, node].sum(axis=1))

    def calibrated(self, rows: Array, leaves: Array) -> Array:
        """Probabilities [n] of feature rows whose leaves' values sum up to `leaves` [n]."""
        boosted = leaves + self.base
        line = ((rows - self.mean) / self.scale) @ self.weights + self.bias
        logit = self.slope * (self.share * boosted + (1 - self.share) * line) + self.offset
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))), dtype=np.float32)


class Head(NamedTuple):
    """The scorers and their thresholds; `sha256` of the arrays' file, `settings` as written by the fit."""

    expectation: Scorer
    misconception: Scorer
    correct: Scorer
    contradictory: Scorer
    lenses: Lenses
    practice: Array  # [385] see `reference_features.practised`
    settings: dict[str, float]
    sha256: str


def load_head(folder: Path = FOLDER, encoder_sha256: str = "") -> Head:
    """The head of a folder: `head.npz`, and `head.json` with its SHA-256, the encoder's and the thresholds."""
    try:
        facts: dict[str, Any] = json.loads((folder / "head.json").read_text(encoding="utf-8"))
        content = (folder / "head.npz").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != facts["sha256"]:
            raise ModelError(
                f"{folder / 'head.npz'}: not the file that was fitted (its SHA-256 differs). Fetch it again."
            )
        if encoder_sha256 and encoder_sha256 != facts["encoder_sha256"]:
            raise ModelError(f"{folder / 'head.npz'}: fitted with another sentence encoder. Run tools/fit_marking.py.")
        with np.load(BytesIO(content), allow_pickle=False) as data:
            parts = [_scorer(dict(data), name) for name in ("expectation", "misconception", "correct", "contradictory")]
            points, turns, practice = (
                np.asarray(data[name], dtype=np.float32) for name in ("lens", "turn_lens", "practice")
            )
        settings = {str(key): float(value) for key, value in facts["settings"].items()}
        lenses = Lenses(points, turns)
        return Head(parts[0], parts[1], parts[2], parts[3], lenses, practice, settings, digest)
    except ModelError:
        raise
    except Exception as error:  # a damaged zip, array or JSON raises many unrelated classes
        raise ModelError(f"{folder}: the marking head is missing or damaged ({error}). Fetch it again.") from error


def _scorer(data: dict[str, Any], name: str) -> Scorer:
    def get(field: str) -> Any:
        return data[f"{name}.{field}"]

    parts: dict[str, Any] = {
        field: get(field) for field in ("feature", "threshold", "left", "right", "value", "mean", "scale", "weights")
    }
    parts |= {field: float(get(field)) for field in ("base", "bias", "share", "slope", "offset")}
    return Scorer(**parts)


def pack(scorers: dict[str, Scorer], lenses: Lenses, practice: Array) -> bytes:
    """Lenses, the line of good practice and arrays of named scorers as a `.npz` file: the same bytes for the same."""
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        lens=lenses.points,
        turn_lens=lenses.turns,
        practice=practice,
        **{
            f"{name}.{field}": np.asarray(value)
            for name, scorer in scorers.items()
            for field, value in scorer._asdict().items()
        },
    )
    return buffer.getvalue()


@lru_cache(maxsize=1)
def default_head() -> Head:
    """The head in the repository, loaded once a process."""
    from bot.marking.encoder import marking_encoder

    return load_head(FOLDER, marking_encoder().sha256)
