"""What `rapport check` finds beyond the content files."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.checks import (
    RASA_FILES,
    RASA_FOLDERS,
    check_all,
    check_rasa_files,
    check_roles,
    check_wording,
    coverage_of_questions,
)
from bot.settings import ROOT
from bot.syllabus.syllabus import Syllabus


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the check reads."""
    for name in RASA_FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in (*RASA_FOLDERS, "bot/coaching", "bot/coach"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_project_passes() -> None:
    assert check_all(ROOT / "knowledge") == []


def test_a_missing_response_is_named_with_the_file_that_says_it(project: Path) -> None:
    path = project / "domain" / "practice.yml"
    path.write_text(path.read_text().replace("  utter_pump:", "  utter_pumpe:"))
    assert check_rasa_files(project) == ["bot/coaching/practice.py: utter_pump: there is no such response in domain/"]


def test_a_broken_domain_file_is_named_with_its_line(project: Path) -> None:
    path = project / "domain" / "progress.yml"
    path.write_text("version: '3.1'\nresponses:\n  utter_x: [\n")
    found = check_rasa_files(project)
    assert any(p.startswith("domain/progress.yml: line ") for p in found)
    assert any("utter_ask_workplace: there is no such response" in p for p in found)


def test_a_response_in_two_files_is_named(project: Path) -> None:
    (project / "domain" / "zz.yml").write_text("responses:\n  utter_greet:\n  - text: hi\n")
    assert check_rasa_files(project) == ["domain/zz.yml: responses.utter_greet: is there twice"]


def test_a_missing_or_unreadable_file_is_named(project: Path) -> None:
    (project / "config.yml").unlink()
    (project / "data" / "rules" / "common.yml").write_bytes(b"\xff\xfe\x00")
    found = check_rasa_files(project)
    assert [p.split(":")[0] for p in found] == ["config.yml", "data/rules/common.yml"]


def test_a_broken_story_file_is_named(project: Path) -> None:
    path = next((project / "data").rglob("*.yml"))
    path.write_text("- a: b: c\n")
    assert check_rasa_files(project)[0].startswith(f"{path.relative_to(project)}: line 1: ")


def test_every_knowledge_statement_is_counted_and_no_performance_criterion(syllabus: Syllabus) -> None:
    rows = coverage_of_questions(syllabus)
    units = [syllabus.units[u] for u in sorted(set(syllabus.unit_of.values()))]
    known = sum(len(u.bullets) + sum(c.kind == "knowledge" for c in u.criteria) for u in units)
    assert len(rows) == len({r[0] for r in rows}) == known >= 56  # d1: 10 + 20, b15: 9 + 17, and more
    assert all(int(open_) >= 2 for _, _, open_, _ in rows)
    assert {kind for _, kind, _, _ in rows} == {"knowledge", "understanding"}


def test_a_badly_worded_question_is_named_with_its_unit_and_place(tiny: Syllabus) -> None:
    first = next(iter(tiny.questions.values()))
    questions = {first.id: replace(first, text="Is it good?"), "old": replace(first, text="Is it?", retired=True)}
    syllabus = dataclasses.replace(tiny, questions=questions, unit_of={**tiny.unit_of, "old": tiny.unit_of[first.id]})
    found = [p for p in check_wording(syllabus, "knowledge") if ": closed: " in p]
    assert found == [f"knowledge/units/{tiny.unit_of[first.id]}: {first.id}.text: closed: Is it good?"]


def test_a_statement_without_a_question_of_some_role_is_named(syllabus: Syllabus) -> None:
    questions = {id: q for id, q in syllabus.questions.items() if q.role != "retest"}
    found = check_roles(dataclasses.replace(syllabus, questions=questions), "knowledge")
    assert "knowledge/units/d1: d1/4.9: no retest question (knowledge)" in found
