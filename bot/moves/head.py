"""The fitted head: one logistic regression a move over the features, as plain arrays with their hash."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bot.errors import ModelError
from bot.marking.encoder import Array
from bot.moves.features import WIDTH, WORD_WEIGHT, Row
from bot.moves.model import MOVES

FOLDER = Path(__file__).parent / "data"
ARRAYS = ("word_weights", "letter_weights", "dense", "bias", "thresholds")


class Head(NamedTuple):
    """Weights of word groups, letter groups and dense features for each move, and the probability each needs."""

    words: dict[str, int]
    letters: dict[str, int]
    word_weights: Array  # [words, moves]
    letter_weights: Array  # [letters, moves]
    dense: Array  # [WIDTH, moves]
    bias: Array  # [moves]
    thresholds: Array  # [moves]
    sha256: str = ""

    def probabilities(self, row: Row) -> Array:
        """Probability of each move, in the order of `MOVES`."""
        scores = self.bias + row.dense @ self.dense
        for found, places, weights, weight in (
            (row.words, self.words, self.word_weights, WORD_WEIGHT),
            (row.letters, self.letters, self.letter_weights, 1.0),
        ):
            known = sorted(places[each] for each in found if each in places)
            if known:
                scores = scores + weights[known].sum(axis=0) * np.float32(weight / np.sqrt(len(known)))
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), dtype=np.float32)


def pack(head: Head) -> bytes:
    """The head as the bytes of a `.npz` file, the same for the same values; nothing in it is code."""
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        words=_lines(head.words),
        letters=_lines(head.letters),
        word_weights=head.word_weights.astype(np.float16),
        letter_weights=head.letter_weights.astype(np.float16),
        dense=head.dense.astype(np.float32),
        bias=head.bias.astype(np.float32),
        thresholds=head.thresholds.astype(np.float32),
    )
    return buffer.getvalue()


def load_head(folder: Path = FOLDER, encoder_sha256: str = "") -> Head:
    """The head of a folder: `moves.npz`, and `moves.json` with its SHA-256 and the encoder's; else ModelError."""
    try:
        facts: dict[str, Any] = json.loads((folder / "moves.json").read_text(encoding="utf-8"))
        content = (folder / "moves.npz").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != facts["sha256"]:
            raise ModelError(
                f"{folder / 'moves.npz'}: not the file that was fitted (its SHA-256 differs). Fetch it again."
            )
        if encoder_sha256 and encoder_sha256 != facts["encoder_sha256"]:
            raise ModelError(f"{folder / 'moves.npz'}: fitted with another sentence encoder. Run tools/fit_moves.py.")
        with np.load(BytesIO(content), allow_pickle=False) as data:
            arrays: dict[str, Any] = {name: np.asarray(data[name], dtype=np.float32) for name in ARRAYS}
            head = Head(words=_places(data["words"]), letters=_places(data["letters"]), sha256=digest, **arrays)
    except ModelError:
        raise
    except Exception as error:  # a damaged zip, array or JSON raises many unrelated classes
        raise ModelError(f"{folder}: the moves' head is missing or damaged ({error}). Fetch it again.") from error
    if head.dense.shape != (WIDTH, len(MOVES)) or facts.get("moves") != list(MOVES):
        raise ModelError(f"{folder / 'moves.npz'}: fitted for other features or moves. Run tools/fit_moves.py.")
    return head


def _lines(places: dict[str, int]) -> Any:
    text = "\n".join(sorted(places, key=places.__getitem__))
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _places(lines: Any) -> dict[str, int]:
    text = bytes(lines).decode("utf-8")
    return {each: place for place, each in enumerate(text.split("\n"))} if text else {}


@lru_cache(maxsize=1)
def default_head() -> Head:
    """The head in the repository, loaded once a process."""
    from bot.marking.encoder import default_encoder

    return load_head(FOLDER, default_encoder().sha256)
