"""`step(scenario, state, said) -> (state, reply)`: what a message does to the customer, and what the customer says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from msgspec.structs import replace

from bot.coaching.roleplay.conditions import holds
from bot.coaching.roleplay.model import Change, Played, Reply, Said, State
from bot.coaching.roleplay.speech import Speech, sentences_of
from bot.syllabus.scenario import BAD_MOVES, GOOD_MOVES, SCALE, Difficulty, Effect, Ending, Scenario

LEAST_TURNS = {"walks_away": 3, "goes_to_manager": 3}  # before a conversation can end so
LEAST_TURNS_GOOD = 5  # for every other ending
ENOUGH = 2  # times the same move answers in one situation
STEEPEST = 4  # what one message can do to temper or trust
HURTS = tuple(m for m in BAD_MOVES if m != "overpromise")  # an empty promise pleases at first
ANSWERS, BORNE = 2, 1  # what a message is worth to the customer
# Moves that do something for a customer even where something else was wanted, and any question.
KIND = frozenset(GOOD_MOVES) - {"greet", "inform", "thank", "close"}
IGNORED = Change(-1, "", -1, -1)  # nothing was answered


def begin(scenario: Scenario, difficulty: Difficulty, seed: int) -> tuple[State, Reply]:
    """A new run: the customer speaks first."""
    level, first = scenario.levels.of(difficulty), scenario.situations[0]
    state = State(scenario.id, difficulty, seed, first.id, level.temper, level.trust, level.patience)
    speech = Speech(scenario, state)
    text = speech.opening()
    state = replace(state, opening=text, known=speech.known(), lines=speech.lines())
    return state, Reply(text)


def step(scenario: Scenario, state: State, said: Said) -> tuple[State, Reply]:
    """What follows one message; a run that has ended stays as it is."""
    if state.ending is not None:
        return state, Reply("", state.ending)
    after = judged(scenario, state, said)
    ending = ending_of(scenario, after)
    speech = Speech(scenario, after)
    text = speech.reply(state, ending)
    told = tuple(id for id in speech.known() if id not in state.known)
    last = replace(after.turns[-1], reply=text, told=told)
    id = ending.id if ending else None
    after = replace(after, turns=(*after.turns[:-1], last), known=speech.known(), lines=speech.lines(), ending=id)
    return after, Reply(text, id)


def restored(scenario: Scenario, difficulty: Difficulty, seed: int, opening: str, turns: Sequence[Played]) -> State:
    """The state after these recorded turns, to be gone on from; their words stay what they were."""
    fresh, _ = begin(scenario, difficulty, seed)
    state = replace(
        fresh,
        opening=opening,
        known=tuple(dict.fromkeys((*fresh.known, *(id for t in turns for id in t.told)))),
        lines=tuple(s for text in (opening, *(t.reply for t in turns)) for s in sentences_of(text)),
        turns=tuple(turns),
        since=max((n for n, t in enumerate(turns, 1) if t.moved_to != t.situation), default=0),
    )
    if not turns:
        return state
    last = turns[-1]
    return replace(state, situation=last.moved_to, temper=last.temper, trust=last.trust, patience=last.patience)


def judged(scenario: Scenario, state: State, said: Said) -> State:
    """The state after `said`, with nothing spoken yet."""
    new = tuple(id for id in dict.fromkeys(said.asked) if id not in state.known)
    worth = _worth(scenario, state, said, bool(new))
    after = _after(state, said, new, _changes(scenario, state, said), worth)
    moved = after
    seen = {state.situation}
    while (to := _way_out(scenario, moved, seen)) is not None:
        seen.add(to)
        moved = replace(moved, situation=to, since=len(moved.turns))
    if moved is after:
        return after if worth else _after(state, said, new, [*after.turns[-1].changes, IGNORED], worth)
    last = replace(moved.turns[-1], moved_to=moved.situation, addressed=True, answered=True)
    return replace(moved, turns=(*moved.turns[:-1], last))


def _after(state: State, said: Said, new: tuple[str, ...], changes: list[Change], worth: int) -> State:
    """The state with this turn played, in the same situation."""
    lost = (IGNORED in changes) + bool(set(said.moves()) & set(HURTS))
    played = Played(
        situation=state.situation,
        said=said,
        changes=tuple(changes),
        addressed=worth > 0,
        answered=worth == ANSWERS,
        told=new,
        temper=_moved(state.temper, sum(c.temper for c in changes)),
        trust=_moved(state.trust, sum(c.trust for c in changes)),
        patience=max(0, state.patience - lost),
        moved_to=state.situation,
    )
    return replace(
        state,
        turns=(*state.turns, played),
        temper=played.temper,
        trust=played.trust,
        patience=played.patience,
        known=(*state.known, *new),
    )


def ending_of(scenario: Scenario, state: State) -> Optional[Ending]:
    """The first ending that fits, None while it goes on."""
    closing = "close" in state.turns[-1].said.moves()  # a learner who says goodbye may leave a little earlier
    for ending in scenario.endings:
        least = LEAST_TURNS.get(ending.kind, LEAST_TURNS_GOOD - closing)
        early = len(state.turns) < least
        if not early and any(holds(condition, state) for condition in ending.when):
            return ending
    return None


def _worth(scenario: Scenario, state: State, said: Said, new_fact: bool) -> int:
    """ANSWERS what the customer said (or asks something worth asking), is BORNE for once, or 0: ignores it."""
    moves = said.moves()
    wants = scenario.situation(state.situation).wants
    here = state.turns[state.since :]
    times = {m: sum(m in t.said.moves() for t in here) for m in moves}
    if new_fact or any(m in wants and m != "ask" and times[m] < ENOUGH for m in moves):
        return ANSWERS
    opening = not state.turns and {"greet", "ask"} & set(moves)
    kind = any(m in KIND and not times[m] for m in moves) and not any(t.addressed and not t.answered for t in here)
    return BORNE if opening or kind else 0


def _changes(scenario: Scenario, state: State, said: Said) -> list[Change]:
    """What each move of the message does; a kind word works best the first time, and not at all the third."""
    made = state.made()
    soft = made | set(said.moves())
    changes: list[Change] = []
    for place, sentence in enumerate(said.sentences):
        for move in sentence.moves:
            if any(c.move == move for c in changes):
                continue
            effect = effect_of(scenario, state.situation, move)
            times = sum(move in t.said.moves() for t in state.turns)
            softened = not soft.isdisjoint(effect.softened_by)
            temper, trust = (_worn(x, times, softened) for x in (effect.temper, effect.trust))
            changes.append(Change(place, move, temper, trust))
    return changes


def effect_of(scenario: Scenario, situation: str, move: str) -> Effect:
    """The effect of a move: the situation's, else the scenario's, else that on any customer."""
    manners = scenario.manners
    for effects in (scenario.situation(situation).effects, scenario.effects, manners.effects if manners else {}):
        if move in effects:
            return effects[move]
    return Effect()


def _worn(amount: int, times: int, softened: bool) -> int:
    if amount > 0:
        return amount if times == 0 else amount // 2 if times == 1 else 0
    return -(-amount // 2) if softened else amount


def _moved(value: int, by: int) -> int:
    return min(SCALE, max(0, value + min(STEEPEST, max(-STEEPEST, by))))


def _way_out(scenario: Scenario, state: State, seen: set[str]) -> Optional[str]:
    """Where the last message leads; one that answered nothing leads on only by what it did."""
    useful = state.turns[-1].answered or len(seen) > 1
    for way in scenario.situation(state.situation).leave:
        if way.to not in seen and (useful or way.when.moves()) and holds(way.when, state):
            return way.to
    return None
