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


def moves_of(text: str, customer_said: str = "") -> set[str]:
    return {move for sentence in default_classifier().read(text, customer_said) for move in sentence.moves}


def test_whom_a_message_is_to_and_who_signed_it_change_nothing() -> None:
    plain, signed = "Please send us your order number.", "@jenny_b Please send us your order number. -KC"
    assert moves_of(plain) == moves_of(signed) == {"ask"}
    assert len(default_classifier().read(signed)) == 1


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        ("sorry, one moment", set()),
        ("sorry for the delay", {"apologise"}),
        ("I'm sorry to hear that", {"empathise"}),
        ("Unfortunately we don't deliver on Sundays", {"explain_limit"}),
        ("the courier is late because of the snow", {"inform"}),
        ("let me check that for you", set()),
        ("leave it with me", {"take_ownership"}),
        ("i'll ring you back at 4", {"promise"}),
        ("is there anything else i can help with?", {"close"}),
        ("would Thursday do instead?", {"offer_alternative"}),
    ],
)
def test_the_fine_distinctions_of_the_guide(text: str, moves: set[str]) -> None:
    assert moves_of(text) == moves


def test_a_stop_in_an_abbreviation_or_a_time_ends_no_sentence() -> None:
    read = default_classifier().read("I'll ring Mr. Shah at 3.30 p.m. tomorrow. ok?")
    assert [sentence.text for sentence in read] == ["I'll ring Mr. Shah at 3.30 p.m. tomorrow.", "ok?"]
