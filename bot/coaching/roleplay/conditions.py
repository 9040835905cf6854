"""Whether an authored condition holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.coaching.roleplay.model import Played, State
from bot.syllabus.scenario import MOST_TURNS, Condition


def holds(condition: Condition, state: State) -> bool:
    """Whether `condition` holds now, for a way out or an ending."""
    here = state.made(state.here())
    return (
        _moves(condition, state.turns, here)
        and set(condition.knows) <= set(state.known)
        and (not condition.in_ or state.situation in condition.in_)
        and _numbers(condition, state)
        and len(state.turns) - state.since >= condition.turns_here
        and (not condition.out_of_time or len(state.turns) >= MOST_TURNS)
    )


def shown(condition: Condition, state: State, chance: Collection[str]) -> bool:
    """Whether `condition` holds of the whole run, for a behaviour; "here" means the situations of its chance."""
    there = [t for t in state.turns if t.situation in chance]
    return (
        _moves(condition, state.turns, state.made(there))
        and set(condition.knows) <= set(state.known)
        and (not condition.in_ or any(t.situation in condition.in_ for t in state.turns))
        and _numbers(condition, state)
        and len(there) >= condition.turns_here
    )


def _moves(condition: Condition, turns: Sequence[Played], here: Collection[str]) -> bool:
    made = frozenset(m for t in turns for m in t.said.moves())
    return (
        made.issuperset(condition.did)
        and (not condition.did_any or not made.isdisjoint(condition.did_any))
        and made.isdisjoint(condition.did_not)
        and set(condition.here) <= set(here)
        and (not condition.here_any or not set(condition.here_any).isdisjoint(here))
        and (not condition.in_order or _in_order(condition.in_order[0], condition.in_order[1], turns))
    )


def _in_order(first: str, second: str, turns: Sequence[Played]) -> bool:
    """Whether `first` was made in the message of some `second` or before it."""
    began = False
    for turn in turns:
        moves = turn.said.moves()
        began = began or first in moves
        if began and second in moves:
            return True
    return False


def _numbers(c: Condition, state: State) -> bool:
    return (
        (c.temper_min is None or state.temper >= c.temper_min)
        and (c.temper_max is None or state.temper <= c.temper_max)
        and (c.trust_min is None or state.trust >= c.trust_min)
        and (c.trust_max is None or state.trust <= c.trust_max)
        and (c.patience_max is None or state.patience <= c.patience_max)
    )
