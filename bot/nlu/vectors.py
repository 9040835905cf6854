"""What the classifiers see of the sentence encoder: the whole text, and its middle layer, where wording still shows."""

from __future__ import annotations

import numpy as np

from bot.marking.encoder import DIMENSIONS, Array, Encoded

ENDS = 2  # tokens that count as the beginning and as the end of a text
WEIGHTS = (1.0, 1.4, 0.7, 0.7)  # of the whole, the middle layer, its beginning, its end; by cross-validation
WIDTH = DIMENSIONS * len(WEIGHTS)


def of(encoded: Encoded) -> Array:
    """The vector [WIDTH] of one text."""
    middle = encoded.middle if len(encoded.middle) else np.zeros((1, DIMENSIONS), dtype=np.float32)
    parts = encoded.vector, middle.mean(axis=0), middle[:ENDS].mean(axis=0), middle[-ENDS:].mean(axis=0)
    return np.concatenate([part * weight for part, weight in zip(parts, WEIGHTS)]).astype(np.float32)
