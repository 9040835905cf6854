"""What `rapport check` checks beyond the content files: the coach's responses, and enough questions."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from bot.settings import ROOT
from bot.syllabus.loader import check
from bot.syllabus.syllabus import Syllabus, bullet_key

RASA_FILES = ("config.yml", "credentials.yml", "endpoints.yml")
RASA_FOLDERS = ("domain", "data")


def check_all(knowledge: Path) -> list[str]:
    """Every problem of content, Rasa's YAML files and responses."""
    _, problems = check(knowledge)
    return problems + check_rasa_files(ROOT)


def check_rasa_files(root: Path) -> list[str]:
    """A YAML error in `domain/` is only a warning to Rasa; here it is a problem, and so is a missing response."""
    problems: list[str] = []
    responses: set[str] = set()
    files = [root / f for f in RASA_FILES] + [p for f in RASA_FOLDERS for p in sorted((root / f).rglob("*.yml"))]
    for path in files:
        shown = str(path.relative_to(root))
        try:
            content: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            problems.append(f"{shown}: line {mark.line + 1 if mark else '?'}: {error.problem}")
            continue
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{shown}: file: {error}")
            continue
        if shown.startswith("domain/") and isinstance(content, dict):
            for name in content.get("responses") or {}:
                if name in responses:
                    problems.append(f"{shown}: responses.{name}: is there twice")
                responses.add(name)
    for name, place in sorted(_responses_used(root)):
        if name not in responses:
            problems.append(f"{place}: {name}: there is no such response in domain/")
    return problems


def _responses_used(root: Path) -> set[tuple[str, str]]:
    """Every `utter_…` literal in the coach's code, with the file it stands in."""
    used = set()
    for path in [root / "bot" / "coach.py", *sorted((root / "bot" / "coaching").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            literal = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if literal.startswith("utter_") and not literal.endswith("_"):
                used.add((literal, str(path.relative_to(root))))
    return used


def coverage_of_questions(syllabus: Syllabus) -> list[tuple[str, str, str, str]]:
    """A row a knowledge statement of every unit that has questions: statement, kind, open, choice (linked ones too)."""
    counts: Counter[tuple[str, str]] = Counter(
        (s, q.form) for q in syllabus.questions.values() if not q.retired for s in syllabus.serves(q)
    )
    rows = []
    for unit in syllabus.units.values():
        if unit.id not in syllabus.unit_of.values():
            continue
        kinds: dict[str, str] = {f"{unit.id}/{c.id}": c.kind for c in unit.criteria}
        kinds.update({bullet_key(unit.id, b.id): "understanding" for b in unit.bullets})
        for statement in syllabus.statements(unit.id):
            if kinds[statement] != "performance":
                open_, choice = counts[(statement, "open")], counts[(statement, "choice")]
                rows.append((statement, kinds[statement], str(open_), str(choice)))
    return rows
