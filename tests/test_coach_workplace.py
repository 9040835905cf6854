"""The workplace profile by conversation: asked for once a day at most, skipped freely, and held against the answers."""

from __future__ import annotations

import pytest

from bot.coach import Coach
from bot.coaching.workplace import Workplace
from bot.records import people
from bot.records import tables as t
from tests.conftest import Clock, Talk, args, names, new_talk

FULL = Workplace("Greenway", "plants and compost", "no refunds over £20", "Kim, the duty manager")


@pytest.fixture
def newcomer(coach: Coach) -> Talk:
    """A learner who has not said where they work."""
    return new_talk(coach)


def profile(talk: Talk) -> Workplace:
    with talk.coach.records.reading() as tx:
        return tx.workplace(talk.person_id) or Workplace("never asked")


def give(talk: Talk, workplace: Workplace) -> None:
    with talk.coach.records.begin() as tx:
        tx.save_workplace(talk.person_id, workplace, talk.coach.clock())


# Asking ---------------------------------------------------------------------------------------------------------------


def test_a_question_about_the_own_organisation_first_asks_for_the_profile_part_by_part(newcomer: Talk) -> None:
    assert names(newcomer.start("2.2")) == ["utter_practice_starts", "utter_profile_first", "utter_ask_workplace"]
    move = newcomer.answer("  Greenway   Garden Centre ")
    assert names(move) == ["utter_workplace_kept", "utter_profile_three", "utter_ask_services"]
    assert args(move, "utter_ask_services") == {"organisation": "Greenway Garden Centre"}
    assert names(newcomer.answer("plants,\ncompost")) == ["utter_profile_noted", "utter_ask_limits"]
    assert names(newcomer.answer("no refunds over £20")) == ["utter_profile_noted", "utter_ask_refer_to"]
    move = newcomer.answer("Kim")
    assert names(move) == ["utter_profile_noted", "utter_profile_done", "utter_question"]
    assert args(move, "utter_question")["question"] == "What are the limits at Greenway Garden Centre?"
    assert profile(newcomer) == Workplace("Greenway Garden Centre", "plants,\ncompost", "no refunds over £20", "Kim")
    assert newcomer.rows(t.attempt) == []
    newcomer.answer("price")
    assert newcomer.rows(t.attempt)[0]["question_text"] == "What are the limits at Greenway Garden Centre?"


@pytest.mark.parametrize("text", ["skip", "No.", "I dont work", "nowhere", "not now", "   ", "Don't know"])
def test_no_workplace_is_fine_and_is_not_asked_again_this_week(newcomer: Talk, clock: Clock, text: str) -> None:
    newcomer.start("2.2")
    move = newcomer.answer(text)
    assert names(move) == ["utter_workplace_skipped", "utter_question"]
    assert args(move, "utter_question")["question"] == "What are the limits at your organisation?"
    assert "utter_ask_workplace" not in names(newcomer.start("2.2"))
    clock.move(days=2)
    assert "utter_ask_workplace" not in names(newcomer.start("2.2"))
    clock.move(days=6)
    assert names(newcomer.start("2.2"))[-1] == "utter_ask_workplace"


@pytest.mark.parametrize(
    ("text", "name"),
    [("I work at Tesco", "Tesco"), ("I'm working for the council", "the council"), ("i volunteer at oxfam.", "oxfam"),
     ("It's called Bean There", "Bean There"), ("The Works", "The Works"), ("Not Now Tattoos", "Not Now Tattoos"),
     ("<b>Joe's</b> & Sons", "<b>Joe's</b> & Sons"), ("Nobody's Inn", "Nobody's Inn")],
)  # fmt: skip
def test_the_name_is_taken_from_a_sentence_and_kept_as_typed(newcomer: Talk, text: str, name: str) -> None:
    newcomer.start("2.2")
    assert args(newcomer.answer(text), "utter_workplace_kept") == {"organisation": name}


def test_a_sentence_that_sounds_like_a_change_is_the_answer_while_the_name_is_asked_for(newcomer: Talk) -> None:
    newcomer.start("2.2")
    assert names(newcomer.say("change_workplace", "change my workplace")) == ["utter_ask_workplace"]
    move = newcomer.say("change_workplace", "i work at Tesco")
    assert args(move, "utter_workplace_kept") == {"organisation": "Tesco"}
    other = new_talk(newcomer.coach, name="Bea")
    other.start("2.2")
    assert names(other.say("change_workplace", "i dont work")) == ["utter_workplace_skipped", "utter_question"]


@pytest.mark.parametrize("text", ["skip", "dont know", "none", "Not sure", "pass", "idk."])
def test_each_part_can_be_skipped(newcomer: Talk, text: str) -> None:
    newcomer.start("2.2")
    newcomer.answer("Greenway")
    assert names(newcomer.answer(text)) == ["utter_profile_passed", "utter_ask_limits"]
    assert names(newcomer.answer(text)) == ["utter_profile_passed", "utter_ask_refer_to"]
    assert names(newcomer.answer(text)) == ["utter_profile_passed", "utter_profile_done", "utter_question"]
    assert profile(newcomer) == Workplace("Greenway")


@pytest.mark.parametrize("use_case", ["skip", "dont_know"])
def test_the_commands_skip_and_dont_know_skip_the_part_and_not_the_question(newcomer: Talk, use_case: str) -> None:
    newcomer.start("2.2")
    newcomer.answer("Greenway")
    assert names(newcomer.say(use_case)) == ["utter_profile_passed", "utter_ask_limits"]
    assert newcomer.question == "t1-2.2-yours"


@pytest.mark.parametrize("text", ["not now", "Not now, thanks", "later", "maybe later", "no", "no thanks", "not today"])
def test_not_now_leaves_the_rest_for_the_day(newcomer: Talk, clock: Clock, text: str) -> None:
    newcomer.start("2.2")
    newcomer.answer("Greenway")
    assert names(newcomer.answer(text)) == ["utter_profile_left", "utter_question"]
    assert names(newcomer.start("quiz me on 2.2")) == ["utter_practice_starts", "utter_question"]
    clock.move(days=1)
    assert names(newcomer.start("quiz me on 2.2")) == [
        "utter_practice_starts",
        "utter_profile_first",
        "utter_ask_limits",
    ]
    assert names(newcomer.answer("no refunds"))[-1] == "utter_question"
    clock.move(days=1)
    assert names(newcomer.start("quiz me on 2.2"))[-1] == "utter_question"


@pytest.mark.parametrize("use_case", ["hint", "repeat"])
def test_help_while_a_part_is_asked_for_asks_for_it_again(newcomer: Talk, use_case: str) -> None:
    newcomer.start("2.2")
    assert names(newcomer.say(use_case)) == ["utter_ask_workplace"]
    newcomer.answer("Greenway")
    assert names(newcomer.say(use_case)) == ["utter_ask_services"]


def test_why_says_what_the_profile_is_for(newcomer: Talk) -> None:
    newcomer.start("2.2")
    assert names(newcomer.say("why")) == ["utter_profile_why"]


@pytest.mark.parametrize("answered", [[], ["Greenway"], ["Greenway", "plants"]])
def test_stopping_or_starting_in_between_leaves_the_profile_and_comes_to_the_question(
    newcomer: Talk, answered: list[str]
) -> None:
    newcomer.start("2.2")
    for text in answered:
        newcomer.answer(text)
    newcomer.say("stop")
    assert names(newcomer.say("resume")) == ["utter_going_on", "utter_question"]
    assert names(newcomer.answer("price"))[0] == "utter_partly"


def test_a_role_play_or_another_topic_in_between_leaves_the_profile(newcomer: Talk) -> None:
    newcomer.start("2.2")
    newcomer.start("quiz me on 2.1")
    assert newcomer.question == "t1-2.1-why" and newcomer.practice.waiting == "answer"
    assert names(newcomer.start("quiz me on 2.2"))[-1] == "utter_question"


def test_only_the_part_that_the_criterion_needs_is_asked_for_and_only_where_it_is_empty(
    talk: Talk, clock: Clock
) -> None:
    give(talk, Workplace("Greenway", "", "no refunds", ""))
    clock.move(days=1)
    assert names(talk.start("2.2"))[-1] == "utter_question"
    give(talk, Workplace("Greenway", "plants", "", "Kim"))
    clock.move(days=1)
    assert names(talk.start("quiz me on 2.2"))[-1] == "utter_ask_limits"


def test_long_and_odd_texts_are_kept_as_typed_and_cut_to_what_the_records_hold(newcomer: Talk) -> None:
    newcomer.start("2.2")
    newcomer.answer("x" * 900)
    newcomer.answer("<script>alert(1)</script> {organisation} {{7*7}} \u202eabc 🌱")
    newcomer.answer("y" * 5000)
    kept = profile(newcomer)
    assert kept.organisation == "x" * 200 and kept.limits == "y" * 2000
    assert kept.services == "<script>alert(1)</script> {organisation} {{7*7}} \u202eabc 🌱"


# Changing -------------------------------------------------------------------------------------------------------------


def test_changing_asks_for_all_of_it_and_says_what_it_says_so_far(talk: Talk) -> None:
    give(talk, FULL)
    talk.start("2.2")
    move = talk.say("change_workplace")
    assert names(move) == ["utter_ask_workplace", "utter_profile_so_far"]
    assert args(move, "utter_profile_so_far") == {"says": "Greenway"}
    talk.answer("New")
    talk.answer("skip")
    talk.answer("none")
    move = talk.answer("Lee")
    assert args(move, "utter_question")["question"] == "What are the limits at New?"
    assert profile(talk) == Workplace("New", "plants and compost", "", "Lee")


def test_skipping_the_name_keeps_it(talk: Talk) -> None:
    give(talk, FULL)
    talk.start("2.2")
    talk.say("change_workplace")
    assert args(talk.say("skip"), "utter_workplace_kept") == {"organisation": "Greenway"}
    assert names(talk.answer("not now")) == ["utter_profile_left", "utter_question"] and profile(talk) == FULL


def test_changing_the_workplace_in_mid_question_keeps_points_and_help(talk: Talk) -> None:
    talk.start("2.2")
    talk.answer("trust")
    talk.say("hint")
    talk.say("change_workplace")
    talk.answer("New")
    move = talk.answer("not now")
    assert names(move) == ["utter_profile_left", "utter_question", "utter_hint"]
    assert talk.practice.met() == 1 and talk.practice.assisted()
    talk.answer("price")
    assert not talk.rows(t.attempt)[-1]["unassisted"]


def test_changing_it_with_no_question_open_leads_to_one(talk: Talk) -> None:
    give(talk, FULL)
    assert names(talk.say("change_workplace")) == ["utter_ask_workplace", "utter_profile_so_far"]
    talk.answer("New")
    assert args(talk.answer("not now"), "utter_question")["question"] == "What are the limits at New?"


def test_somebody_without_a_unit_changes_it_on_the_page(coach: Coach, clock: Clock) -> None:
    nobody = Talk(coach, people.add_person(coach.records, "No Unit", ["learner"], clock()))
    assert names(nobody.say("change_workplace")) == ["utter_workplace_later"]


# Comparing ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_limits(talk: Talk) -> Talk:
    """A learner with a full profile at a question on their own limits."""
    give(talk, FULL)
    talk.start("2.2")
    return talk


def test_an_example_that_fits_the_profile_is_told_what_it_fits(at_limits: Talk) -> None:
    move = at_limits.answer("price and trust and a refund needs asking")
    assert names(move)[:4] == ["utter_right", "utter_credit", "utter_credit", "utter_fits_profile"]
    assert args(move, "utter_fits_profile") == {"says": "no refunds over £20"}
    assert at_limits.rows(t.attempt)[0]["complete"]


def test_a_generic_answer_is_told_what_the_profile_says(at_limits: Talk) -> None:
    move = at_limits.answer("price and trust as we all know")
    assert names(move)[-2:] == ["utter_own_generic", "utter_profile_says_limits"]
    assert args(move, "utter_profile_says_limits") == {"says": "no refunds over £20"}
    assert not at_limits.rows(t.attempt)[0]["complete"]
    move = at_limits.answer("like a refund of £20")
    assert names(move)[:2] == ["utter_added", "utter_fits_profile"]
    assert at_limits.rows(t.attempt)[1]["complete"]


def test_an_example_against_the_profile_is_asked_about_once_and_then_taken(at_limits: Talk) -> None:
    move = at_limits.answer("price and trust for refunds up to £500 are fine")
    assert names(move)[-2:] == ["utter_own_differs", "utter_profile_says_limits"]
    move = at_limits.answer("it is £500 since Monday")
    assert names(move)[0] == "utter_added" and at_limits.rows(t.attempt)[1]["complete"]


def test_one_that_stays_generic_ends_kindly_and_does_not_count(at_limits: Talk) -> None:
    at_limits.answer("price and trust")
    assert names(at_limits.answer("dunno really"))[0] == "utter_still_lacking"
    assert not at_limits.rows(t.attempt)[1]["complete"]
