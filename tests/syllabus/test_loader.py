"""The loader: content that passes becomes a syllabus, content that does not is refused with every problem at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ContentError
from bot.settings import ROOT
from bot.syllabus.loader import check, content_version, load
from bot.syllabus.syllabus import Syllabus
from tests.conftest import tiny_content, write_content

QUESTIONS = "units/t1/questions.yml"
UNIT = "units/t1/unit.yml"


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[[dict[str, Any]], list[str]]:
    """Writes content to a folder called `knowledge` and gives the problems found in it."""
    return lambda content: check(write_content(tmp_path / "knowledge", content))[1]


def test_the_real_content_passes() -> None:
    assert check(ROOT / "knowledge")[1] == []


def test_the_real_content_has_every_statement_of_the_seed_units(syllabus: Syllabus) -> None:
    kinds = [c.kind for c in syllabus.units["d1"].criteria]
    assert (kinds.count("performance"), kinds.count("knowledge")) == (11, 10)
    assert [c.id for c in syllabus.units["nos"].criteria] == [f"{kind}{n}" for kind in "PK" for n in range(1, 16)]
    assert all(c.kind == ("knowledge" if c.id[0] == "K" else "performance") for c in syllabus.units["nos"].criteria)
    kinds = [c.kind for c in syllabus.units["b15"].criteria]
    assert (kinds.count("performance"), kinds.count("knowledge")) == (9, 9)
    assert {id: len(u.criteria) for id, u in syllabus.units.items()} == {
        "d1": 21, "ct10": 10, "u1": 10, "b15": 18, "nos": 30,
    }  # fmt: skip


def test_ct10_is_graded_and_only_its_p3_is_shown(syllabus: Syllabus) -> None:
    unit = syllabus.units["ct10"]
    graded = {c.id: c.grade for c in unit.criteria}
    assert list(graded) == ["P1", "P2", "M1", "D1", "P3", "M2", "D2", "P4", "P5", "P6"]
    assert all(graded[id] == {"P": "pass", "M": "merit", "D": "distinction"}[id[0]] for id in graded)
    assert [c.id for c in unit.criteria if c.kind == "performance"] == ["P3"]
    assert [sum(b.outcome == o.id for b in unit.bullets) for o in unit.outcomes] == [7, 3, 2, 5]
    places = [r.place for r in unit.evidence_rules]
    assert len(places) == 13 and all(places)
    assert "real customers" in unit.simulation_clause and not unit.simulation_allowed


def test_ct10_asks_for_analysis_at_merit_and_evaluation_at_distinction(syllabus: Syllabus) -> None:
    wanted = {"M1": {"analyse"}, "M2": {"analyse"}, "D1": {"evaluate"}, "D2": {"analyse", "evaluate"}}
    for id, verbs in wanted.items():
        asked = [q for q in syllabus.questions.values() if syllabus.unit_of[q.id] == "ct10" and id in q.criteria]
        assert {q.role for q in asked} == {"plain", "situation", "retest"}
        assert {q.verb for q in asked} == verbs, id


def test_every_knowledge_statement_of_b15_has_three_open_questions(syllabus: Syllabus) -> None:
    unit = syllabus.units["b15"]
    own = [q for q in syllabus.questions.values() if syllabus.unit_of[q.id] == "b15" and q.form == "open"]
    assert len(own) >= 45
    for id in [c.id for c in unit.criteria if c.kind == "knowledge"] + [b.id for b in unit.bullets]:
        assert sum(id in (*q.criteria, *q.bullets) for q in own) >= 3, id


def test_unit_b15_keeps_its_examples_and_evidence_requirements(syllabus: Syllabus) -> None:
    unit = syllabus.units["b15"]
    items = {b.id: len(b.items) for b in unit.bullets if b.items}
    assert items == {"typical-customers": 7, "communication-skills": 2}
    assert [b.kind for b in unit.bullets if b.outcome == "3"].count("explain") == 6
    assert {r.id: len(r.items) for r in unit.evidence_rules if r.kind == "checklist"} == {"4": 4, "6": 4}
    assert "not permitted" in unit.simulation_clause and not unit.simulation_allowed


def test_u1_has_ten_knowledge_criteria_its_bullets_and_its_last_day(syllabus: Syllabus) -> None:
    unit = syllabus.units["u1"]
    assert [c.id for c in unit.criteria] == [f"{outcome}.{n}" for outcome in (1, 2) for n in range(1, 6)]
    assert {c.kind for c in unit.criteria} == {"knowledge"}
    assert [len(b.items) for b in unit.bullets] == [0, 3, 0, 4, 0, 6, 0, 4, 4, 4, 0]
    assert unit.expired == "2017-12-31"


@pytest.mark.parametrize("unit", ["u1", "nos", "ct10"])
def test_each_statement_has_a_plain_question_one_in_a_situation_and_a_retest(syllabus: Syllabus, unit: str) -> None:
    roles: dict[str, set[str]] = defaultdict(set)
    for question in syllabus.questions.values():
        if question.form == "open" and not question.retired:
            for statement in syllabus.serves(question):
                roles[statement].add(question.role)
    performance = {f"{unit}/{c.id}" for c in syllabus.units[unit].criteria if c.kind == "performance"}
    for statement in set(syllabus.statements(unit)) - performance:
        assert roles[statement] == {"plain", "situation", "retest"}, statement


def test_the_tiny_content_passes_and_is_read_whole(tiny: Syllabus) -> None:
    assert list(tiny.units) == ["t1"]
    assert len(tiny.questions) == 7
    assert [term.term for term in tiny.glossary] == ["retention", "service offer"]
    assert tiny.questions["t1-2.1-why"].expectation("trust").hints[1] == "Second hint on trust."


def test_load_raises_one_error_that_holds_every_problem(tmp_path: Path) -> None:
    content = tiny_content()
    content[QUESTIONS][0]["verb"] = "ponder"
    content["glossary.yml"][0]["meaning"] = 7
    with pytest.raises(ContentError) as caught:
        load(write_content(tmp_path / "knowledge", content))
    assert len(caught.value.problems) >= 2
    assert str(caught.value).splitlines() == list(caught.value.problems)


def test_problems_of_several_files_are_told_at_once_with_file_and_place(problems_of: Any) -> None:
    content = tiny_content()
    content[QUESTIONS][0]["expectations"][1]["label"] = 4
    content[QUESTIONS][1]["verb"] = "ponder"
    content["glossary.yml"][1]["meening"] = content["glossary.yml"][1].pop("meaning")
    content["crosswalk.yml"][0]["to"] = "t1/9.9"
    content[UNIT]["criteria"][0]["outcome"] = "7"
    found = "\n".join(problems_of(content))
    assert f"knowledge/{QUESTIONS}: $[0].expectations[1].label: 4 is read as a number; put it in quotes" in found
    assert f"knowledge/{QUESTIONS}: $[1].verb: " in found
    assert "knowledge/glossary.yml: $[1]: unknown field 'meening' (did you mean 'meaning'?)" in found
    assert "knowledge/glossary.yml: $[1]: field 'meaning' is missing" in found
    assert 'knowledge/crosswalk.yml: $[0].to: there is no statement "t1/9.9"' in found
    assert f'knowledge/{UNIT}: $.criteria[0].outcome: "7" is not an outcome of t1' in found


def test_broken_yaml_names_line_and_column(problems_of: Any) -> None:
    found = problems_of({**tiny_content(), QUESTIONS: "- id: t1-x\n  text: [unclosed\n- id: b\n"})
    assert len([p for p in found if p.startswith(f"knowledge/{QUESTIONS}: line 3, column ")]) == 1


def test_a_file_that_is_not_utf8_names_the_byte(problems_of: Any) -> None:
    found = problems_of({**tiny_content(), "glossary.yml": b"- term: caf\xe9\n"})
    assert "knowledge/glossary.yml: byte 11: is not UTF-8 text" in found


@pytest.mark.parametrize("name", ["glossary.yml", "crosswalk.yml"])
def test_a_missing_file_is_named(problems_of: Any, name: str) -> None:
    assert f"knowledge/{name}: file: is missing" in problems_of({**tiny_content(), name: None})


def test_a_folder_without_units_is_refused(tmp_path: Path) -> None:
    assert any("has no unit.yml" in p for p in check(tmp_path / "nowhere")[1])


def test_an_empty_questions_file_is_named(problems_of: Any) -> None:
    assert f"knowledge/{QUESTIONS}: $: must be a list, got nothing" in problems_of({**tiny_content(), QUESTIONS: ""})


def test_a_mapping_where_a_list_belongs_is_named(problems_of: Any) -> None:
    found = problems_of({**tiny_content(), "glossary.yml": {"term": "x"}})
    assert "knowledge/glossary.yml: $: must be a list, got dict" in found


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (True, "true is read as true or false; put it in quotes"),
        (4.9, "4.9 is read as a number; put it in quotes"),
        (None, "Expected `str`, got `null`"),
    ],
)
def test_a_value_that_is_no_text_says_how_yaml_read_it(problems_of: Any, value: Any, problem: str) -> None:
    content = tiny_content()
    content[QUESTIONS][0]["expectations"][0]["phrasings"][2] = value
    assert any(
        p.startswith(f"knowledge/{QUESTIONS}: $[0].expectations[0].phrasings[2]: ") and problem in p
        for p in problems_of(content)
    )


def test_an_impossible_date_is_a_problem_and_no_crash(problems_of: Any) -> None:
    found = problems_of({**tiny_content(), "glossary.yml": "- term: x\n  meaning: 2024-13-45\n"})
    assert any(p.startswith("knowledge/glossary.yml: ") for p in found)


def test_an_unknown_field_of_a_nested_value_is_told_with_what_was_meant(problems_of: Any) -> None:
    content = tiny_content()
    content[QUESTIONS][0]["sufficient"] = {"point": 2, "means": "Two."}
    found = problems_of(content)
    assert f"knowledge/{QUESTIONS}: $[0].sufficient: unknown field 'point' (did you mean 'points'?)" in found
    assert f"knowledge/{QUESTIONS}: $[0].sufficient: field 'points' is missing" in found


def test_an_unknown_criterion_is_told_with_the_known_ones(problems_of: Any) -> None:
    content = tiny_content()
    content[QUESTIONS][0]["criteria"] = ["2.7"]
    assert any('$[0].criteria[0]: "2.7": not a criterion of t1 (2.1–2.2)' in p for p in problems_of(content))


def test_a_question_cannot_serve_a_performance_criterion(problems_of: Any) -> None:
    content = tiny_content()
    content[QUESTIONS][0]["criteria"] = ["1.1"]
    assert any('"1.1" is a performance criterion' in p for p in problems_of(content))


@pytest.mark.parametrize("end", ["from", "to"])
def test_a_link_cannot_serve_a_performance_criterion(problems_of: Any, end: str) -> None:
    content = tiny_content()
    content["crosswalk.yml"][0][end] = "t1/1.1"
    assert any(
        p.startswith(f'knowledge/crosswalk.yml: $[0].{end}: "t1/1.1" is a performance') for p in problems_of(content)
    )


def test_performance_may_be_linked_to_performance(problems_of: Any) -> None:
    content = tiny_content()
    content["crosswalk.yml"].append({"from": "t1/1.1", "to": "t1/1.2", "reason": "The same skill."})
    assert problems_of(content) == []


def test_a_unit_that_closed_says_its_last_day(tmp_path: Path) -> None:
    content = tiny_content()
    content[UNIT] |= {"expired": "2017-12-31", "reference": "R/504/6242"}
    unit = load(write_content(tmp_path / "knowledge", content)).units["t1"]
    assert (unit.expired, unit.reference) == ("2017-12-31", "R/504/6242")


def test_a_statement_is_served_by_linked_questions_too(problems_of: Any) -> None:
    content = tiny_content()
    content[QUESTIONS][1]["retired"] = True
    content["crosswalk.yml"].append({"from": "t1/2.2", "to": "t1/2.1", "reason": "For this test."})
    assert problems_of(content) == []


def test_a_link_needs_a_reason(problems_of: Any) -> None:
    content = tiny_content()
    content["crosswalk.yml"][0]["reason"] = "  "
    assert "knowledge/crosswalk.yml: $[0].reason: is missing" in problems_of(content)


def test_problems_name_the_folder_that_was_read(tmp_path: Path) -> None:
    content = tiny_content()
    content["crosswalk.yml"][0]["to"] = "t1/9.9"
    content[QUESTIONS].pop(1)
    found = check(write_content(tmp_path / "our-content", content))[1]
    assert found and all(p.startswith("our-content/") for p in found)


def _change(path: list[Any], value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        place: Any = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


BROKEN_RULES = {
    "an expiry that is no date": (_change([UNIT, "expired"], "31/12/2017"), '"31/12/2017" is not a date'),
    "two criteria of one id": (_change([UNIT, "criteria", 1, "id"], "1.1"), 'id "1.1" is used 2 times'),
    "a unit in the wrong folder": (_change([UNIT, "id"], "t2"), '"t2" is not the folder\'s name (t1)'),
    "a bullet of an unknown outcome": (
        _change([UNIT, "bullets", 0, "outcome"], "8"),
        '$.bullets[0].outcome: "8" is not an outcome',
    ),
    "a bullet of an unknown criterion": (
        _change([UNIT, "bullets", 0, "criteria"], ["8.1"]),
        '$.bullets[0].criteria[0]: "8.1" is not a criterion',
    ),
    "an example named twice under a bullet": (
        _change([UNIT, "bullets", 0, "items"], ["ages", "gender", "ages"]),
        '$.bullets[0].items: id "ages" is used 2 times',
    ),
    "a question id used twice": (_change([QUESTIONS, 1, "id"], "t1-2.1-why"), '$[1].id: "t1-2.1-why" is used twice'),
    "a question id of another unit": (_change([QUESTIONS, 1, "id"], "x-2.1-a"), 'must start with "t1-"'),
    "a question id in capitals": (_change([QUESTIONS, 1, "id"], "t1-Why"), "lower-case"),
    "an unknown bullet": (_change([QUESTIONS, 0, "bullets"], ["nope"]), '.bullets[0]: "nope" is not a bullet of t1'),
    "nothing served": (_change([QUESTIONS, 0, "criteria"], []), "serves neither a criterion nor a bullet"),
    "an unknown gap in the text": (_change([QUESTIONS, 0, "text"], "At {shop}?"), "may hold {organisation} only"),
    "an organisation without the flag": (
        _change([QUESTIONS, 0, "text"], "At {organisation}?"),
        "only with own_organisation: true",
    ),
    "a part of the workplace without the flag": (
        _change([UNIT, "criteria", 3, "own_organisation"], False),
        "$.criteria[3].workplace: only with own_organisation: true",
    ),
    "two correct options": (_change([QUESTIONS, 6, "options", 1, "correct"], True), "exactly one correct"),
    "no correct option": (_change([QUESTIONS, 6, "options", 0, "correct"], False), "exactly one correct"),
    "two options of one id": (_change([QUESTIONS, 6, "options", 1, "id"], "a"), 'id "a" is used 2 times'),
    "a choice with expectations": (
        _change([QUESTIONS, 6, "sufficient"], {"points": 1, "means": "x"}),
        "a choice question has no expectations",
    ),
    "an open question with options": (
        _change([QUESTIONS, 0, "options"], [{"id": "a", "text": "x", "correct": True, "feedback": "y"}]),
        ".options: an open question has none",
    ),
    "too few expectations": (_change([QUESTIONS, 0, "expectations"], []), "must be 3–6, there are 0"),
    "more points than expectations": (_change([QUESTIONS, 0, "sufficient", "points"], 4), "points: must be 1–3"),
    "no points": (_change([QUESTIONS, 0, "sufficient", "points"], 0), "points: must be 1–3"),
    "nothing sufficient": (_change([QUESTIONS, 0, "sufficient"], None), "field 'sufficient' is missing"),
    "two points of one id": (_change([QUESTIONS, 0, "expectations", 1, "id"], "price"), 'id "price" is used 2 times'),
    "phrasings that are the same": (
        _change([QUESTIONS, 0, "expectations", 0, "phrasings"], ["same "] * 3 + ["Same"] * 3),
        "at least 6 different ones, there are 1",
    ),
    "one counter": (_change([QUESTIONS, 0, "expectations", 0, "counter"], ["x"]), "at least 2, there are 1"),
    "one hint": (_change([QUESTIONS, 0, "expectations", 0, "hints"], ["x"]), "must be two, there are 1"),
    "a prompt without a gap": (
        _change([QUESTIONS, 0, "expectations", 0, "prompt"], {"text": "No gap.", "answers": ["x"]}),
        "needs a gap ____",
    ),
    "a prompt without answers": (
        _change([QUESTIONS, 0, "expectations", 0, "prompt"], {"text": "A ____.", "answers": []}),
        "at least one answer",
    ),
    "a misconception said in one way": (
        _change([QUESTIONS, 0, "misconceptions", 0, "phrasings"], ["x"]),
        "misconceptions[0].phrasings: at least 4",
    ),
    "a term explained twice": (
        _change(["glossary.yml", 1, "also"], ["Retention"]),
        '$[1]: "Retention" is already explained at $[0]',
    ),
}


@pytest.mark.parametrize("rule", BROKEN_RULES)
def test_each_broken_rule_is_told_with_its_place(problems_of: Any, rule: str) -> None:
    change, said = BROKEN_RULES[rule]
    content = tiny_content()
    change(content)
    assert any(said in p for p in problems_of(content)), f"{rule}: {said}"


def test_a_statement_with_one_open_question_needs_another(problems_of: Any) -> None:
    content = tiny_content()
    content[QUESTIONS][1]["retired"] = True
    assert "knowledge/units/t1: t1/2.1: has 1 open questions, needs at least 2" in problems_of(content)


def test_the_version_changes_with_any_content_file_and_with_nothing_else(tmp_path: Path) -> None:
    folder = write_content(tmp_path / "knowledge", tiny_content())
    before = content_version(folder)
    (folder / "notes.txt").write_text("not content")
    assert content_version(folder) == before
    (folder / "glossary.yml").write_text((folder / "glossary.yml").read_text() + "\n# more\n")
    assert content_version(folder) != before
    assert len(before) == 12
