"""After a role-play: what was shown, in the learner's own sentences, and what it did to the customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Optional

import msgspec

from bot.coaching.roleplay.conditions import shown
from bot.coaching.roleplay.model import Played, State
from bot.syllabus.scenario import BAD_MOVES, Anchor, Behaviour, Scenario

Level = Literal["good", "fair", "poor", "not_shown"]
RANK: dict[str, int] = {"not_shown": 0, "poor": 1, "fair": 2, "good": 3}
MOST_QUOTES = 2
STOPPED = "stopped"


class Quote(msgspec.Struct, frozen=True):
    """A sentence of the learner's, the turn it was said in (from 1), and what it did to temper and trust."""

    text: str
    turn: int
    temper: int
    trust: int


class Finding(msgspec.Struct, frozen=True):
    """How one behaviour was shown."""

    behaviour: str
    label: str
    level: Level
    text: str
    better: str
    criteria: tuple[str, ...]
    quotes: tuple[Quote, ...] = ()


class Debrief(msgspec.Struct, frozen=True):
    """What a run came to. `findings` leaves out what there was no chance to show; those are in `no_chance`.

    `keep`, `start`, `stop` are places in `findings`, or none; `hurt` is the sentence to stop saying.
    `turning_point`: the turn from which it is worth trying again, 0 if none. `better_than`, `worse_than`: criteria that
    went better or worse than the last time they were practised.
    """

    scenario: str
    ending: str
    kind: str
    meaning: str
    findings: tuple[Finding, ...]
    no_chance: tuple[str, ...] = ()
    keep: Optional[int] = None
    start: Optional[int] = None
    hurt: Optional[Quote] = None
    turning_point: int = 0
    better_than: tuple[str, ...] = ()
    worse_than: tuple[str, ...] = ()

    def practised(self) -> dict[str, Literal["good", "fair"]]:
        """Criterion → the best it was shown at; only what was shown."""
        best: dict[str, Literal["good", "fair"]] = {}
        for finding in self.findings:
            level = finding.level
            for criterion in finding.criteria:
                if level == "good" or (level == "fair" and criterion not in best):
                    best[criterion] = level
        return best


def debrief(scenario: Scenario, state: State, before: Sequence[Debrief] = ()) -> Debrief:
    """The debrief of a run; `before` holds earlier ones of this learner, newest first."""
    been = {turn.situation for turn in state.turns}
    looked = [(b, _finding(b, state)) for b in scenario.behaviours]
    # Left out is what there was no chance to show, unless it was shown well all the same.
    looked = [(b, f) for b, f in looked if been & set(b.chance) or f.level == "good"]
    findings = tuple(f for _, f in looked)
    chances = {b.id for b, _ in looked}
    ending = scenario.ending(state.ending) if state.ending else None
    good = [i for i, f in enumerate(findings) if f.level == "good"]
    fair = [i for i, f in enumerate(findings) if f.level == "fair"]
    weak = sorted((i for i, f in enumerate(findings) if f.level != "good"), key=lambda i: RANK[findings[i].level])
    better, worse = _changes(_levels(findings), before)
    return Debrief(
        scenario=scenario.id,
        ending=ending.id if ending else STOPPED,
        kind=ending.kind if ending else STOPPED,
        meaning=ending.meaning if ending else "",
        findings=findings,
        no_chance=tuple(b.label for b in scenario.behaviours if b.id not in chances),
        keep=next(iter(_quoted(good, findings) or good or fair), None),
        start=next(iter(weak), None),
        hurt=_worst(state.turns),
        turning_point=_first_wrong(state.turns),
        better_than=better,
        worse_than=worse,
    )


def _finding(behaviour: Behaviour, state: State) -> Finding:
    level: Level = "not_shown"
    anchor: Optional[Anchor] = None
    levels: tuple[tuple[Level, Anchor], ...] = (
        ("good", behaviour.good), ("poor", behaviour.poor), ("fair", behaviour.fair),
    )  # fmt: skip
    for name, possible in levels:
        if shown(possible.when, state, behaviour.chance):
            level, anchor = name, possible
            break
    quotes = _quotes(anchor, state.turns) if anchor else ()
    text = anchor.text if anchor else ""
    return Finding(behaviour.id, behaviour.label, level, text, behaviour.better, behaviour.criteria, quotes)


def _quotes(anchor: Anchor, turns: Sequence[Played]) -> tuple[Quote, ...]:
    """The learner's sentences that show it, those that did most first."""
    wanted, facts = set(anchor.when.moves()), set(anchor.when.knows)
    found: list[Quote] = []
    for number, turn in enumerate(turns, 1):
        for place, sentence in enumerate(turn.said.sentences):
            asked = bool(facts & set(turn.said.asked)) and "?" in sentence.text
            if wanted & set(sentence.moves) or asked:
                found.append(_quote(turn, number, place, sentence.text))
    found.sort(key=lambda q: -abs(q.temper + q.trust))
    return tuple(found[:MOST_QUOTES])


def _quote(turn: Played, number: int, place: int, text: str) -> Quote:
    mine = [c for c in turn.changes if c.sentence == place]
    return Quote(text, number, sum(c.temper for c in mine), sum(c.trust for c in mine))


def _worst(turns: Sequence[Played]) -> Optional[Quote]:
    """The sentence with a move that hurts which hurt most; None if there was none."""
    found = [
        _quote(turn, number, place, sentence.text)
        for number, turn in enumerate(turns, 1)
        for place, sentence in enumerate(turn.said.sentences)
        if set(sentence.moves) & set(BAD_MOVES)
    ]
    return min(found, key=lambda q: q.temper + q.trust, default=None)


def _first_wrong(turns: Sequence[Played]) -> int:
    """The first turn that hurt or answered nothing, 0 if there is none."""
    bad = set(BAD_MOVES)
    return next((n for n, turn in enumerate(turns, 1) if not turn.addressed or bad & set(turn.said.moves())), 0)


def _quoted(places: Sequence[int], findings: Sequence[Finding]) -> list[int]:
    return [i for i in places if findings[i].quotes]


def _levels(findings: Sequence[Finding]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for finding in findings:
        for criterion in finding.criteria:
            levels[criterion] = max(levels.get(criterion, 0), RANK[finding.level])
    return levels


def _changes(now: Mapping[str, int], before: Sequence[Debrief]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Criteria that went better, and worse, than the last time there was a chance to show them."""
    last: dict[str, int] = {}
    for earlier in before:
        for criterion, level in _levels(earlier.findings).items():
            last.setdefault(criterion, level)
    better = tuple(c for c in now if c in last and now[c] > last[c])
    worse = tuple(c for c in now if c in last and now[c] < last[c])
    return better, worse
