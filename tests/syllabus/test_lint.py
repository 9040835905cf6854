"""The content lint: what it finds, and what it lets pass."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.syllabus import lint
from bot.syllabus.model import Expectation, Prompt, Question

POINT = Expectation(
    id="adverts",
    label="adverts cost money",
    statement="Finding new buyers takes adverts, which cost money.",
    phrasings=("you pay for adverts", "getting known isnt free", "leaflets and posters cost", "radio ads arent cheap"),
    counter=(),
    hints=("Think of what comes before the first sale.", "Who pays so that strangers hear about a shop?"),
    prompt=Prompt("A shop pays for ____.", ("adverts",)),
    assertion="Adverts cost money.",
)
QUESTION = Question(
    id="d1-4.9-x", form="open", role="plain", verb="explain", text="Why does winning someone new cost a business more?",
    model_answer="", criteria=("4.9",), expectations=(POINT,),
)  # fmt: skip


def codes(question: Question, level: int = 2) -> list[str]:
    return [f.code for f in lint.question(question, level)]


def asked(text: str, level: int = 2) -> list[str]:
    return [f.code for f in lint.wording(text, level)]


def test_a_good_question_has_no_finding() -> None:
    assert codes(QUESTION) == []


@pytest.mark.parametrize(
    "text", ["Is it cheaper to keep a customer?", "Does your shop give refunds?", "Couldn't you ask your manager?"]
)
def test_a_question_answered_by_yes_or_no_is_closed(text: str) -> None:
    assert "closed" in asked(text)


@pytest.mark.parametrize(
    "text",
    [
        "What would you say to a man who is angry?",
        "A customer asks, “Is this the best you can do?” What do you answer?",
        "Describe how you calm an upset caller.",
    ],
)
def test_an_open_question_is_not_closed_by_words_quoted_in_it(text: str) -> None:
    assert asked(text) == []


@pytest.mark.parametrize("text", ["Why is it obviously better to listen?", "Don't you think listening helps? Why?"])
def test_a_question_that_leads_is_found(text: str) -> None:
    assert "leading" in asked(text)


@pytest.mark.parametrize("text", ["What is loyalty, and how do you earn it?", "What is it? Where is it?"])
def test_two_questions_in_one_are_found(text: str) -> None:
    assert "double_barrelled" in asked(text)


def test_asking_for_the_reason_too_is_one_question() -> None:
    assert asked("What would you tell your manager, and why?") == []


def test_length_and_reading_age_have_limits_by_level() -> None:
    assert "too_long" in asked("Why " + "do we do it " * 12 + "?")
    hard = "How might organisational communication considerations influence individual customer dissatisfaction?"
    assert "hard_to_read" in asked(hard, 1)
    assert lint.reading_age("Why do we say sorry?") < 9 < lint.reading_age(hard)
    assert lint.reading_age("") == 0.0


def test_a_question_that_contains_its_answer_is_found() -> None:
    assert "contains_answer" in codes(replace(QUESTION, text="Finding buyers takes adverts that cost money: why?"))


def test_points_that_say_the_same_are_found() -> None:
    twin = replace(
        POINT, id="twin", statement="Adverts for finding buyers cost money.", phrasings=("posters are dear",)
    )
    assert codes(replace(QUESTION, expectations=(POINT, twin))) == ["points_overlap"]
    shared = replace(POINT, id="other", statement="Trust grows slowly over years.", phrasings=("You pay for adverts!",))
    assert codes(replace(QUESTION, expectations=(POINT, shared))) == ["points_overlap"]


def test_phrasings_that_are_nearly_copies_are_found() -> None:
    copies = replace(POINT, phrasings=("they expect too much of us", "they expect to much of us"))
    assert codes(replace(QUESTION, expectations=(copies,))) == ["near_copy"]


def test_a_hint_that_gives_the_answer_away_is_found() -> None:
    telling = replace(POINT, hints=("Adverts take money, to find new buyers.", "?"))
    assert codes(replace(QUESTION, expectations=(telling,))) == ["hint_gives_away"]


def test_what_the_coach_says_is_short() -> None:
    long = replace(POINT, assertion="word " * 31)
    found = lint.question(replace(QUESTION, expectations=(long,)), 2)
    assert [(f.code, f.place) for f in found] == [("too_long", ".expectations[0].assertion")]
