"""What `rapport check` checks beyond the content files: the coach's responses, and enough questions."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bot.coaching.roleplay.diagram import page
from bot.coaching.roleplay.proving import prove
from bot.coaching.sufficiency import shows_verb
from bot.moves.examples import contradictions, parse
from bot.settings import ROOT
from bot.syllabus import lint
from bot.syllabus.loader import check
from bot.syllabus.model import Unit
from bot.syllabus.syllabus import Syllabus, bullet_key

RASA_FILES = ("config.yml", "credentials.yml", "endpoints.yml")
RASA_FOLDERS = ("domain", "data")
ROLES = ("plain", "situation", "retest")


def check_all(knowledge: Path) -> list[str]:
    """Every problem of content, its wording, Rasa's YAML files and responses."""
    syllabus, problems = check(knowledge)
    return (
        problems
        + check_wording(syllabus, knowledge.name)
        + check_roles(syllabus, knowledge.name)
        + check_rasa_files(ROOT)
        + check_moves(ROOT)
    )


def check_moves(root: Path) -> list[str]:
    """Problems of the sentences that the moves are fitted on."""
    examples, problems = [], []
    for path in sorted((root / "data" / "nlu" / "moves").glob("*.yml")):
        found, wrong = parse(path.read_text(encoding="utf-8"), str(path.relative_to(root)))
        examples += found
        problems += wrong
    return problems + [f"data/nlu/moves: {each}" for each in contradictions(examples)]


def check_wording(syllabus: Syllabus, folder: str) -> list[str]:
    """What the content lint finds in each question in use, as `place: problem`."""
    found = []
    for q in syllabus.questions.values():
        unit = syllabus.units[syllabus.unit_of[q.id]]
        for finding in lint.question(q, unit.level) if not q.retired else ():
            said = f"{finding.code.replace('_', ' ')}: {finding.words}"
            found.append(f"{folder}/units/{unit.id}: {q.id}{finding.place}: {said}")
        if q.form == "open" and not q.retired and not shows_verb(q, q.model_answer):
            found.append(
                f"{folder}/units/{unit.id}: {q.id}.model_answer: does not take the step that {q.verb!r} asks for"
            )
    return found


def check_roles(syllabus: Syllabus, folder: str) -> list[str]:
    """Each knowledge statement of a unit with questions needs an open one of every role, its own or linked."""
    roles: defaultdict[str, set[str]] = defaultdict(set)
    for q in syllabus.questions.values():
        if q.form == "open" and not q.retired:
            for statement in syllabus.serves(q):
                roles[statement].add(q.role)
    missing = []
    for unit in syllabus.units.values():
        for statement, kind in knowledge_statements(syllabus, unit):
            if lacking := [r for r in ROLES if r not in roles[statement]]:
                missing.append(
                    f"{folder}/units/{unit.id}: {statement}: no {' and no '.join(lacking)} question ({kind})"
                )
    return missing


def knowledge_statements(syllabus: Syllabus, unit: Unit) -> list[tuple[str, str]]:
    """A unit's knowledge criteria and bullets with their kind, in order; none while the unit has no questions."""
    if unit.id not in syllabus.unit_of.values():
        return []
    kinds: dict[str, str] = {f"{unit.id}/{c.id}": c.kind for c in unit.criteria}
    kinds.update({bullet_key(unit.id, b.id): "understanding" for b in unit.bullets})
    return [(s, kinds[s]) for s in syllabus.statements(unit.id) if kinds[s] != "performance"]


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
    for path in [*sorted((root / "bot" / "coach").glob("*.py")), *sorted((root / "bot" / "coaching").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            literal = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if literal.startswith("utter_") and not literal.endswith("_"):
                used.add((literal, str(path.relative_to(root))))
    return used


def prove_scenarios(syllabus: Syllabus, done: Callable[[str], None] = lambda id: None) -> list[str]:
    """What is wrong with the role-plays as they play: endings, situations and behaviours that nobody can reach."""
    problems: list[str] = []
    for scenario in syllabus.scenarios.values():
        problems += [f"knowledge/scenarios/{scenario.id}.yml: {problem}" for problem in prove(scenario)]
        done(scenario.id)
    return problems


def diagrams(syllabus: Syllabus) -> dict[str, str]:
    """File name in `docs/scenarios/` → the page that should stand there."""
    return {f"{scenario.id}.md": page(scenario) for scenario in syllabus.scenarios.values()}


def write_diagrams(syllabus: Syllabus) -> None:
    """Make `docs/scenarios/` hold exactly these pages."""
    folder, wanted = ROOT / "docs" / "scenarios", diagrams(syllabus)
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def coverage_of_questions(syllabus: Syllabus) -> list[tuple[str, str, str, str]]:
    """A row a knowledge statement of every unit that has questions: statement, kind, open, choice (linked ones too)."""
    counts: Counter[tuple[str, str]] = Counter(
        (s, q.form) for q in syllabus.questions.values() if not q.retired for s in syllabus.serves(q)
    )
    rows = []
    for unit in syllabus.units.values():
        for statement, kind in knowledge_statements(syllabus, unit):
            rows.append((statement, kind, str(counts[(statement, "open")]), str(counts[(statement, "choice")])))
    return rows
