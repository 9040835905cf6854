"""A message in, its sentences with their moves out; the same text always gives the same result."""

from __future__ import annotations

from functools import lru_cache

from bot.marking.encoder import Array, Encoder, default_encoder
from bot.moves.features import row
from bot.moves.head import Head, default_head
from bot.moves.model import MOVES, Sentence
from bot.moves.sentences import sentences

MOST = 3  # moves in one sentence
FIRST = 0.22  # probability the likeliest move needs; further ones need more, for most sentences make one move
SURE = 0.8  # a sales talk on the customer's own subject still turns away from what they said
ON_TOPIC = 0.45  # cosine of sentence vectors; small talk about another thing stays under 0.3


class MoveClassifier:
    """Reads what a member of staff wrote to a customer."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        self._encoder, self._head = encoder, head
        self.version = f"moves-{head.sha256[:12]}"

    def read(self, text: str, customer_said: str = "") -> tuple[Sentence, ...]:
        """The sentences of a message with their moves; () for a text without words."""
        return tuple(self._sentence(each, customer_said) for each in sentences(text))

    def _sentence(self, text: str, customer_said: str) -> Sentence:
        found = self._head.probabilities(row(text, self._encoder))
        kept = {MOVES[place] for place in chosen(found, self._head.thresholds)}
        if "ignore" in kept and found[MOVES.index("ignore")] < SURE and self._on_topic(text, customer_said):
            kept.remove("ignore")
        return Sentence(
            text,
            tuple(move for move in MOVES if move in kept),
            {move: round(float(each), 4) for move, each in zip(MOVES, found)},
        )

    def _on_topic(self, text: str, customer_said: str) -> bool:
        """Whether the sentence speaks of what the customer has just spoken of."""
        if not customer_said.strip():
            return False
        one, other = self._encoder.encode([text, customer_said])
        return float(one @ other) >= ON_TOPIC


def chosen(found: Array, thresholds: Array) -> list[int]:
    """Places of the moves that count: the likeliest from FIRST on, others from their own threshold on, MOST at most."""
    order = sorted(range(len(MOVES)), key=lambda place: (-float(found[place]), place))
    return [p for p in order[:MOST] if found[p] >= (FIRST if p == order[0] else thresholds[p])]


@lru_cache(maxsize=1)
def default_classifier() -> MoveClassifier:
    """The classifier in the repository, loaded once a process."""
    return MoveClassifier(default_encoder(), default_head())
