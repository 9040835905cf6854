"""An answer beside a plain reference, token by token."""

from __future__ import annotations

import pytest

from bot.marking.encoder import default_encoder
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.marking.soft_words import NAMES, about_service, beside, compared, stem, tokens_of

ASKED = "How did you separate the salt from the water?"
REFERENCE = "The water was evaporated, leaving the salt."


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(default_encoder(), default_linguist())


def numbers(reader: Reader, answer: str, asked: str = ASKED, reference: str = REFERENCE) -> dict[str, float]:
    question, wanted, mine = (tokens_of(text, reader) for text in (asked, reference, answer))
    return dict(zip(NAMES, compared(beside(mine, question), beside(wanted, question)), strict=True))


def test_the_reference_covers_itself(reader: Reader) -> None:
    found = numbers(reader, REFERENCE)
    for name in ("token_recall", "token_recall_new", "least_new", "stem_recall", "chain", "gram_cosine"):
        assert found[name] == pytest.approx(1, abs=1e-3)


def test_words_of_the_question_count_little(reader: Reader) -> None:
    copied, right = numbers(reader, "separate the salt from the water"), numbers(reader, "it evaporated")
    assert copied["stem_recall_new"] < right["stem_recall_new"]
    assert copied["token_recall_new"] < right["token_recall_new"]


@pytest.mark.parametrize("answer", ["", "?", "…"])
def test_an_answer_without_words_has_only_zeros(reader: Reader, answer: str) -> None:
    assert set(numbers(reader, answer).values()) == {0.0}


def test_customer_service_is_known_by_its_words() -> None:
    assert about_service("Why do colleagues matter?")
    assert about_service("Nobody complained.")
    assert not about_service("Why does the bulb light?")


def test_stems_join_forms_of_a_word() -> None:
    assert stem("evaporated") == stem("evaporates") == stem("evaporating")
    assert stem("stopped") == stem("stops")
    assert stem("glass") != stem("gla")
