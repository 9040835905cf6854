"""Short answers: a filled gap, a named option."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.coaching.gaps import fills_gap, option_named, plain
from bot.syllabus.model import Option

ANSWERS = ("advertising", "adverts", "pay attention")
OPTIONS = (
    Option("a", "Keeping regulars happy", True, ""),
    Option("b", "Printing leaflets", False, ""),
    Option("c", "Raising prices", False, ""),
)


@pytest.mark.parametrize(
    "text",
    ["advertising", "Adverts!", "advertsing", "its for the adverts", "ADVERTISEING", "pay attention", "pay atention"],
)
def test_a_word_fills_the_gap_spelling_and_case_aside(text: str) -> None:
    assert fills_gap(text, ANSWERS)


@pytest.mark.parametrize(
    "text", ["", "  ", "?!", "not adverts", "no adverts", "they never pay attention", "trust", "pay", "adverts " * 26]
)
def test_a_negation_another_word_or_a_long_text_does_not(text: str) -> None:
    assert not fills_gap(text, ANSWERS)


def test_a_short_word_must_be_spelt_right() -> None:
    assert fills_gap("ask", ("ask",)) and not fills_gap("ark", ("ask",))


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("b", "b"),
        ("B)", "b"),
        ("option b", "b"),
        ("the b one", "b"),
        ("2", "b"),
        ("printing leaflets", "b"),
        ("printng leaflets", "b"),
        ("raising the prices", "c"),
    ],
)
def test_an_option_is_named_by_letter_number_or_words(text: str, option: str) -> None:
    assert option_named(text, OPTIONS) == option


@pytest.mark.parametrize("text", ["", "d", "5", "x", "i think it is something else", "a or b"])
def test_what_names_no_option_is_none(text: str) -> None:
    assert option_named(text, OPTIONS) is None


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    fills_gap(text, ANSWERS)
    assert option_named(text, OPTIONS) in {None, "a", "b", "c"}
    assert plain(plain(text)) == plain(text)


def test_an_options_own_words_name_it_even_where_another_option_holds_them_all() -> None:
    options = (
        Option("a", "Ask customers in a survey", True, ""),
        Option("b", "Ask customers in a survey once", False, ""),
    )
    assert [option_named(o.text, options) for o in options] == ["a", "b"]
