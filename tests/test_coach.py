"""The coach: the practice dialogue with its records, use case by use case."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.coach import Coach
from bot.coaching.model import HELP, shorten
from bot.coaching.practice import put_question
from bot.marking.model import Marking
from bot.records import people, units
from bot.records import tables as t
from bot.records.store import Records, Turn
from bot.syllabus.loader import load
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus
from tests.conftest import Clock, FakeMarker, Talk, args, names, new_talk, tiny_content, write_content

GOOD = "our price and trust"

# Starting -----------------------------------------------------------------------------------------------------------


def test_start_asks_a_first_question_of_the_unit(talk: Talk) -> None:
    move = talk.start()
    assert names(move) == ["utter_practice_starts", "utter_question"]
    assert args(move, "utter_practice_starts") == {"label": "unit T1"}
    assert args(move, "utter_question") == {"question": "Why keep customers?", "about": "T1 2.1"}
    assert move.loop == "practice"


@pytest.mark.parametrize(
    ("text", "label", "question"),
    [
        ("quiz me on 2.2", "T1 2.2", "t1-2.2-yours"),
        ("kinds of limit", "kinds of limit", "t1-2.2-other"),
        ("learning outcome 2", "learning outcome 2", "t1-2.1-why"),
        ("1.1", "the knowledge behind T1 1.1", "t1-2.1-why"),
        ("keep customers", "unit T1", "t1-2.1-why"),
    ],
)
def test_start_by_number_topic_outcome_performance_criterion_or_name(
    talk: Talk, text: str, label: str, question: str
) -> None:
    move = talk.start(text)
    assert args(move, "utter_practice_starts") == {"label": label}
    assert talk.question == question


def test_an_unknown_topic_offers_some_and_leaves_the_open_question_alone(talk: Talk) -> None:
    talk.start()
    before = talk.practice
    move = talk.start("volcanoes")
    assert names(move) == ["utter_topic_unknown"] and move.loop is None
    assert "keeping customers" in args(move, "utter_topic_unknown")["topics"]
    assert talk.practice == before


def test_a_learner_without_a_unit_is_told_so(coach: Coach, clock: Clock) -> None:
    nobody = Talk(coach, people.add_person(coach.records, "No Unit", ["learner"], clock()))
    assert names(nobody.start()) == ["utter_no_unit"]
    assert names(nobody.say("progress")) == ["utter_no_unit"]


def test_a_unit_without_questions_is_no_unit_to_practise(coach: Coach) -> None:
    assert names(new_talk(coach, unit="nos").start()) == ["utter_no_unit"]


def test_a_unit_that_is_not_offered_takes_no_new_practice_and_ends_what_is_open(coach: Coach, talk: Talk) -> None:
    """The question in hand may be finished; the next one is not put, and what was answered stays."""
    talk.start()
    admin = people.find(coach.records, people.add_person(coach.records, "Ada", ["admin"], coach.clock(), "a@b.example"))
    assert admin is not None
    units.set_offered(coach.records, admin, "t1", False, coach.clock())
    talk.answer("price trust")
    assert names(talk.start()) == ["utter_unit_withdrawn"]
    assert "utter_progress_unit" in names(talk.say("progress"))
    units.set_offered(coach.records, admin, "t1", True, coach.clock())
    assert "utter_question" in names(talk.start())


def test_a_unit_that_left_the_content_is_passed_over(coach: Coach, clock: Clock) -> None:
    id = people.add_person(coach.records, "Two Units", ["learner"], clock(), units=["gone", "t1"])
    talk = Talk(coach, id)
    assert names(talk.say("progress")) == ["utter_progress_unit", "utter_progress_rule"]
    talk.start()
    assert talk.practice.unit == "t1"


def test_start_in_the_middle_of_the_unit_goes_on_with_the_open_question(talk: Talk) -> None:
    talk.start()
    talk.answer("price")
    move = talk.start()
    assert names(move) == ["utter_going_on", "utter_question"]
    assert talk.practice.met() == 1


def test_another_topic_in_mid_question_changes_to_it_and_closes_the_first(talk: Talk) -> None:
    talk.start()
    talk.answer("price")
    talk.start("quiz me on 2.2")
    assert talk.question == "t1-2.2-yours" and talk.practice.met() == 0
    closed = [row["closed_at"] for row in talk.rows(t.exercise)]
    assert [c is None for c in closed] == [False, True]


def test_naming_another_unit_changes_to_it_and_start_alone_stays_in_it(
    sqlite_records: Records, clock: Clock, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    content = tiny_content()
    second = tiny_content()
    second["units/t1/unit.yml"].update(id="t2", number="T2", title="Lose customers")
    for question in second["units/t1/questions.yml"]:
        question["id"] = question["id"].replace("t1-", "t2-")
    content["units/t2/unit.yml"] = second["units/t1/unit.yml"]
    content["units/t2/questions.yml"] = second["units/t1/questions.yml"]
    coach = Coach(load(write_content(tmp_path / "knowledge", content)), FakeMarker(), sqlite_records, clock)
    id = people.add_person(sqlite_records, "Two Units", ["learner"], clock(), units=["t1", "t2"])
    talk = Talk(coach, id)
    talk.start()
    assert talk.practice.unit == "t1"
    talk.start("quiz me on unit t2")
    assert talk.practice.unit == "t2"
    assert names(talk.start("start"))[0] == "utter_going_on"
    assert talk.practice.unit == "t2"


# Answering ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_recorded_with_what_it_was_judged_by(talk: Talk, tiny: Syllabus) -> None:
    talk.start()
    talk.answer("price")
    (attempt,) = talk.rows(t.attempt)
    assert {k: attempt[k] for k in ("question_id", "question_text", "answer", "channel", "verdict", "points")} == {
        "question_id": "t1-2.1-why",
        "question_text": "Why keep customers?",
        "answer": "price",
        "channel": "web",
        "verdict": "partly",
        "points": 1,
    }
    assert (attempt["needed"], attempt["complete"], attempt["unassisted"], attempt["try_no"]) == (2, False, True, 1)
    assert (attempt["content_version"], attempt["marking_version"]) == (tiny.version, "fake-1")
    assert [r["statement"] for r in talk.rows(t.attempt_statement)] == ["t1/2.1", "t1/bullet:care"]


def test_the_learner_is_led_from_part_to_whole_and_to_the_next_question(talk: Talk) -> None:
    talk.start()
    assert names(talk.answer("price")) == ["utter_partly", "utter_credit", "utter_pump"]
    move = talk.answer("trust")
    assert names(move) == [
        "utter_right",
        "utter_credit",
        "utter_recap",
        "utter_recap_also",
        "utter_covered",
        "utter_question",
    ]
    assert args(move, "utter_covered") == {"about": "T1 2.1"}
    assert talk.question != "t1-2.1-why" and talk.practice.tries == 0
    assert [(a["try_no"], a["complete"], a["unassisted"]) for a in talk.rows(t.attempt)] == [
        (1, False, True),
        (2, True, True),
    ]


def test_a_misconception_is_corrected_at_once_and_recorded(talk: Talk) -> None:
    talk.start()
    assert names(talk.answer("myth"))[0] == "utter_misconception"
    attempt = talk.rows(t.attempt)[0]
    with talk.coach.records.reading() as tx:
        matches = tx.attempt_of(attempt["message_id"])["matches"]
    assert ("misconception", "myth", "met") in {(m["kind"], m["point_id"], m["state"]) for m in matches}


def test_the_whole_ladder_of_help_ends_in_a_told_point_that_is_not_met(talk: Talk) -> None:
    talk.start()
    talk.answer("trust")
    said = [names(talk.answer("nothing"))[1] for _ in range(3)]
    assert said == ["utter_hint", "utter_hint", "utter_gap"]
    move = talk.answer("nothing")
    assert names(move)[:3] == ["utter_not_yet", "utter_assertion", "utter_recap"]
    assert [(r["question_id"], r["expectation_id"]) for r in talk.rows(t.told)] == [("t1-2.1-why", "price")]
    last = talk.rows(t.attempt)[-1]
    assert (last["points"], last["complete"], last["unassisted"]) == (1, False, False)
    assert last["help"] == ["price: hint_1", "price: hint_2", "price: prompt", "price: assertion"]


def test_a_misspelt_word_in_the_gap_is_credited_and_recorded_as_met(talk: Talk) -> None:
    talk.start()
    for _ in range(3):
        talk.answer("nothing")
    assert "utter_credit" in names(talk.answer("advertsing"))
    attempt = talk.rows(t.attempt)[-1]
    assert (attempt["verdict"], attempt["points"], attempt["unassisted"]) == ("partly", 1, False)
    with talk.coach.records.reading() as tx:
        price = next(m for m in tx.attempt_of(attempt["message_id"])["matches"] if m["point_id"] == "price")
    assert (price["state"], price["quote"]) == ("met", "advertsing")


def test_not_knowing_is_never_marked_and_is_no_attempt(talk: Talk) -> None:
    talk.start()
    seen = [name for _ in range(8) for name in names(talk.say("dont_know", "dunno"))]
    assert "utter_not_yet" not in seen and seen.count("utter_assertion") == 2 and "utter_recap" in seen
    assert talk.rows(t.attempt) == []
    assert talk.state("t1/2.1") == ""
    assert len(talk.rows(t.told)) == 2
    assert [r["question_id"] for r in talk.rows(t.review_card)] == ["t1-2.1-why"]


def test_a_hint_makes_the_answer_after_it_assisted(talk: Talk) -> None:
    talk.start()
    assert names(talk.say("hint")) == ["utter_hint"]
    talk.answer(GOOD)
    (attempt,) = talk.rows(t.attempt)
    assert (attempt["complete"], attempt["unassisted"], attempt["help"]) == (True, False, ["price: hint_1"])
    assert talk.practice.done[-1].outcome == "helped"


def test_an_unsure_mark_is_asked_again_once_and_put_on_the_tutors_list(talk: Talk) -> None:
    talk.start()
    assert names(talk.answer("price?")) == ["utter_not_sure", "utter_say_another_way"]
    (request,) = talk.rows(t.tutor_request)
    assert (request["kind"], request["words"], request["question_id"]) == ("not_sure", "price?", "t1-2.1-why")
    assert names(talk.answer("price?"))[-1] == "utter_hint"
    assert talk.rows(t.attempt)[0]["unassisted"]


def test_an_answer_without_an_open_question_ends_the_loop_and_records_nothing(talk: Talk) -> None:
    move = talk.answer("price")
    assert names(move) == ["utter_nothing_open"] and move.loop == "off"
    assert talk.rows(t.attempt) == []


@pytest.mark.parametrize("use_case", ["hint", "dont_know", "skip", "repeat", "why"])
def test_commands_without_an_open_question_say_so(talk: Talk, use_case: str) -> None:
    assert names(talk.say(use_case)) == ["utter_nothing_open"]


# Skip, repeat, stop, resume -----------------------------------------------------------------------------------------


def test_skip_leaves_the_question_and_asks_another(talk: Talk) -> None:
    talk.start()
    assert names(talk.say("skip")) == ["utter_skipped", "utter_question"]
    assert talk.practice.done[0].outcome == "skipped" and talk.question != "t1-2.1-why"
    assert talk.rows(t.attempt) == [] and talk.rows(t.review_card) == []


def test_repeat_says_the_question_with_the_help_on_the_table(talk: Talk) -> None:
    talk.start()
    talk.say("hint")
    before = talk.practice
    move = talk.say("repeat")
    assert names(move) == ["utter_question", "utter_hint"] and move.loop == "practice"
    assert talk.practice == before


def test_stop_keeps_the_place_and_resume_on_another_channel_goes_on(talk: Talk) -> None:
    talk.start()
    talk.answer("price")
    move = talk.say("stop")
    assert names(move) == ["utter_paused"] and move.loop == "off"
    assert talk.coach.open_loop(talk.person_id) is None
    back = talk.coach.resume(Turn("t-1", talk.person_id, "telegram", "resume"))
    assert names(back) == ["utter_going_on", "utter_question"] and back.loop == "practice"
    assert talk.practice.met() == 1 and talk.coach.open_loop(talk.person_id) == "practice"
    assert "utter_recap" in names(talk.answer("trust"))


def test_stop_sums_up_what_was_done_and_how_much_without_help(talk: Talk) -> None:
    talk.start()
    talk.answer(GOOD)
    assert names(talk.say("stop")) == ["utter_summary_one", "utter_paused"]
    talk.say("resume")
    talk.say("hint")
    talk.answer(GOOD)
    talk.say("skip")
    move = talk.say("stop")
    assert args(move, "utter_summary") == {"n": "2", "alone": "1", "about": "T1 2.1; T1 2.2"}


def test_while_stopped_commands_find_nothing_open(talk: Talk) -> None:
    talk.start()
    talk.say("stop")
    assert names(talk.say("hint")) == ["utter_nothing_open"]
    assert names(talk.say("stop")) == ["utter_nothing_to_stop"]


def test_an_answer_given_while_stopped_goes_on(talk: Talk) -> None:
    talk.start()
    talk.say("stop")
    assert talk.answer("price").loop == "practice"
    assert not talk.practice.paused and names(talk.say("hint")) == ["utter_hint"]


def test_resume_without_anything_to_go_on_with_says_so(talk: Talk) -> None:
    assert names(talk.say("resume")) == ["utter_nothing_to_resume"]


def test_a_topic_named_while_stopped_starts_it(talk: Talk) -> None:
    talk.start()
    talk.say("stop")
    talk.start("2.2")
    assert not talk.practice.paused and talk.practice.label == "T1 2.2"


def test_when_every_question_was_asked_the_session_ends_with_a_summary(talk: Talk) -> None:
    talk.start("2.2")
    talk.answer(GOOD)
    move = talk.answer(GOOD)
    assert names(move)[-2:] == ["utter_summary", "utter_all_asked"] and move.loop == "off"
    assert args(move, "utter_all_asked") == {"label": "T1 2.2"}
    assert all(row["closed_at"] is not None for row in talk.rows(t.exercise))
    assert names(talk.say("resume")) == ["utter_nothing_to_resume"]


# Choices ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_choice(talk: Talk) -> Talk:
    """At the choice question."""
    talk.start("choosing")
    assert talk.question == "t1-2.1-choice"
    return talk


def test_a_choice_is_put_with_its_options_as_buttons(talk: Talk) -> None:
    line = talk.start("choosing").lines[-1]
    assert line.name == "utter_choice_question"
    assert [b.title for b in line.buttons] == ["Keeping regulars happy", "Printing leaflets", "Raising prices"]


def test_a_right_choice_counts_as_practice_but_never_towards_ready(at_choice: Talk, clock: Clock) -> None:
    assert names(at_choice.choose("t1-2.1-choice", "a"))[0] == "utter_choice_right"
    (attempt,) = at_choice.rows(t.attempt)
    assert (attempt["verdict"], attempt["complete"], attempt["answer"]) == ("right", True, "Keeping regulars happy")
    clock.move(days=1)
    at_choice.start("keeping customers")
    at_choice.answer(GOOD)
    assert at_choice.state("t1/2.1") == "practising"


@pytest.mark.parametrize("text", ["b", "printing leaflets"])
def test_a_typed_choice_is_taken_wrong_once_then_right(at_choice: Talk, text: str) -> None:
    assert names(at_choice.answer(text)) == ["utter_choice_wrong", "utter_choice_again"]
    assert names(at_choice.answer("the a one"))[0] == "utter_choice_right"
    assert at_choice.practice.done[-1].outcome == "helped"
    assert [a["unassisted"] for a in at_choice.rows(t.attempt)] == [False, False]


def test_a_typed_choice_that_names_nothing_is_asked_again_and_not_marked(at_choice: Talk) -> None:
    move = at_choice.answer("something else entirely")
    assert names(move) == ["utter_choice_unclear"] and len(move.lines[0].buttons) == 3
    assert at_choice.rows(t.attempt) == []


def test_two_wrong_choices_tell_the_answer(at_choice: Talk) -> None:
    at_choice.choose("t1-2.1-choice", "b")
    assert "utter_choice_told" in names(at_choice.choose("t1-2.1-choice", "c"))
    assert [r["question_id"] for r in at_choice.rows(t.told)] == ["t1-2.1-choice"]


@pytest.mark.parametrize(("question", "option"), [("t1-2.1-why", "a"), ("t1-2.1-choice", "z"), ("", "")])
def test_a_button_that_does_not_fit_counts_nothing(at_choice: Talk, question: str, option: str) -> None:
    before = at_choice.practice
    assert names(at_choice.choose(question, option)) == ["utter_old_button"]
    assert at_choice.practice == before and at_choice.rows(t.attempt) == []


def test_an_old_button_after_the_question_is_over_counts_nothing(at_choice: Talk) -> None:
    at_choice.choose("t1-2.1-choice", "a")
    assert names(at_choice.choose("t1-2.1-choice", "b")) == ["utter_old_button"]
    assert len(at_choice.rows(t.attempt)) == 1


def test_a_button_tapped_while_stopped_counts_nothing(at_choice: Talk) -> None:
    at_choice.say("stop")
    assert names(at_choice.choose("t1-2.1-choice", "a")) == ["utter_old_button"]


# Coverage and review ------------------------------------------------------------------------------------------------


def test_ready_takes_two_questions_and_a_later_day(talk: Talk, clock: Clock) -> None:
    talk.start("keeping customers")
    talk.answer(GOOD)
    assert talk.state("t1/2.1") == "practising"
    talk.start("regulars")
    talk.answer(GOOD)
    assert talk.state("t1/2.1") == "practising"
    clock.move(days=1)
    talk.start("regulars")  # seen both, so the choice comes first
    talk.choose("t1-2.1-choice", "a")
    assert talk.question in {"t1-2.1-again", "t1-2.1-why"}
    talk.answer(GOOD)
    assert talk.state("t1/2.1") == "ready"


def test_a_told_question_proves_nothing_until_its_cool_off_is_over(talk: Talk, clock: Clock) -> None:
    talk.start("keeping customers")
    talk.answer(GOOD)
    clock.move(hours=15)  # midnight
    talk.start("regulars")
    for _ in range(8):
        if talk.question == "t1-2.1-again":
            talk.say("dont_know")
    clock.move(hours=2)
    with talk.coach.records.begin() as tx:
        id, practice = tx.open_practice(talk.person_id) or (0, talk.practice)
        again = talk.coach.syllabus.questions["t1-2.1-again"]
        tx.save_practice(id, put_question(practice, again, "", "").practice, clock())
    talk.answer(GOOD)
    assert talk.rows(t.attempt)[-1]["question_id"] == "t1-2.1-again"
    assert talk.rows(t.attempt)[-1]["unassisted"] and talk.state("t1/2.1") == "practising"


def test_an_assisted_answer_never_makes_ready(talk: Talk, clock: Clock) -> None:
    for topic in ("keeping customers", "regulars"):
        talk.start(topic)
        talk.say("hint")
        talk.answer(GOOD)
        clock.move(days=1)
    assert talk.state("t1/2.1") == "practising"


def test_a_linked_statement_is_covered_by_the_same_answer(talk: Talk) -> None:
    talk.start("keeping customers")
    talk.answer(GOOD)
    assert talk.state("t1/bullet:care") == "practising"


def test_a_performance_criterion_is_never_covered_by_practice(talk: Talk) -> None:
    talk.start("1.1")
    for _ in range(4):
        talk.answer(GOOD)
    with talk.coach.records.reading() as tx:
        assert not {"t1/1.1", "t1/1.2"} & set(tx.coverage_of(talk.person_id))


def test_a_due_review_comes_first_on_another_day(talk: Talk, clock: Clock) -> None:
    talk.start("caring")
    for _ in range(8):
        if talk.question == "t1-care-how":
            talk.say("dont_know")
    talk.say("stop")
    clock.move(days=3)
    move = talk.say("progress")
    assert args(move, "utter_progress_due") == {"due": "1"}
    talk.start("2.1")  # away from the open practice, then the whole unit anew
    with talk.coach.records.begin() as tx:
        id, practice = tx.open_practice(talk.person_id) or (0, talk.practice)
        tx.save_practice(id, practice, clock(), close=True)
    talk.start()
    assert talk.question == "t1-care-how"


def test_progress_counts_ready_and_names_what_is_not_started(talk: Talk) -> None:
    assert args(talk.say("progress"), "utter_progress_unit") == {
        "unit": "T1",
        "ready": "0",
        "practising": "0",
        "all": "2",
        "missing": "2.1, 2.2",
    }
    talk.start("keeping customers")
    talk.answer(GOOD)
    talk.start("limits")
    talk.answer(GOOD)
    move = talk.say("progress")
    assert names(move) == ["utter_progress_all_begun", "utter_progress_rule"]


# Why, dispute, words, tutor -----------------------------------------------------------------------------------------


def test_why_before_an_answer_says_why_the_question_is_asked(talk: Talk) -> None:
    talk.start()
    assert args(talk.say("why"), "utter_why_question") == {"about": "T1 2.1", "criterion": "Explain retention"}


def test_why_after_an_answer_shows_the_marks_and_gives_no_missing_point_away(talk: Talk) -> None:
    talk.start()
    talk.answer("myth price trust?")
    move = talk.say("why")
    assert names(move)[0] == "utter_why_head" and names(move)[-1] == "utter_why_end"
    assert args(move, "utter_why_met") == {"quote": "price", "point": "it costs less"}
    assert args(move, "utter_why_misconception")["quote"] == "myth"
    assert args(move, "utter_why_missing") == {"n": "1"}
    assert "they tell friends" not in str(move)


def test_why_after_the_question_is_over_may_name_what_was_missing(talk: Talk) -> None:
    talk.start()
    talk.answer(GOOD)
    move = talk.say("why")
    assert args(move, "utter_why_not_met") == {"quote": "", "point": "they tell friends"}


def test_why_after_a_choice_points_at_the_reason_given(at_choice: Talk) -> None:
    at_choice.choose("t1-2.1-choice", "b")
    assert args(at_choice.say("why"), "utter_why_choice") == {"answer": "Printing leaflets"}


def test_a_disputed_mark_is_noted_for_the_tutor_and_stays_as_it_is(talk: Talk) -> None:
    talk.start()
    talk.answer("my answer was right really")
    before = talk.rows(t.attempt)
    assert args(talk.say("dispute", "that mark is wrong"), "utter_dispute_noted")["answer"].startswith("my answer")
    (dispute,) = talk.rows(t.dispute)
    assert (dispute["attempt_id"], dispute["words"]) == (before[0]["id"], "that mark is wrong")
    assert talk.rows(t.attempt) == before


def test_the_last_mark_can_be_disputed_and_explained_after_the_session_or_the_topic_is_over(talk: Talk) -> None:
    talk.start("2.2")
    talk.answer(GOOD)
    assert talk.answer(GOOD).loop == "off"
    assert names(talk.say("why"))[0] == "utter_why_head"
    assert names(talk.say("dispute")) == ["utter_dispute_noted"]
    talk.start("caring")
    assert names(talk.say("why")) == ["utter_why_question"], "a new topic: the question on the table is meant"
    assert names(talk.say("dispute")) == ["utter_dispute_noted"]


def test_a_mark_of_somebody_else_is_never_shown_or_disputed(coach: Coach, talk: Talk) -> None:
    talk.start()
    talk.answer("price")
    other = new_talk(coach, name="Other")
    assert names(other.say("dispute")) == ["utter_no_mark_to_dispute"]
    assert names(other.say("why")) == ["utter_nothing_open"]


def test_without_a_mark_there_is_nothing_to_dispute(talk: Talk) -> None:
    assert names(talk.say("dispute")) == ["utter_no_mark_to_dispute"]
    talk.start()
    talk.say("hint")
    assert names(talk.say("dispute")) == ["utter_no_mark_to_dispute"]


def test_a_word_is_explained_misspelt_or_not_and_the_question_stays_open(talk: Talk) -> None:
    talk.start()
    before = talk.practice
    assert args(talk.say("meaning", "what does retension mean"), "utter_term")["term"] == "retention"
    assert names(talk.say("meaning", "what is a service offer?")) == ["utter_term_short"]
    assert names(talk.say("meaning", "what is a giraffe?")) == ["utter_term_unknown"]
    assert talk.practice == before


@pytest.mark.parametrize(("use_case", "kind"), [("talk_to_tutor", "question"), ("delete_data", "delete_data")])
def test_the_tutor_gets_the_words_and_the_open_question(talk: Talk, use_case: str, kind: str) -> None:
    talk.start()
    talk.say(use_case, "I am stuck")
    (request,) = talk.rows(t.tutor_request)
    assert (request["kind"], request["words"], request["question_id"]) == (kind, "I am stuck", "t1-2.1-why")


def test_the_greeting_knows_the_name_and_what_is_open(talk: Talk) -> None:
    assert args(talk.say("welcome"), "utter_greet") == {"name": "Ada"}
    talk.start()
    assert names(talk.say("welcome")) == ["utter_greet_back"]
    talk.say("stop")
    assert args(talk.say("welcome"), "utter_greet_paused") == {"name": "Ada", "label": "unit T1"}


@pytest.mark.parametrize(
    ("text", "longest", "cut"), [("a  b\nc", 9, "a b c"), ("one two three", 9, "one two …"), ("x" * 12, 5, "xxxxx …")]
)
def test_shorten_keeps_to_one_line_and_cuts_at_a_word(text: str, longest: int, cut: str) -> None:
    assert shorten(text, longest) == cut


# Exactly once -------------------------------------------------------------------------------------------------------


def test_the_same_message_twice_gives_the_same_move_and_one_attempt(
    records: Records, tiny: Syllabus, clock: Clock
) -> None:
    talk = new_talk(Coach(tiny, FakeMarker(), records, clock))
    talk.start("keeping customers")
    turn = talk.turn("price?")
    first = talk.coach.take_answer(turn)
    clock.move(minutes=5)
    assert talk.coach.take_answer(turn) == first
    assert len(talk.rows(t.attempt)) == len(talk.rows(t.tutor_request)) == 1
    assert talk.practice.tries == 1


@pytest.mark.parametrize(
    "use_case", ["start_practice", "hint", "dont_know", "skip", "stop", "why", "dispute", "welcome"]
)
def test_any_message_twice_changes_nothing_the_second_time(talk: Talk, use_case: str) -> None:
    talk.start()
    talk.answer("price")
    turn = talk.turn("once")
    first = getattr(talk.coach, use_case)(turn)
    rows = [talk.rows(table) for table in (t.exercise, t.attempt, t.told, t.dispute, t.tutor_request)]
    assert getattr(talk.coach, use_case)(turn) == first
    assert [talk.rows(table) for table in (t.exercise, t.attempt, t.told, t.dispute, t.tutor_request)] == rows


def test_a_failing_marker_leaves_nothing_behind_and_the_message_can_be_tried_again(talk: Talk) -> None:
    talk.start()
    turn = talk.turn("price")
    good, talk.coach.marker = talk.coach.marker, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        talk.coach.take_answer(turn)
    talk.coach.marker = good
    assert talk.rows(t.attempt) == []
    assert "utter_credit" in names(talk.coach.take_answer(turn))


def test_two_learners_do_not_meet(coach: Coach) -> None:
    one, two = new_talk(coach, name="One"), new_talk(coach, name="Two")
    one.start("2.1")
    two.start("caring")
    one.answer("price")
    assert two.practice.met() == 0 and two.rows(t.attempt) == [] and two.question == "t1-care-how"


# Content that changes under an open question ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use_case", ["take_answer", "hint", "dont_know", "skip", "repeat", "stop", "resume", "why", "talk_to_tutor"]
)
@pytest.mark.parametrize("change", ["removed", "other points"])
def test_an_open_question_that_was_changed_in_the_content_never_blocks_the_learner(
    talk: Talk,
    tmp_path,
    use_case: str,
    change: str,  # type: ignore[no-untyped-def]
) -> None:
    talk.start()
    talk.answer("myth price")
    talk.say("hint")
    content = tiny_content()
    questions = content["units/t1/questions.yml"]
    if change == "removed":
        questions[0]["id"] = "t1-2.1-why-new"
    else:
        for name in ("price", "trust"):
            point = next(e for e in questions[0]["expectations"] if e["id"] == name)
            point["id"] = f"new-{name}"
        questions[0]["misconceptions"][0]["id"] = "new-myth"
    newer = Coach(
        load(write_content(tmp_path / "knowledge", content)), FakeMarker(), talk.coach.records, talk.coach.clock
    )
    talk.coach = newer
    talk.say(use_case, "friends")
    newer.start_practice(talk.turn("quiz me on 2.1"))
    assert talk.question in newer.syllabus.questions
    talk.answer("friends")
    talk.say("stop")


# Any sequence of anything -------------------------------------------------------------------------------------------

WORDS = [
    "price",
    "trust",
    "friends",
    "price?",
    "myth",
    "a",
    "b",
    "2.1",
    "1.2",
    "start",
    "limits",
    "skip",
    "choosing",
    "adverts",
]
texts = st.one_of(
    st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join), st.text(max_size=30)
)
USE_CASES = [
    "start_practice", "take_answer", "take_answer", "take_answer", "hint", "dont_know", "skip", "repeat", "stop",
    "resume", "why", "dispute", "meaning", "progress",
    "talk_to_tutor", "delete_data", "change_workplace", "welcome", "choose",
]  # fmt: skip
calls = st.lists(st.tuples(st.sampled_from(USE_CASES), texts, st.integers(0, 30)), max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls)
def test_any_sequence_of_calls_with_any_text_is_answered_and_leaves_a_consistent_state(
    coach: Coach, clock: Clock, sequence: list[tuple[str, str, int]]
) -> None:
    talk = new_talk(coach)
    for use_case, text, hours in sequence:
        clock.move(hours=hours)
        if use_case == "choose":
            with coach.records.reading() as tx:
                opened = tx.open_practice(talk.person_id)
            move = coach.choose(talk.turn(text), (opened and opened[1].question) or text, text or "a")
        else:
            move = talk.say(use_case, text)
        assert move.lines and all(line.name.startswith("utter_") for line in move.lines)
        _consistent(talk, move.loop)


def _consistent(talk: Talk, loop: str | None) -> None:
    with talk.coach.records.reading() as tx:
        opened = tx.open_practice(talk.person_id)
        states = {row["state"] for row in tx.coverage_of(talk.person_id).values()}
    assert states <= {"practising", "ready"}
    if loop == "practice":
        assert opened is not None and opened[1].question is not None and not opened[1].paused
    if opened is None:
        return
    practice = opened[1]
    question = talk.coach.syllabus.questions[practice.question or ""]
    if practice.points or practice.waiting == "answer":
        assert [p.id for p in practice.points] == [e.id for e in question.expectations]
    assert all(0 <= p.help < len(HELP) for p in practice.points)
    assert all((p.help == 4) == (p.state == "told") for p in practice.points)
    assert practice.focus is None or practice.focus in {p.id for p in practice.points}
    if question.sufficient and practice.points:
        assert practice.resolved() < question.sufficient.points, "a question that is complete is over"


def test_every_question_of_the_real_content_can_be_put_helped_with_and_answered(
    syllabus: Syllabus, sqlite_records: Records, clock: Clock
) -> None:
    coach = Coach(syllabus, FakeMarker(), sqlite_records, clock)
    seen = set()
    for unit in sorted(set(syllabus.unit_of.values())):
        talk = new_talk(coach, unit=unit)
        talk.start()
        for _ in range(2 * len(syllabus.questions)):
            if (question := _open_question(talk)) is None:
                break
            seen.add(question)
            if talk.practice.waiting == "workplace":
                talk.answer("Greenway")
                continue
            real = syllabus.questions[question]
            if real.form == "choice":
                talk.answer(next(o.text for o in real.options if o.correct))
            else:
                talk.say("hint")
                talk.answer(". ".join(e.phrasings[0] for e in real.expectations))
            clock.move(minutes=2)
    assert seen == {q.id for q in syllabus.questions.values() if not q.retired}


def _open_question(talk: Talk) -> str | None:
    with talk.coach.records.reading() as tx:
        opened = tx.open_practice(talk.person_id)
    return opened[1].question if opened else None


def test_replaying_a_message_of_long_ago_says_what_was_said_then(talk: Talk, clock: Clock) -> None:
    turn = talk.turn("start")
    first = talk.coach.start_practice(turn)
    for _ in range(3):
        talk.answer(GOOD)
        clock.move(days=1)
    assert talk.coach.start_practice(turn) == first


def test_others_can_write_while_an_answer_is_marked(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    marker, records = talk.coach.marker, talk.coach.records
    marked = FakeMarker.mark

    def mark_while_somebody_writes(self: FakeMarker, question: Question, text: str) -> Marking:
        people.add_person(records, f"Meanwhile {text}", ["learner"], talk.coach.clock())
        return marked(self, question, text)

    monkeypatch.setattr(FakeMarker, "mark", mark_while_somebody_writes)
    talk.start()
    assert isinstance(marker, FakeMarker) and "utter_credit" in "".join(names(talk.answer("price")))
