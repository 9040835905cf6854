"""Read `knowledge/scenarios/` and `knowledge/roleplay.yml`, noting every problem."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Optional

from msgspec.structs import replace

from bot.syllabus.model import Unit
from bot.syllabus.reading import convert, read_yaml
from bot.syllabus.scenario import BAD_MOVES, MOST_TURNS, MOVES, SCALE, Condition, Manners, Scenario

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
THANKS = re.compile(r"\b(thank|thanks|cheers|grateful|appreciate)\b", re.IGNORECASE)
LONGEST_LINE = 45  # words the customer says in one wording
SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+")
SUFFIXES = ("again", "cross")


def load_scenarios(folder: Path, units: Mapping[str, Unit], problems: list[str]) -> dict[str, Scenario]:
    """The scenarios by id, each with what all customers share, as far as they could be read."""
    scenarios: dict[str, Scenario] = {}
    files = sorted((folder / "scenarios").glob("*.yml"))
    if not files:
        return {}
    manners = _manners(folder, problems)
    for path in files:
        shown = f"{folder.name}/scenarios/{path.name}"
        scenario = convert(read_yaml(path, shown, problems), Scenario, shown, problems)
        if scenario is None:
            continue
        if scenario.id != path.stem:
            problems.append(f'{shown}: $.id: "{scenario.id}" is not the file\'s name ({path.stem})')
        _Check(scenario, shown, problems).all(units)
        scenarios[scenario.id] = replace(scenario, manners=manners)
    return scenarios


def _manners(folder: Path, problems: list[str]) -> Optional[Manners]:
    shown = f"{folder.name}/roleplay.yml"
    manners: Optional[Manners] = convert(read_yaml(folder / "roleplay.yml", shown, problems), Manners, shown, problems)
    if manners is None:
        return None
    for move in sorted(MOVES):
        if move not in manners.effects:
            problems.append(f"{shown}: $.effects: {move} is missing")
        if len(manners.reactions.get(move, ())) < 2:
            problems.append(f"{shown}: $.reactions.{move}: at least 2 wordings")
    for name in ("ignored", "puzzled", "unknown", "asked_again", "listening"):
        if len(set(getattr(manners, name))) < MOST_TURNS:
            problems.append(f"{shown}: $.{name}: at least {MOST_TURNS} different wordings")
    _reaction_keys(manners.reactions, f"{shown}: $", problems)
    return manners


def _reaction_keys(reactions: Iterable[str], place: str, problems: list[str]) -> None:
    for key in reactions:
        move, _, suffix = key.partition("/")
        if move not in MOVES or ("/" in key and suffix not in SUFFIXES):
            problems.append(f'{place}.reactions: "{key}" is no move (nor move/again, move/cross)')


class _Check:
    """The checks of one scenario."""

    def __init__(self, scenario: Scenario, shown: str, problems: list[str]) -> None:
        self.it, self.shown, self.problems = scenario, shown, problems
        self.situations = {s.id for s in scenario.situations}
        self.facts = {f.id for f in scenario.facts}

    def bad(self, where: str, what: str) -> None:
        """Note a problem at `where`."""
        self.problems.append(f"{self.shown}: $.{where}: {what}")

    def all(self, units: Mapping[str, Unit]) -> None:
        """Every check, none stops another."""
        it = self.it
        if not ID.fullmatch(it.id):
            self.bad("id", f'"{it.id}" must be lower-case words with "-" between them')
        for kind in ("situations", "facts", "endings", "behaviours"):
            for id, n in Counter(item.id for item in getattr(it, kind)).items():
                if n > 1:
                    self.bad(kind, f'id "{id}" is used {n} times')
                if not ID.fullmatch(id):
                    self.bad(kind, f'id "{id}" must be lower-case words with "-" between them')
        self._criteria(units)
        self._levels()
        self._facts()
        self._situations()
        self._endings()
        self._behaviours()
        _reaction_keys(it.reactions, f"{self.shown}: $", self.problems)
        self._moves("effects", it.effects)
        self._twice()
        if it.manners is not None:
            self.bad("manners", "stand in roleplay.yml")
        if len(it.topics) < 3:
            self.bad("topics", "at least 3, in words a learner may use to ask for it")

    def _criteria(self, units: Mapping[str, Unit]) -> None:
        claimed = {c for b in self.it.behaviours for c in b.criteria}
        for i, criterion in enumerate(self.it.criteria):
            self._criterion(f"criteria[{i}]", criterion, units)
            if criterion not in claimed:
                self.bad(f"criteria[{i}]", f'"{criterion}" is practised by no behaviour')
        for i, behaviour in enumerate(self.it.behaviours):
            if not behaviour.criteria:
                self.bad(f"behaviours[{i}].criteria", "at least one")
            for j, criterion in enumerate(behaviour.criteria):
                if criterion not in self.it.criteria:
                    self.bad(f"behaviours[{i}].criteria[{j}]", f'"{criterion}" is not in the scenario\'s criteria')
        if not self.it.criteria:
            self.bad("criteria", "at least one")

    def _criterion(self, where: str, ref: str, units: Mapping[str, Unit]) -> None:
        unit, _, id = ref.partition("/")
        if unit not in units:
            self.bad(where, f'"{ref}": there is no unit "{unit}"')
            return
        found = next((c for c in units[unit].criteria if c.id == id), None)
        if found is None or found.kind != "performance":
            self.bad(where, f'"{ref}" is no performance criterion of {unit}')

    def _levels(self) -> None:
        levels = self.it.levels
        for name in ("easy", "standard", "hard"):
            level = getattr(levels, name)
            if not 0 <= level.temper <= SCALE or not 0 <= level.trust <= SCALE:
                self.bad(f"levels.{name}", f"temper and trust go from 0 to {SCALE}")
            if not 2 <= level.patience <= 6:
                self.bad(f"levels.{name}.patience", "must be 2–6")
        if not levels.easy.patience >= levels.standard.patience >= levels.hard.patience:
            self.bad("levels", "patience must not grow from easy to hard")

    def _facts(self) -> None:
        if len(self.it.facts) < 3:
            self.bad("facts", f"at least 3, there are {len(self.it.facts)}")
        for i, fact in enumerate(self.it.facts):
            if len(set(fact.questions)) < 4:
                self.bad(f"facts[{i}].questions", "at least 4 ways to ask for it")
            self._lines(f"facts[{i}].say", fact.say, 2)
            if fact.volunteer is not None and fact.volunteer not in self.situations:
                self.bad(f"facts[{i}].volunteer", f'there is no situation "{fact.volunteer}"')

    def _situations(self) -> None:
        if len(self.it.situations) < 3:
            self.bad("situations", f"at least 3, there are {len(self.it.situations)}")
        for i, s in enumerate(self.it.situations):
            where = f"situations[{i}]"
            self._lines(f"{where}.say", s.say, 3)
            self._lines(f"{where}.again", s.again, 2)
            self._lines(f"{where}.push", s.push, 0)
            for line in (*s.say, *s.again, *s.push):
                if THANKS.search(line):
                    self.bad(where, f'thanks belong into reactions and endings, where something was done: "{line}"')
            self._moves(f"{where}.wants", s.wants)
            if not s.wants:
                self.bad(f"{where}.wants", "at least one move that answers the customer")
            for move in s.wants:
                if move in BAD_MOVES:
                    self.bad(f"{where}.wants", f"no customer wants {move}")
                elif move not in s.reactions and move not in self.it.reactions:
                    self.bad(f"{where}.reactions", f"{move} is wanted here, so say what the customer says to it")
            self._moves(f"{where}.effects", s.effects)
            _reaction_keys(s.reactions, f"{self.shown}: $.{where}", self.problems)
            for key, lines in s.reactions.items():
                self._lines(f"{where}.reactions.{key}", lines, 2)
            for j, way in enumerate(s.leave):
                if way.to not in self.situations:
                    self.bad(f"{where}.leave[{j}].to", f'there is no situation "{way.to}"')
                self._condition(f"{where}.leave[{j}].when", way.when)
        for key, lines in self.it.reactions.items():
            self._lines(f"reactions.{key}", lines, 2)

    def _endings(self) -> None:
        if not 3 <= len(self.it.endings) <= 5:
            self.bad("endings", f"must be 3–5, there are {len(self.it.endings)}")
        for i, ending in enumerate(self.it.endings):
            self._lines(f"endings[{i}].say", ending.say, 2)
            if not ending.when:
                self.bad(f"endings[{i}].when", "at least one condition")
            for j, condition in enumerate(ending.when):
                self._condition(f"endings[{i}].when[{j}]", condition)
            if ending.kind in ("walks_away", "goes_to_manager"):
                for line in ending.say:
                    if THANKS.search(line):
                        self.bad(f"endings[{i}].say", f'no thanks in a bad ending: "{line}"')
        if Condition(out_of_time=True) not in [c for e in self.it.endings for c in e.when]:
            self.bad(
                "endings", "one must have {out_of_time: true} alone among its conditions: how it ends when time is up"
            )
        for kind, n in Counter(e.kind for e in self.it.endings).items():
            if n > 1:
                self.bad("endings", f"{kind} is there {n} times")

    def _behaviours(self) -> None:
        if len(self.it.behaviours) < 4:
            self.bad("behaviours", f"at least 4, there are {len(self.it.behaviours)}")
        for i, b in enumerate(self.it.behaviours):
            for j, id in enumerate(b.chance):
                if id not in self.situations:
                    self.bad(f"behaviours[{i}].chance[{j}]", f'there is no situation "{id}"')
            if not b.chance:
                self.bad(f"behaviours[{i}].chance", "at least one situation in which it can be shown")
            for name in ("good", "fair", "poor"):
                anchor = getattr(b, name)
                self._condition(f"behaviours[{i}].{name}.when", anchor.when)
                if not anchor.when.moves() and not anchor.when.knows:
                    self.bad(f"behaviours[{i}].{name}.when", "must name a move or a fact that shows it")

    def _twice(self) -> None:
        """No sentence stands twice: the customer must never say one twice in a run."""
        it, reactions = self.it, [*self.it.reactions.values()]
        pools = [line for s in it.situations for line in (*s.say, *s.again, *s.push)]
        pools += [line for s in it.situations for lines in s.reactions.values() for line in lines]
        pools += [line for lines in reactions for line in lines]
        pools += [line for f in it.facts for line in f.say] + [line for e in it.endings for line in e.say]
        for sentence, n in Counter(s.lower() for line in pools for s in SENTENCE_ENDS.split(line.strip())).items():
            if n > 1:
                self.problems.append(f'{self.shown}: $: the customer has "{sentence}" {n} times; say it in other words')

    def _condition(self, where: str, c: Condition) -> None:
        for name in ("did", "did_any", "did_not", "here", "here_any", "in_order"):
            self._moves(f"{where}.{name}", getattr(c, name))
        if c.in_order and len(c.in_order) != 2:
            self.bad(f"{where}.in_order", "two moves: the first must come before or with the second")
        for id in c.knows:
            if id not in self.facts:
                self.bad(f"{where}.knows", f'there is no fact "{id}"')
        for id in c.in_:
            if id not in self.situations:
                self.bad(f"{where}.in", f'there is no situation "{id}"')

    def _moves(self, where: str, moves: Iterable[str]) -> None:
        for move in moves:
            if move not in MOVES:
                self.bad(where, f'"{move}" is no move; docs/scenarios.md lists them')

    def _lines(self, where: str, lines: tuple[str, ...], least: int) -> None:
        if len({line.strip().lower() for line in lines}) < least:
            self.bad(where, f"at least {least} different wordings, there are {len(lines)}")
        for line in lines:
            if len(line.split()) > LONGEST_LINE:
                self.bad(where, f'longer than {LONGEST_LINE} words: "{line[:40]}…"')
