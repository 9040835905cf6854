"""The moves and what reading a message returns."""

from __future__ import annotations

import msgspec

MOVES: tuple[str, ...] = (
    "greet", "ask", "acknowledge", "empathise", "apologise", "take_ownership", "reassure", "inform", "explain_limit",
    "offer_alternative", "vary_within_guidelines", "say_no", "refer_on", "promise", "overpromise", "add_value",
    "invite_feedback", "thank", "close", "blame", "dismiss", "argue", "jargon", "rude", "ignore",
)  # fmt: skip


class Sentence(msgspec.Struct, frozen=True):
    """One sentence in the learner's own words, its moves in the order of `MOVES` (often none), and each probability."""

    text: str
    moves: tuple[str, ...]
    probabilities: dict[str, float]
