"""Which question comes next, and what a learner means by "quiz me on …"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.coaching.choosing import Scope, find_scope, next_question, topic_of, until
from bot.syllabus.syllabus import Syllabus
from tests.conftest import FakeMarker


def chosen(tiny: Syllabus, asked: Sequence[str] = (), **more: object) -> str | None:
    known: dict[str, object] = {"states": {}, "due": (), "seen": {}, **more}
    found = next_question(tiny, tuple(tiny.questions.values()), asked=asked, **known)  # type: ignore[arg-type]
    return found.id if found else None


def scope(syllabus: Syllabus, text: str, unit: str = "t1") -> Scope | None:
    return find_scope(text, syllabus, [unit], FakeMarker().similar)


def test_a_due_review_comes_before_everything_else(tiny: Syllabus) -> None:
    assert chosen(tiny, due={"t1-2.2-other"}, states={"t1/2.2": "ready"}) == "t1-2.2-other"


def test_what_a_tutor_has_set_comes_before_due_reviews_in_the_order_given(tiny: Syllabus) -> None:
    due = {"t1-2.2-other"}
    assert chosen(tiny, due=due, targets=["t1-care-when"]) == "t1-care-when"
    assert chosen(tiny, due=due, targets=["no-such", "t1/2.2", "t1-care-when"]) == "t1-2.2-other"
    assert chosen(tiny, targets=["t1/2.2"], asked=["t1-2.2-yours", "t1-2.2-other"]) == "t1-2.1-why"


@pytest.mark.parametrize(
    ("due", "said"),
    [("2026-03-02", "today"), ("2026-03-03", "tomorrow"), ("2026-03-06", "Friday"), ("2026-03-09", "Monday 9 March"),
     ("2026-02-27", "Friday 27 February")],
)  # fmt: skip
def test_a_date_is_said_as_people_say_it(due: str, said: str) -> None:
    assert until(date.fromisoformat(due), date(2026, 3, 2)) == said


def test_the_weakest_statement_comes_first(tiny: Syllabus) -> None:
    states = {"t1/2.1": "ready", "t1/bullet:care": "practising"}
    assert chosen(tiny, states=states) == "t1-2.2-yours"
    assert chosen(tiny, states={**states, "t1/2.2": "ready"}) == "t1-care-how"


def test_a_question_not_yet_seen_comes_before_one_seen(tiny: Syllabus) -> None:
    seen = {"t1-2.1-why": 2, "t1-2.2-yours": 1, "t1-2.2-other": 1, "t1-care-how": 1, "t1-2.1-choice": 1}
    assert chosen(tiny, seen=seen) == "t1-2.1-again"


def test_variety_another_statement_than_the_last_question_had(tiny: Syllabus) -> None:
    assert chosen(tiny, asked=["t1-2.1-why"]) == "t1-2.2-yours"


def test_plain_questions_come_before_retests_and_choices(tiny: Syllabus) -> None:
    about = [q for q in tiny.questions.values() if q.criteria == ("2.1",)]
    order: list[str] = []
    while question := next_question(tiny, [q for q in about if q.id not in order], {}, (), {}, ()):
        order.append(question.id)
    assert order == ["t1-2.1-why", "t1-2.1-choice", "t1-2.1-again"]


def test_when_all_were_asked_there_is_none(tiny: Syllabus) -> None:
    assert chosen(tiny, asked=list(tiny.questions)) is None
    assert next_question(tiny, (), {}, (), {}, ()) is None


@pytest.mark.parametrize("text", ["", "start", "quiz me", "something", "ask me a question please", "lets go"])
def test_no_topic_means_the_whole_unit(tiny: Syllabus, text: str) -> None:
    assert scope(tiny, text) == Scope("t1", (), "unit T1")


@pytest.mark.parametrize("text", ["unit t1", "t1", "quiz me on Keep Customers"])
def test_a_unit_by_its_name(tiny: Syllabus, text: str) -> None:
    assert scope(tiny, text) == Scope("t1", (), "unit T1")


@pytest.mark.parametrize("text", ["2.1", "quiz me on 2.1 please", "criterion 2.1.", "do 2.1, then stop"])
def test_a_criterion_by_its_number(tiny: Syllabus, text: str) -> None:
    assert scope(tiny, text) == Scope("t1", ("t1/2.1",), "T1 2.1")


@pytest.mark.parametrize("text", ["12.1", "2.15", "1.2.1", "2.1.3"])
def test_a_number_within_another_number_is_not_that_criterion(tiny: Syllabus, text: str) -> None:
    found = scope(tiny, text)
    assert found is None or found.statements != ("t1/2.1",)


def test_4_1_and_4_10_are_told_apart(syllabus: Syllabus) -> None:
    for number in ("4.1", "4.10"):
        found = scope(syllabus, f"quiz me on {number}", "d1")
        assert found is not None and found.statements == (f"d1/{number}",)


def test_a_performance_criterion_gives_the_knowledge_behind_it(tiny: Syllabus) -> None:
    assert scope(tiny, "1.1") == Scope("t1", ("t1/bullet:care",), "the knowledge behind T1 1.1")


def test_a_performance_criterion_that_no_bullet_names_gives_the_knowledge_of_its_outcome(tiny: Syllabus) -> None:
    assert scope(tiny, "1.2") == Scope("t1", ("t1/bullet:care",), "learning outcome 1")


def test_every_criterion_of_d1_can_be_asked_for_and_has_questions(syllabus: Syllabus) -> None:
    for criterion in syllabus.units["d1"].criteria:
        found = scope(syllabus, f"quiz me on {criterion.id}", "d1")
        assert found is not None and found.statements, criterion.id
        assert syllabus.open_for(found.statements), criterion.id


@pytest.mark.parametrize("text", ["LO 2", "lo2", "learning outcome 2", "outcome 2 please"])
def test_a_learning_outcome(tiny: Syllabus, text: str) -> None:
    assert scope(tiny, text) == Scope("t1", ("t1/2.1", "t1/2.2"), "learning outcome 2")


def test_a_learning_outcome_that_is_not_there_is_not_taken_for_another(tiny: Syllabus) -> None:
    found = scope(tiny, "learning outcome 9")
    assert found is None or found.label != "learning outcome 9"


@pytest.mark.parametrize(
    "text", ["keeping customers", "quiz me on keeping customers", "pls test me about keeping customers"]
)
def test_a_topic_in_words_brings_its_question_first(tiny: Syllabus, text: str) -> None:
    found = scope(tiny, text)
    assert found is not None
    assert (found.statements, found.label, found.first) == (("t1/2.1",), "keeping customers", "t1-2.1-why")


def test_an_unknown_topic_is_none(tiny: Syllabus) -> None:
    assert scope(tiny, "quiz me on volcanoes") is None


def test_without_units_there_is_no_scope(tiny: Syllabus) -> None:
    assert find_scope("keeping customers", tiny, [], FakeMarker().similar) is None
    assert find_scope("learning outcome 2", tiny, [], FakeMarker().similar) is None


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Quiz me on the cost of new customers, please", "cost of new customers"),
        ("can you ask me about complaints now", "complaints"),
        ("start", ""),
        ("quiz me", ""),
    ],
)
def test_the_topic_is_what_is_left_without_the_asking(text: str, topic: str) -> None:
    assert topic_of(text) == topic


@given(st.text(max_size=80))
def test_no_text_is_too_odd(tiny: Syllabus, text: str) -> None:
    found = scope(tiny, text)
    assert found is None or set(found.statements) <= set(tiny.statements("t1"))
