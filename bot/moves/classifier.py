"""A message in, its sentences with their moves out; the same text always gives the same result."""

from __future__ import annotations

from functools import lru_cache

from bot.moves.cues import cued
from bot.moves.model import MOVES, Sentence
from bot.moves.sentences import sentences


class MoveClassifier:
    """Reads what a member of staff wrote to a customer."""

    version: str = "cues-1"

    def read(self, text: str, customer_said: str = "") -> tuple[Sentence, ...]:
        """The sentences of a message with their moves; () for a text without words."""
        return tuple(self._sentence(each) for each in sentences(text))

    def _sentence(self, text: str) -> Sentence:
        found = cued(text)
        return Sentence(
            text,
            tuple(move for move in MOVES if move in found),
            {move: 1.0 if move in found else 0.0 for move in MOVES},
        )


@lru_cache(maxsize=1)
def default_classifier() -> MoveClassifier:
    """The classifier in the repository, loaded once a process."""
    return MoveClassifier()
