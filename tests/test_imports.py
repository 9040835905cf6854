"""What stays light, and who may import Rasa."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT

SOURCES = sorted(p for folder in ("bot", "actions") for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("module", ["bot.cli", "bot.web.app", "bot.relay", "bot.coach"])
def test_importing_it_loads_neither_rasa_nor_tensorflow_nor_spacy(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'rasa', 'tensorflow', 'spacy', 'onnxruntime'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr[-2000:]


def test_what_watches_the_processes_stays_small() -> None:
    heavy = "{'sqlalchemy', 'httpx', 'rich', 'typer', 'numpy', 'bot.bootstrap', 'bot.records'}"
    code = f"import sys, bot.up; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr[-2000:]


def _imported(path: Path) -> set[str]:
    return _imported_from(path.read_text(encoding="utf-8"))


def _imported_from(text: str) -> set[str]:
    """Top-level names of everything a source imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_only_nlu_and_dialogue_import_rasa() -> None:
    inside = {str(p.relative_to(ROOT)) for p in SOURCES if "rasa" in _imported(p)}
    assert {p for p in inside if not p.startswith(("bot/nlu/", "bot/dialogue/"))} == set()
    assert inside, "the scan sees the imports that are allowed"


def test_only_records_speak_sql() -> None:
    """Elsewhere SQLAlchemy's errors may be caught; the dialogue process sets up Rasa's own tracker store with it."""
    found = set()
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        text = path.read_text(encoding="utf-8").replace("from sqlalchemy.exc import SQLAlchemyError", "")
        if "sqlalchemy" in _imported_from(text) and not name.startswith(("bot/records/", "bot/dialogue/trackers.py")):
            found.add(name)
    assert found == set()


def _sentences(path: Path) -> list[str]:
    """String literals of more than three words that are no docstrings, patterns or lists of words to be split."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    not_said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = node.func
            if called.attr == "split":
                not_said.add(id(called.value))
            elif isinstance(called.value, ast.Name) and called.value.id == "re":
                not_said |= {id(argument) for argument in node.args}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in not_said
        and len(node.value.split()) > 3
    ]


# Not said to anybody: the rule's own name, shown beside records it was judged by.
NOT_SAID = {"2 questions, later day, 24 h after a told answer"}

# What they say is read by those who write scenarios; masking.py holds lists of names.
FOR_AUTHORS = {"proving.py", "diagram.py", "masking.py"}


def test_nothing_is_said_to_learners_in_python() -> None:
    paths = sorted(p for folder in ("coach", "coaching") for p in (ROOT / "bot" / folder).rglob("*.py"))
    found = {(p.name, s) for p in paths if p.name not in FOR_AUTHORS for s in _sentences(p) if s not in NOT_SAID}
    assert found == set()


def test_actions_say_nothing_themselves_either() -> None:
    assert {(p.name, s) for p in (ROOT / "actions").glob("*.py") for s in _sentences(p)} == set()
