"""What the customer says: authored wordings put together, no sentence twice in a run."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Optional

from bot.coaching.roleplay.model import Played, State
from bot.syllabus.scenario import BAD_MOVES, GOOD_MOVES, Ending, Scenario

CROSS = 3  # temper up to which the customer is angry
ENDS = re.compile(r"(?<=[.!?])\s+")
# The rest of the good moves in the order in which a customer would take them up.
TELLING = (
    "vary_within_guidelines", "offer_alternative", "say_no", "refer_on", "promise", "add_value", "explain_limit",
    "apologise", "take_ownership", "empathise", "acknowledge", "reassure", "invite_feedback", "inform", "thank",
    "close", "ask", "greet",
)  # fmt: skip
IDLE = frozenset({"greet", "inform", "thank", "ask"})
assert set(TELLING) == set(GOOD_MOVES)


@lru_cache(maxsize=20_000)
def sentences_of(wording: str) -> tuple[str, ...]:
    """The sentences of a wording."""
    return tuple(ENDS.split(wording.strip()))


class Speech:
    """Chooses words for one turn; `state` is the one after it."""

    def __init__(self, scenario: Scenario, state: State) -> None:
        self.it, self.state = scenario, state
        self._said = list(state.lines)
        self._known = list(state.known)
        self._dice = random.Random(f"{state.seed}/{len(state.turns)}")

    def known(self) -> tuple[str, ...]:
        """The facts that have been told by now."""
        return tuple(self._known)

    def lines(self) -> tuple[str, ...]:
        """The sentences that have been said by now."""
        return tuple(self._said)

    def opening(self) -> str:
        """The first thing the customer says."""
        first = self.it.situations[0]
        return " ".join([self._pick(first.say), *self._unasked(first.id)])

    def reply(self, before: State, ending: Optional[Ending]) -> str:
        """The answer to the last turn."""
        turn = self.state.turns[-1]
        parts = self._to_moves(turn, before)
        if ending is not None:
            parts.append(self._pick(ending.say))
        elif turn.moved_to != turn.situation:
            parts.append(self._pick(self.it.situation(turn.moved_to).say))
            parts += self._unasked(turn.moved_to)
        elif not turn.answered:
            parts += self._once_more(turn, before)
        elif not any("?" in part for part in parts):
            parts.append(self._pick(self.it.situation(turn.situation).push))
        spoken = " ".join(part for part in parts if part)
        return spoken or self._pick(self._shared("listening"))

    def _to_moves(self, turn: Played, before: State) -> list[str]:
        """To a move that hurts; else the facts asked for and the move that tells most."""
        moves = turn.said.moves()
        hurt = next((m for m in BAD_MOVES if m in moves and m != "overpromise"), None)
        if hurt is not None:
            return [self._reaction(hurt, before)]
        parts = self._facts(turn, before)
        wants = self.it.situation(turn.situation).wants
        order = [m for m in (*wants, *TELLING, "overpromise") if m in moves]
        if parts or len(set(order)) > 1:
            order = [m for m in order if m not in ("ask", "greet")]
        elif order == ["ask"] and ("ask" not in wants or "ask" in before.made()):
            return [self._pick(self._shared("unknown"))]
        if not turn.addressed:  # nothing to thank for, and no talk about the weather
            order = [m for m in order if m not in IDLE]
        if order:
            parts.insert(0, self._reaction(order[0], before))
        return parts

    def _facts(self, turn: Played, before: State) -> list[str]:
        parts = []
        for id in dict.fromkeys(turn.said.asked[:2]):
            if id in before.known:
                parts.append(self._pick(self._shared("asked_again")))
            parts.append(self._pick(self.it.fact(id).say))
        return parts

    def _once_more(self, turn: Played, before: State) -> list[str]:
        """The same in other words, after a word on being ignored or not understood."""
        situation = self.it.situation(turn.situation)
        ignored = sum(not t.addressed for t in before.here())
        lead = ""
        if turn.addressed:
            ignored = 0
        elif not turn.said.moves() and not turn.said.asked:
            lead = self._pick(self._shared("puzzled"))
        elif ignored or set(turn.said.moves()) <= IDLE:
            lead = self._pick(self._shared("ignored"))
        first = situation.id == self.it.situations[0].id  # begins with a greeting
        same = self._pick(situation.again) or ("" if first else self._pick(situation.say))
        return [lead, same or self._pick(self._shared("ignored"))]

    def _unasked(self, situation: str) -> list[str]:
        """What the customer says by themselves on coming here."""
        if not self.it.levels.of(self.state.difficulty).volunteers:
            return []
        told = [f for f in self.it.facts if f.volunteer == situation and f.id not in self._known][:1]
        self._known += [f.id for f in told]
        return [self._pick(f.say) for f in told]

    def _reaction(self, move: str, before: State) -> str:
        again = move in before.made()
        cross = self.state.temper <= CROSS
        own = (self.it.situation(self.state.turns[-1].situation).reactions, self.it.reactions)
        shared = self.it.manners.reactions if self.it.manners else {}
        pools: list[Sequence[str]] = []
        for suffix in ("/again",) * again + ("/cross",) * cross:
            pools += [reactions.get(move + suffix, ()) for reactions in own]
        if cross and not again:
            pools.append(shared.get(move + "/cross", ()))
        pools += [reactions.get(move, ()) for reactions in own]
        pools += [shared.get(move + suffix, ()) for suffix in ("/again",) * again + ("/cross",) * cross + ("",)]
        for pool in pools:
            if text := self._pick(pool):
                return text
        return self._pick(self._shared("listening"))

    def _shared(self, name: str) -> Sequence[str]:
        lines: Sequence[str] = getattr(self.it.manners, name) if self.it.manners else ()
        return lines

    def _pick(self, wordings: Sequence[str]) -> str:
        """A wording not used yet, without sentences that were said before; "" if there is none."""
        said = set(self._said)
        fresh = [w for w in wordings if said.isdisjoint(sentences_of(w))]
        if fresh:
            chosen = self._dice.choice(fresh)
        else:
            partly = [" ".join(s for s in sentences_of(w) if s not in said) for w in wordings]
            partly = [w for w in partly if w]
            if not partly:
                return ""
            chosen = self._dice.choice(partly)
        self._said += sentences_of(chosen)
        return chosen
