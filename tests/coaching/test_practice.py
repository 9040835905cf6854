"""The dialogue about one question, step by step, as pure values."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.coaching import practice as on_question
from bot.coaching.model import Line, Point, Practice, Step
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus
from tests.conftest import FakeMarker


@pytest.fixture
def question(tiny: Syllabus) -> Question:
    return tiny.questions["t1-2.1-why"]


@pytest.fixture
def choice(tiny: Syllabus) -> Question:
    return tiny.questions["t1-2.1-choice"]


@pytest.fixture
def opened(question: Question) -> Practice:
    return on_question.put_question(Practice("t1"), question, "", "T1 2.1").practice


def said(practice: Practice, question: Question, text: str) -> Step:
    marking = on_question.with_gap(practice, question, FakeMarker().mark(question, text), text)
    return on_question.take_marking(practice, question, marking)


def names(step: Step) -> list[str]:
    return [line.name for line in step.lines]


def test_a_new_question_starts_with_every_point_open_and_no_help(question: Question) -> None:
    stale = Practice("t1", focus="x", pumped=True, tries=4, choice_wrong=True, paused=True, waiting="workplace")
    step = on_question.put_question(stale, question, "", "T1 2.1")
    assert step.practice == Practice(
        "t1", question="t1-2.1-why", points=(Point("price"), Point("trust"), Point("friends"))
    )
    assert step.lines == (Line("utter_question", {"question": "Why keep customers?", "about": "T1 2.1"}),)


def test_credit_quotes_the_learners_own_words(opened: Practice, question: Question) -> None:
    step = said(opened, question, "well price phrasing 3 i think")
    credit = next(line for line in step.lines if line.name == "utter_credit")
    assert credit.args == {"quote": "price phrasing 3", "point": "it costs less"}
    assert step.practice.point("price") == Point("price", "met", quote="price phrasing 3")


def test_part_of_the_answer_is_pumped_once_and_then_helped(opened: Practice, question: Question) -> None:
    step = said(opened, question, "price")
    assert names(step) == ["utter_partly", "utter_credit", "utter_pump"]
    assert step.lines[-1].args == {"left": "1"}
    assert step.ended is None and not step.practice.assisted()
    again = said(step.practice, question, "no idea really")
    assert names(again) == ["utter_not_yet", "utter_hint"]


def test_enough_points_end_the_question_with_a_recap_and_what_else_could_be_said(
    opened: Practice, question: Question
) -> None:
    step = said(opened, question, "price and trust")
    assert names(step) == ["utter_right", "utter_credit", "utter_credit", "utter_recap", "utter_recap_also"]
    assert step.lines[-1].args == {"points": "they tell friends"}
    assert step.ended == "met"


def test_an_answer_that_says_everything_leaves_nothing_else_to_say(opened: Practice, question: Question) -> None:
    assert names(said(opened, question, "price trust friends"))[-1] == "utter_recap"


def test_a_misconception_is_corrected_before_anything_else(opened: Practice, question: Question) -> None:
    step = said(opened, question, "myth but price")
    assert names(step)[:2] == ["utter_misconception", "utter_partly"]
    assert step.lines[0].args == {"quote": "myth", "correction": "It is the other way round."}


def test_an_unsure_misconception_is_not_thrown_at_the_learner(opened: Practice, question: Question) -> None:
    assert "utter_misconception" not in names(said(opened, question, "myth? price"))


def test_help_on_one_point_goes_hint_stronger_hint_gap_told(opened: Practice, question: Question) -> None:
    practice, seen = opened, []
    for _ in range(4):
        step = said(practice, question, "nothing of use")
        practice = step.practice
        seen.append(step.lines[1])
    assert seen == [
        Line("utter_hint", {"hint": "First hint on price."}),
        Line("utter_hint", {"hint": "Second hint on price."}),
        Line("utter_gap", {"gap": "The gap of price is ____."}),
        Line("utter_assertion", {"assertion": "The assertion of price."}),
    ]
    assert practice.point("price").state == "told" and step.told == ("price",)
    assert practice.met() == 0 and practice.resolved() == 1


def test_after_a_told_point_the_next_open_one_gets_its_first_hint(opened: Practice, question: Question) -> None:
    practice = opened
    for _ in range(4):
        step = said(practice, question, "nothing")
        practice = step.practice
    assert names(step)[-1] == "utter_hint"
    assert step.lines[-1].args == {"hint": "First hint on trust."}


def test_a_told_point_counts_for_the_end_but_the_question_ends_as_told(opened: Practice, question: Question) -> None:
    step = said(opened, question, "trust")
    for _ in range(4):
        step = said(step.practice, question, "nothing")
    assert step.ended == "told" and step.told == ("price",)
    assert "utter_recap" in names(step)


@pytest.mark.parametrize("text", ["adverts", "advertsing", "it is adverts", "ADVERTS!"])
def test_a_word_in_the_gap_meets_the_point_even_misspelt(opened: Practice, question: Question, text: str) -> None:
    practice = opened
    for _ in range(3):
        practice = said(practice, question, "nothing").practice
    step = said(practice, question, text)
    assert step.practice.point("price").state == "met"
    assert step.practice.point("price").quote == text
    assert "utter_credit" in names(step)
    assert step.practice.assisted()


def test_a_gap_word_meets_nothing_while_no_gap_is_open(opened: Practice, question: Question) -> None:
    assert said(opened, question, "adverts").practice.met() == 0


def test_a_filled_gap_changes_the_marking_that_is_recorded(opened: Practice, question: Question) -> None:
    practice = opened
    for _ in range(3):
        practice = said(practice, question, "nothing").practice
    marking = on_question.with_gap(practice, question, FakeMarker().mark(question, "adverts"), "adverts")
    assert (marking.verdict, marking.met()) == ("partly", ("price",))
    wrong = on_question.with_gap(practice, question, FakeMarker().mark(question, "not adverts"), "not adverts")
    assert (wrong.verdict, wrong.met()) == ("not_yet", ())


def test_unsure_asks_once_to_say_it_another_way_and_then_helps(opened: Practice, question: Question) -> None:
    step = said(opened, question, "price?")
    assert names(step) == ["utter_not_sure", "utter_say_another_way"]
    assert step.lines[1].args == {"quote": "price?"}
    assert not step.practice.assisted()
    again = said(step.practice, question, "price?")
    assert names(again) == ["utter_not_sure", "utter_hint"]


def test_unsure_beside_something_met_is_not_asked_again(opened: Practice, question: Question) -> None:
    assert names(said(opened, question, "trust price?")) == ["utter_partly", "utter_credit", "utter_pump"]


def test_a_point_said_twice_is_credited_once(opened: Practice, question: Question) -> None:
    step = said(said(opened, question, "price").practice, question, "price")
    assert names(step) == ["utter_not_yet", "utter_hint"]
    assert step.practice.met() == 1


def test_hint_without_an_answer_gives_help_and_says_nothing_of_right_or_wrong(
    opened: Practice, question: Question
) -> None:
    step = on_question.give_help(opened, question, None)
    assert names(step) == ["utter_hint"]
    assert step.practice.tries == 0 and step.practice.assisted()
    assert step.practice.help_given() == ["price: hint_1"]


def test_not_knowing_leads_on_to_the_end_and_never_says_wrong(opened: Practice, question: Question) -> None:
    practice, seen = opened, []
    step = on_question.give_help(practice, question, "utter_dont_know_is_fine")
    while True:
        seen += names(step)
        if step.ended:
            break
        step = on_question.give_help(step.practice, question, "utter_dont_know_is_fine")
    assert "utter_not_yet" not in seen and seen.count("utter_assertion") == 2
    assert step.ended == "told" and step.practice.tries == 0
    assert step.practice.help_given() == [
        f"{id}: {help}" for id in ("price", "trust") for help in ("hint_1", "hint_2", "prompt", "assertion")
    ]


def test_repeat_says_the_question_and_the_help_on_the_table(opened: Practice, question: Question) -> None:
    assert names(on_question.repeat(opened, question, "", "")) == ["utter_question"]
    helped = on_question.give_help(opened, question, None).practice
    step = on_question.repeat(helped, question, "", "")
    assert names(step) == ["utter_question", "utter_hint"]
    assert step.practice == helped


def test_repeat_leaves_out_help_on_a_point_that_is_met(opened: Practice, question: Question) -> None:
    practice = said(on_question.give_help(opened, question, None).practice, question, "price").practice
    focus_met = replace(practice, focus="price")
    assert names(on_question.repeat(focus_met, question, "", "")) == ["utter_question"]


def test_a_right_choice_ends_the_question(choice: Question) -> None:
    practice = on_question.put_question(Practice("t1"), choice, "", "T1 2.1").practice
    step = on_question.choose(practice, choice, "a")
    assert names(step) == ["utter_choice_right"] and step.ended == "met"


def test_a_wrong_choice_says_why_and_offers_the_others_once(choice: Question) -> None:
    practice = on_question.put_question(Practice("t1"), choice, "", "T1 2.1").practice
    step = on_question.choose(practice, choice, "b")
    assert names(step) == ["utter_choice_wrong", "utter_choice_again"]
    assert [b.title for b in step.lines[1].buttons] == ["Keeping regulars happy", "Raising prices"]
    assert step.ended is None
    assert on_question.choose(step.practice, choice, "a").ended == "helped"


def test_a_second_wrong_choice_tells_the_answer(choice: Question) -> None:
    practice = on_question.put_question(Practice("t1"), choice, "", "T1 2.1").practice
    step = on_question.choose(on_question.choose(practice, choice, "b").practice, choice, "c")
    assert names(step) == ["utter_choice_wrong", "utter_choice_told"]
    assert step.lines[1].args["option"] == "Keeping regulars happy"
    assert step.ended == "told"


def test_help_on_a_choice_counts_as_help(choice: Question) -> None:
    practice = on_question.put_question(Practice("t1"), choice, "", "T1 2.1").practice
    helped = on_question.give_help(practice, choice, None)
    assert names(helped) == ["utter_choice_help"] and helped.practice.assisted()
    assert on_question.choose(helped.practice, choice, "a").ended == "helped"


def test_option_buttons_carry_option_and_question(choice: Question) -> None:
    first = on_question.option_buttons(choice)[0]
    assert first.payload == '/choose{"option": "a", "question": "t1-2.1-choice"}'


@pytest.mark.parametrize(("organisation", "place"), [("Greenway", "Greenway"), ("", "your organisation")])
def test_the_question_names_the_learners_workplace(tiny: Syllabus, organisation: str, place: str) -> None:
    text = on_question.ask_text(tiny.questions["t1-2.2-yours"], organisation)
    assert text == f"What are the limits at {place}?"


def test_an_unknown_point_raises(opened: Practice) -> None:
    with pytest.raises(KeyError):
        opened.point("nope")
