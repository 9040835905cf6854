"""The classifier's own word and letter features."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu import ngrams


@given(st.text(alphabet="ab é'-_4\t?", max_size=30))
def test_they_are_those_of_rasas_count_vectors(text: str) -> None:
    from sklearn.feature_extraction.text import CountVectorizer  # what Rasa counts with

    words = CountVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2))
    letters = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    made = ngrams.joined(text.split())
    expected: list[str] = [f"\x00{gram}" for gram in words.build_analyzer()(made)] + list(
        letters.build_analyzer()(made)
    )
    assert sorted(ngrams.grams(made).elements()) == sorted(expected)


def test_numbers_are_alike_and_case_makes_no_difference() -> None:
    assert ngrams.joined(["Quiz", "4.9", "B15"]) == "quiz __number__.__number__ b15"


@pytest.mark.parametrize("gram", ["\x00hint", "\x00please hint", " hi"])
def test_every_word_is_kept_and_letters_that_stand_in_two_texts(gram: str) -> None:
    kept = ngrams.vocabulary(["please hint", "hi all"])
    assert gram in kept and "leas" not in kept


def test_places_are_those_of_the_vocabulary_in_order() -> None:
    terms = ngrams.vocabulary(["a b a", "b c"])
    known = {term: place for place, term in enumerate(terms)}
    where, times = ngrams.places("b b zzz", known)
    assert [(terms[place], n) for place, n in zip(where, times)] == [("\x00b", 2), (" b", 2), (" b ", 2), ("b ", 2)]
