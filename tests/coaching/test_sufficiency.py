"""What the command verb and "their organisation" ask for beyond the key points."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.coaching import practice as on_question
from bot.coaching import sufficiency
from bot.coaching.model import Practice, Step
from bot.coaching.sufficiency import NO_PROFILE, Profile
from bot.coaching.workplace import Workplace
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus
from tests.conftest import FakeMarker


@pytest.fixture
def question(tiny: Syllabus) -> Question:
    """An "explain" question that does not ask why."""
    return replace(tiny.questions["t1-2.1-why"], verb="explain", text="Explain the use of keeping customers.")


def said(practice: Practice, question: Question, text: str, profile: Profile = NO_PROFILE) -> Step:
    return on_question.take_marking(practice, question, FakeMarker().mark(question, text), text, profile)


def opened(question: Question) -> Practice:
    return on_question.put_question(Practice("t1"), question, "", "T1 2.1").practice


def names(step: Step) -> list[str]:
    return [line.name for line in step.lines]


@pytest.mark.parametrize(
    "answer",
    ["becos they tell there mates", "they stay so you dont pay for adverts", "bcoz of trust",
     "if i smile they calm down", "this leads to more sales", "they come back cus they trust us",
     "becasue its cheaper", "thats why they return"],
)  # fmt: skip
def test_a_reason_is_seen_in_learners_spelling(question: Question, answer: str) -> None:
    assert sufficiency.shows_verb(question, answer)


@pytest.mark.parametrize("answer", ["they trust you. they spend more", "price and trust", "smile, listen, be polite"])
def test_a_list_is_no_explanation(question: Question, answer: str) -> None:
    assert not sufficiency.shows_verb(question, answer)


def test_an_answer_to_why_gives_a_reason_anyway(question: Question) -> None:
    assert sufficiency.shows_verb(replace(question, text="Why keep customers?"), "adverts are dear")


@pytest.mark.parametrize("verb", ["identify", "state", "outline", "describe"])
def test_lighter_verbs_ask_for_the_points_alone(question: Question, verb: str) -> None:
    assert sufficiency.shows_verb(replace(question, verb=verb), "price, trust")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verb", "enough", "short"),
    [
        ("compare", "at first they hope, later they know what they get", "they know what they get"),
        ("analyse", "people leave, which leads to lost sales", "people leave. sales are lost"),
        ("evaluate", "lost trust matters most because it takes years to win back", "people leave because of it"),
    ],
)
def test_stronger_verbs_ask_for_their_own_step(question: Question, verb: str, enough: str, short: str) -> None:
    asked = replace(question, verb=verb)  # type: ignore[arg-type]
    assert sufficiency.shows_verb(asked, enough) and not sufficiency.shows_verb(asked, short)


def test_a_named_example_is_ours_a_name_a_figure_or_words_of_the_profile(question: Question) -> None:
    asked = replace(question, own_organisation=True, text="Who do you refer to at {organisation}?")
    profile = Profile(Workplace("Bon", services="Fitting rooms and alterations"))
    for own in ("our duty manager", "i go to Sandra", "up to £10 off", "the fitting room supervisor"):
        assert sufficiency.own_lack(asked, own, profile, False) is None, own
    assert sufficiency.own_lack(asked, "you should tell the manager", profile, False) == sufficiency.Lack("own")
    assert sufficiency.own_lack(question, "you should tell the manager", NO_PROFILE, False) is None


@pytest.mark.parametrize(
    ("answer", "differs"),
    [("we ask the manager first", False), ("you tell somebody senior", False), ("i go to Sandra", True)],
)
def test_where_the_profile_says_whom_to_ask_our_manager_is_not_enough(
    question: Question, answer: str, differs: bool
) -> None:
    asked = replace(question, own_organisation=True, text="Who do you refer to at {organisation}?")
    profile = Profile(Workplace("Bon", "dresses", "", "Kim, duty manager"), ("refer_to", "limits"))
    lack = sufficiency.own_lack(asked, answer, profile, False)
    assert lack == sufficiency.Lack("own", "refer_to", "Kim, duty manager", differs)
    assert (sufficiency.own_lack(asked, answer, profile, True) is None) == differs
    assert sufficiency.own_lack(asked, "kim decides that", profile, False) is None


def test_an_explanation_without_its_because_is_asked_for_it_once(question: Question) -> None:
    first = said(opened(question), question, "price and trust")
    assert names(first) == ["utter_points_there", "utter_credit", "utter_credit", "utter_add_explain"]
    assert first.ended is None and not first.sufficient
    then = said(first.practice, question, "because new ones need adverts")
    assert names(then) == ["utter_added", "utter_recap", "utter_recap_also"]
    assert then.ended == "met" and then.sufficient


def test_one_that_stays_a_list_ends_kindly_and_does_not_count_as_complete(question: Question) -> None:
    first = said(opened(question), question, "price and trust")
    then = said(first.practice, question, "dunno really")
    assert names(then)[0] == "utter_still_lacking" and then.ended == "met" and not then.sufficient


def test_not_knowing_what_to_add_ends_the_question_without_a_further_hint(question: Question) -> None:
    first = said(opened(question), question, "price and trust")
    then = on_question.give_help(first.practice, question, "utter_dont_know_is_fine")
    assert names(then)[:2] == ["utter_dont_know_is_fine", "utter_recap"] and then.ended and not then.sufficient


def test_a_generic_answer_is_asked_for_the_named_example_before_the_reason(question: Question) -> None:
    asked = replace(question, own_organisation=True)
    first = said(opened(asked), asked, "price and trust")
    assert names(first)[-1] == "utter_add_own"
    second = said(first.practice, asked, "at our shop its like that")
    assert names(second)[-1] == "utter_add_explain" and not second.ended
    third = said(second.practice, asked, "it just is")
    assert third.ended and not third.sufficient
    both = said(first.practice, asked, "our shop, because adverts in the Echo cost a lot")
    assert both.ended and both.sufficient


def test_a_reason_in_an_earlier_answer_counts(question: Question) -> None:
    first = said(opened(question), question, "price, because adverts are dear")
    assert said(first.practice, question, "trust").sufficient
