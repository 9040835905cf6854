"""The syllabus as one value."""

from __future__ import annotations

import pytest

from bot.syllabus.syllabus import Syllabus, bullet_key


def test_statements_are_criteria_then_bullets(tiny: Syllabus) -> None:
    assert tiny.statements("t1") == ("t1/1.1", "t1/1.2", "t1/2.1", "t1/2.2", "t1/bullet:care")


def test_a_question_serves_its_own_statements_and_one_step_of_links(tiny: Syllabus) -> None:
    question = tiny.questions["t1-2.1-why"]
    assert tiny.own_statements(question) == ("t1/2.1",)
    assert tiny.serves(question) == {"t1/2.1", "t1/bullet:care"}


def test_a_one_way_link_does_not_serve_backwards(tiny: Syllabus) -> None:
    assert tiny.serves(tiny.questions["t1-care-how"]) == {"t1/bullet:care"}


def test_a_link_both_ways_serves_backwards(syllabus: Syllabus) -> None:
    link = next(link for link in syllabus.links if link.both_ways)
    assert link.from_ in syllabus._linked[link.to] and link.to in syllabus._linked[link.from_]


def test_the_real_crosswalk_never_serves_a_performance_criterion(syllabus: Syllabus) -> None:
    performance = {f"{u.id}/{c.id}" for u in syllabus.units.values() for c in u.criteria if c.kind == "performance"}
    for question in syllabus.questions.values():
        assert not syllabus.serves(question) & performance, question.id


def test_an_assessor_decides_on_criteria_and_only_on_bullets_without_one(syllabus: Syllabus) -> None:
    cost, trust = syllabus.questions["d1-4.9-cost-of-winning"], syllabus.questions["d1-confidence-building"]
    assert syllabus.decided_on("d1", cost) == ("d1/4.9",)
    assert syllabus.decided_on("d1", trust) == ("d1/bullet:confidence",)
    assert syllabus.decided_on("u1", cost) == ()
    assert syllabus.with_bullets(["d1/4.9"]) == {"d1/4.9", "d1/bullet:costs-new-or-keep"}


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("d1/4.9", {"nos/K11", "ct10/P2"}),  # the cost of new against kept customers
        ("d1/4.10", {"nos/K12"}),  # limits of authority
        ("b15/3.8", {"nos/K12", "d1/4.10"}),
        ("b15/3.7", {"d1/bullet:limits-of-authority"}),
        ("d1/bullet:expectations-formed", {"nos/K9"}),  # how expectations form
        ("d1/4.1", {"u1/2.1"}),
    ],
)
def test_one_question_serves_what_the_five_documents_share(syllabus: Syllabus, asked: str, served: set[str]) -> None:
    questions = [q for q in syllabus.questions.values() if asked in syllabus.own_statements(q)]
    assert questions
    assert all(served <= syllabus.serves(q) for q in questions)


def test_u1_answers_serve_no_unit_of_a_higher_level(syllabus: Syllabus) -> None:
    for question in syllabus.questions.values():
        if syllabus.unit_of[question.id] == "u1":
            assert {s.split("/")[0] for s in syllabus.serves(question)} == {"u1"}, question.id


def test_open_for_finds_questions_by_statement_and_leaves_out_none_in_use(tiny: Syllabus) -> None:
    assert [q.id for q in tiny.open_for(["t1/2.2"])] == ["t1-2.2-yours", "t1-2.2-other"]
    assert tiny.open_for([]) == ()


def test_text_of_an_unknown_statement_raises(tiny: Syllabus) -> None:
    assert tiny.text_of(bullet_key("t1", "care")) == "How to care for customers"
    assert not tiny.knows("t1/9.9")
    with pytest.raises(KeyError):
        tiny.text_of("t1/9.9")


@pytest.mark.parametrize("words", ["retention", "RETENTION", " retentions ", "Keeping customers", "keeping customer"])
def test_a_term_is_found_case_and_plural_aside(tiny: Syllabus, words: str) -> None:
    term = tiny.find_term(words)
    assert term is not None and term.term == "retention"


@pytest.mark.parametrize("words", ["", "s", "attention"])
def test_words_that_are_no_term_find_none(tiny: Syllabus, words: str) -> None:
    assert tiny.find_term(words) is None


@pytest.mark.parametrize("kind", ["expectation", "misconception", "option"])
def test_an_unknown_part_of_a_question_raises(tiny: Syllabus, kind: str) -> None:
    with pytest.raises(KeyError):
        getattr(tiny.questions["t1-2.1-why"], kind)("nope")
    with pytest.raises(KeyError):
        tiny.units["t1"].criterion("9.9")
