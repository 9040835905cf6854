"""A message in, its sentences with their moves out; the same text always gives the same result."""

from __future__ import annotations

from functools import lru_cache

from bot.marking.encoder import Encoder, default_encoder
from bot.moves.features import row
from bot.moves.head import Head, default_head
from bot.moves.model import MOVES, Sentence
from bot.moves.sentences import sentences

MOST = 3  # moves in one sentence


class MoveClassifier:
    """Reads what a member of staff wrote to a customer."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        self._encoder, self._head = encoder, head
        self.version = f"moves-{head.sha256[:12]}"

    def read(self, text: str, customer_said: str = "") -> tuple[Sentence, ...]:
        """The sentences of a message with their moves; () for a text without words."""
        return tuple(self._sentence(each) for each in sentences(text))

    def _sentence(self, text: str) -> Sentence:
        found = self._head.probabilities(row(text, self._encoder))
        margins = found - self._head.thresholds
        order = sorted(range(len(MOVES)), key=lambda place: (-float(margins[place]), place))
        kept = {MOVES[place] for place in order[:MOST] if margins[place] >= 0}
        return Sentence(
            text,
            tuple(move for move in MOVES if move in kept),
            {move: round(float(each), 4) for move, each in zip(MOVES, found)},
        )


@lru_cache(maxsize=1)
def default_classifier() -> MoveClassifier:
    """The classifier in the repository, loaded once a process."""
    return MoveClassifier(default_encoder(), default_head())
