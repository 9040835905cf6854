"""Plays a scenario many times over to show that it works: what can be reached, and what cannot."""

from __future__ import annotations

import random
from collections import Counter
from typing import Optional

import msgspec

from bot.coaching.roleplay.conditions import shown
from bot.coaching.roleplay.engine import begin, step
from bot.coaching.roleplay.model import Said, Spoken, State
from bot.syllabus.scenario import BAD_MOVES, GOOD_MOVES, MOST_TURNS, Difficulty, Scenario

STYLES = ("aiming", "aiming", "good", "good", "middling", "unkind", "absent", "any")
LEVELS: tuple[Difficulty, ...] = ("easy", "standard", "hard")


class Seen(msgspec.Struct):
    """What came up in a number of runs."""

    runs: int = 0
    endings: Counter[str] = msgspec.field(default_factory=Counter)
    situations: Counter[str] = msgspec.field(default_factory=Counter)
    levels: set[tuple[str, str]] = msgspec.field(default_factory=set)
    anchors: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    ways: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    problems: set[str] = msgspec.field(default_factory=set)


def play_at_random(scenario: Scenario, seed: int, level: Optional[Difficulty] = None) -> State:
    """One run by a made-up learner of some style, up to its ending; the same seed gives the same run."""
    dice = random.Random(seed)
    style = dice.choice(STYLES)
    aim = dice.choice(scenario.endings) if style == "aiming" else None
    state, _ = begin(scenario, level or LEVELS[seed % 3], seed)
    while state.ending is None:
        wanted = [m for c in (aim.when if aim else ()) for m in c.moves()]
        state, _ = step(scenario, state, _said(scenario, state, style, wanted, dice))
        if len(state.turns) > MOST_TURNS:
            break
    return state


def look(scenario: Scenario, runs: int, first: int = 0) -> Seen:
    """What comes up in `runs` random runs."""
    seen = Seen()
    for seed in range(first, first + runs):
        state = play_at_random(scenario, seed)
        seen.runs += 1
        if state.ending is None:
            seen.problems.add(f"a run does not end (seed {seed})")
            continue
        seen.endings[state.ending] += 1
        seen.levels.add((state.difficulty, state.ending))
        for turn in state.turns:
            seen.situations[turn.situation] += 1
            if turn.moved_to != turn.situation:
                seen.ways[(turn.situation, turn.moved_to)] += 1
            if not turn.reply:
                seen.problems.add(f"the customer is at a loss for words (seed {seed})")
        if len(set(state.lines)) != len(state.lines):
            seen.problems.add(f"the customer says a sentence twice (seed {seed})")
        for b in scenario.behaviours:
            for name in ("good", "fair", "poor"):
                if shown(getattr(b, name).when, state, b.chance):
                    seen.anchors[(b.id, name)] += 1
    return seen


def prove(scenario: Scenario, runs: int = 1000) -> list[str]:
    """What is wrong with the scenario as it plays: `place: problem`, nothing as soon as all of it has come up."""
    tried = runs // 5
    while (problems := missing(scenario, look(scenario, tried))) and tried < runs:
        tried = min(runs, 2 * tried)
    return problems


def missing(scenario: Scenario, seen: Seen) -> list[str]:
    """What did not come up in the runs that were looked at."""
    problems, runs = sorted(seen.problems), seen.runs
    for i, ending in enumerate(scenario.endings):
        if not seen.endings[ending.id]:
            problems.append(f"$.endings[{i}]: no run of {runs} comes to {ending.id}")
    for i, situation in enumerate(scenario.situations):
        if not seen.situations[situation.id]:
            problems.append(f"$.situations[{i}]: no run of {runs} comes to {situation.id}")
    for level in LEVELS:
        if len({e for at, e in seen.levels if at == level}) < 2:
            problems.append(f"$.levels.{level}: every run ends the same way")
    for i, b in enumerate(scenario.behaviours):
        for name in ("good", "fair", "poor"):
            if not seen.anchors[(b.id, name)]:
                problems.append(f"$.behaviours[{i}].{name}: no run of {runs} shows it")
    return problems


def _said(scenario: Scenario, state: State, style: str, wanted: list[str], dice: random.Random) -> Said:
    situation = scenario.situation(state.situation)
    leading = [m for way in situation.leave for m in way.when.moves()]
    unknown = [f.id for f in scenario.facts if f.id not in state.known]
    moves: list[str] = []
    asked: list[str] = []
    roll = dice.random()
    if style == "aiming":
        moves = dice.sample(wanted, min(len(wanted), dice.randint(0, 2))) + [dice.choice(leading or situation.wants)]
    elif style == "good" or style == "middling" and roll < 0.5:
        moves = dice.sample(situation.wants, min(len(situation.wants), dice.randint(1, 2)))
        moves += dice.sample(GOOD_MOVES, dice.randint(0, 1))
    elif style == "unkind" and roll < 0.7:
        moves = dice.sample(BAD_MOVES, dice.randint(1, 2))
    elif style == "absent":
        moves = dice.sample(("greet", "thank", "inform", "close"), dice.randint(0, 1))
    elif style != "middling" or roll < 0.8:
        moves = dice.sample(GOOD_MOVES + BAD_MOVES, dice.randint(0, 3))
    if style != "absent" and unknown and dice.random() < 0.4:
        asked = [dice.choice(unknown)]
        moves.append("ask")
    text = " ".join(moves)
    return Said(text, tuple(Spoken(m, (m,)) for m in dict.fromkeys(moves)), tuple(asked))
