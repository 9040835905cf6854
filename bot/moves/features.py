"""What the head sees of one sentence: its words and letter groups, two sentence vectors, and the cues."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bot.marking.encoder import DIMENSIONS, Array, Encoder
from bot.moves.cues import CUES, EXTRA, cues
from bot.moves.wording import letter_groups, plain, word_groups, words

VECTOR_WEIGHT = 1.0  # of the encoder's last layer
MIDDLE_WEIGHT = 2.0  # of layer 4 of 6, which knows more of form and less of topic
CUE_WEIGHT = 0.5
WORD_WEIGHT = 1.5
WIDTH = 2 * DIMENSIONS + len(CUES) + len(EXTRA)


class Row(NamedTuple):
    """The features of one sentence; `dense` is [WIDTH]."""

    words: frozenset[str]
    letters: frozenset[str]
    dense: Array


def row(text: str, encoder: Encoder) -> Row:
    """The features of a sentence."""
    low = plain(text)
    tokens = words(low)
    encoded = encoder.encoded(low)
    middle = encoded.middle.mean(axis=0) if len(encoded.middle) else np.zeros(DIMENSIONS, dtype=np.float32)
    middle = middle / max(float(np.linalg.norm(middle)), 1e-9)
    dense = np.concatenate(
        [
            encoded.vector * VECTOR_WEIGHT,
            middle * MIDDLE_WEIGHT,
            np.asarray(cues(text, low), dtype=np.float32) * CUE_WEIGHT,
        ]
    )
    return Row(frozenset(word_groups(tokens)), frozenset(letter_groups(tokens)), dense.astype(np.float32))
