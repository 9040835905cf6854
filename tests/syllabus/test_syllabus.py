"""The syllabus as one value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.syllabus.model import Link
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


def test_what_is_practised_includes_linked_performance_criteria(tiny: Syllabus) -> None:
    linked = replace(tiny, links=(Link("t1/1.1", "t1/1.2", "The same skill."),))
    assert linked.practised_with(["t1/1.1"]) == {"t1/1.1", "t1/1.2"}
    assert linked.practised_with(["t1/1.2"]) == {"t1/1.2"}


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
