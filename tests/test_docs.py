"""Documentation that cannot drift: what can be set, typed, said or written is described."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import msgspec
import pytest
import typer
import yaml

from bot.checks import diagrams
from bot.cli import app
from bot.settings import ROOT, VARIABLES
from bot.syllabus import scenario
from bot.syllabus.loader import load
from bot.syllabus.model import Question, Unit


def doc(name: str) -> str:
    """The text of a page in docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_is_described(variable: str) -> None:
    assert f"`{variable}`" in doc("settings.md")


def test_no_setting_is_described_that_is_not_there() -> None:
    described = set(re.findall(r"^\| *`((?:RAPPORT_|DATABASE_|TELEGRAM_)[A-Z_]+)`", doc("settings.md"), re.MULTILINE))
    assert described == set(VARIABLES)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of the tree with the words that call it."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    elif not command.hidden:
        yield path, command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_its_options_are_described(words: tuple[str, ...]) -> None:
    text = doc("commands.md")
    assert f"rapport {' '.join(words)}" in text
    for parameter in COMMANDS[words].params:
        if isinstance(parameter, click.Option):
            assert any(name in text for name in parameter.opts), f"{' '.join(words)} {parameter.opts}"


def intents() -> list[str]:
    """Every intent of the domain."""
    found = []
    for path in sorted((ROOT / "domain").glob("*.yml")):
        for intent in yaml.safe_load(path.read_text(encoding="utf-8")).get("intents") or []:
            found.append(intent if isinstance(intent, str) else next(iter(intent)))
    return found


@pytest.mark.parametrize("intent", intents())
def test_every_intent_is_described(intent: str) -> None:
    assert f"`{intent}`" in doc("intents.md")


@pytest.mark.parametrize("type_", [Unit, Question])
def test_every_field_of_the_content_is_described(type_: type[msgspec.Struct]) -> None:
    text = doc("authoring.md")
    missing = [f.encode_name for f in msgspec.structs.fields(type_) if not re.search(rf"\b{f.encode_name}\b", text)]
    assert missing == []


FORMS = [
    scenario.Scenario, scenario.Brief, scenario.Place, scenario.Customer, scenario.Level, scenario.Levels,
    scenario.Condition, scenario.Effect, scenario.Fact, scenario.Way, scenario.Situation, scenario.Ending,
    scenario.Anchor, scenario.Behaviour,
]  # fmt: skip


@pytest.mark.parametrize("type_", FORMS)
def test_every_field_of_a_scenario_is_described(type_: type[msgspec.Struct]) -> None:
    text = doc("scenarios.md")
    fields = {f.encode_name for f in msgspec.structs.fields(type_)} - {"manners"}  # put in by the loader
    assert [name for name in fields if not re.search(rf"`{name}\b|\b{name}`|{{{name}|, {name}", text)] == []


def test_every_move_is_described() -> None:
    assert [move for move in scenario.MOVES if f"`{move}`" not in doc("scenarios.md")] == []


def test_the_pages_of_the_scenarios_are_up_to_date() -> None:
    wanted = diagrams(load(ROOT / "knowledge"))
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "scenarios").glob("*.md")}
    assert there == wanted, "run: rapport check --diagrams"


def test_every_move_has_its_row() -> None:
    from bot.moves.model import MOVES

    assert [move for move in MOVES if f"| `{move}` |" not in doc("moves.md")] == []
