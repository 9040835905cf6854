"""The promises of the interface."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moves.classifier import default_classifier
from bot.moves.model import MOVES


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_a_text_without_words_has_no_sentences(text: str) -> None:
    assert default_classifier().read(text) == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_result_and_always_the_same(text: str) -> None:
    first = default_classifier().read(text)
    assert first == default_classifier().read(text)
    for sentence in first:
        assert set(sentence.probabilities) == set(MOVES)
        assert list(sentence.moves) == [move for move in MOVES if move in sentence.moves]


def test_sentences_keep_the_learners_words_and_one_sentence_may_hold_two_moves() -> None:
    one, other = default_classifier().read("sorry about that, ill pass you to my manager. Is there anything else?")
    assert one.text == "sorry about that, ill pass you to my manager."
    assert {"apologise", "refer_on"} <= set(one.moves)
    assert "close" in other.moves
