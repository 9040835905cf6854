"""Which word of the glossary a learner asks about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.coaching.meaning import asked_term
from bot.syllabus.syllabus import Syllabus


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("what does retention mean?", "retention"),
        ("wot does retenton mean", "retention"),
        ("retention", "retention"),
        ("I dont understand customer retension", "retention"),
        ("whats a service level agreement", "service level agreement"),
        ("what is an SLA", "service level agreement"),
        ("define repeat business", "repeat customer"),
    ],
)
def test_a_term_is_found_in_a_question_spelling_aside(syllabus: Syllabus, text: str, term: str) -> None:
    found = asked_term(text, syllabus)
    assert found is not None and found.term == term


def test_the_longest_term_wins(tiny: Syllabus) -> None:
    found = asked_term("is retention in the service offer", tiny)
    assert found is not None and found.term == "service offer"


@pytest.mark.parametrize("text", ["", "what does that mean", "what is a giraffe", "???"])
def test_words_that_are_not_there_find_nothing(syllabus: Syllabus, text: str) -> None:
    assert asked_term(text, syllabus) is None


@given(st.text(max_size=80))
def test_no_text_is_too_odd(tiny: Syllabus, text: str) -> None:
    asked_term(text, tiny)
