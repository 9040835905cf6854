"""Scenarios that pass are read whole; those that do not are refused with every problem at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import ROOT
from bot.syllabus.loader import check
from bot.syllabus.scenario import MOVES

MODEL = ROOT / "knowledge" / "scenarios" / "shop-late-refund.yml"
KINDS = ("new", "existing", "long_term", "dissatisfied", "particular_needs", "internal")


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """Puts one scenario beside the real content; what is wrong with it, a line a problem."""
    knowledge = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", knowledge, ignore=shutil.ignore_patterns("scenarios", "questions*"))
    (knowledge / "scenarios").mkdir()

    def found(content: dict[str, Any]) -> str:
        path = knowledge / "scenarios" / MODEL.name
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return "\n".join(p for p in check(knowledge)[1] if "scenarios/" in p)

    return found


@pytest.fixture
def model() -> dict[str, Any]:
    """The exemplary scenario as plain data."""
    content: dict[str, Any] = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    return content


def test_the_real_scenarios_pass_and_carry_what_all_customers_share() -> None:
    syllabus, problems = check(ROOT / "knowledge")
    assert problems == []
    for scenario in syllabus.scenarios.values():
        assert scenario.manners is not None
        assert set(scenario.manners.effects) == MOVES


def test_together_they_practise_every_performance_criterion() -> None:
    syllabus = check(ROOT / "knowledge")[0]
    practised = {c for s in syllabus.scenarios.values() if not s.retired for b in s.behaviours for c in b.criteria}
    wanted = {"ct10/P3"}
    for unit in ("d1", "b15", "nos"):
        wanted |= {f"{unit}/{c.id}" for c in syllabus.units[unit].criteria if c.kind == "performance"}
    assert wanted - practised == set()


def test_together_they_have_every_kind_of_customer_in_fourteen_trades() -> None:
    scenarios = check(ROOT / "knowledge")[0].scenarios.values()
    assert {s.customer.kind for s in scenarios} == set(KINDS)
    assert len({s.trade for s in scenarios}) >= 14


def test_every_problem_is_told_at_once(problems_of: Callable[[Any], str], model: dict[str, Any]) -> None:
    model["criteria"].append("d1/4.9")
    model["behaviours"][0]["criteria"] = ["d1/9.9"]
    model["situations"][0]["wants"].append("flatter")
    model["situations"][0]["leave"][0]["to"] = "nowhere"
    model["situations"][1]["say"] = ["Only one?"]
    model["facts"][0]["questions"] = ["When?"]
    model["levels"]["hard"]["patience"] = 6
    model["endings"] = [e for e in model["endings"] if e["id"] != "grudging"]
    model["topics"] = []
    found = problems_of(model)
    for expected in (
        '$.criteria[14]: "d1/4.9" is no performance criterion of d1',
        '$.criteria[14]: "d1/4.9" is practised by no behaviour',
        '$.behaviours[0].criteria[0]: "d1/9.9" is not in the scenario\'s criteria',
        '$.situations[0].wants: "flatter" is no move',
        '$.situations[0].leave[0].to: there is no situation "nowhere"',
        "$.situations[1].say: at least 3 different wordings, there are 1",
        "$.facts[0].questions: at least 4 ways to ask for it",
        "$.levels: patience must not grow from easy to hard",
        "$.endings: one must have {out_of_time: true} alone",
        "$.topics: at least 3",
    ):
        assert expected in found


def test_a_misspelt_field_is_named_with_the_one_that_was_meant(
    problems_of: Callable[[Any], str], model: dict[str, Any]
) -> None:
    model["situations"][0]["agian"] = model["situations"][0].pop("again")
    assert "$.situations[0]: unknown field 'agian' (did you mean 'again'?)" in problems_of(model)


def test_thanks_for_nothing_is_refused(problems_of: Callable[[Any], str], model: dict[str, Any]) -> None:
    model["situations"][0]["again"][0] = "Thanks, but where is my refund?"
    assert "thanks belong into reactions and endings" in problems_of(model)


def test_a_sentence_that_stands_twice_is_refused(problems_of: Callable[[Any], str], model: dict[str, Any]) -> None:
    model["facts"][0]["say"][0] = model["endings"][0]["say"][1]
    assert "2 times; say it in other words" in problems_of(model)


def test_an_unknown_criterion_of_a_known_unit_is_refused(
    problems_of: Callable[[Any], str], model: dict[str, Any]
) -> None:
    model["criteria"][0] = model["behaviours"][6]["criteria"][0] = "d1/7.1"
    assert '"d1/7.1" is no performance criterion of d1' in problems_of(model)
