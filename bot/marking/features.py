"""The numbers the fitted head sees, for one answer and one expectation (or misconception)."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from bot.marking.alignment import Side, Turn, overlap, side_of, soften, turn
from bot.marking.encoder import Array
from bot.marking.lexicon import Lexicon
from bot.marking.pieces import Answer, Candidate, Reader
from bot.marking.shelf import Integers, Lenses, Plan, Shelf, novelty, plan_of, sense, unit

_NAMES = """
    sim_max sim_top3 sim_statement residual_max sim_counter sim_counter_margin sim_others sim_others_margin
    sim_wrong_margin sim_question recall_max precision_max both_max both_top3 both_statement both_counter_margin
    both_others_margin both_wrong_margin best_score agreeing_score opposing_score agreeing_counter
    agreeing_margin negation opposites swapped against_share own_negated shared_lemmas novel_share rank
    sim_centre sim_centre_margin lens_max lens_top3 lens_statement lens_centre lens_max_margin
    lens_centre_margin lens_counter_margin lens_wrong_margin lens_share negation_unusual negation_missing
    opposing_margin nearest_against novel_weight novel_words score_top3 score_counter_margin score_others_margin
    nearest_counter roles around_against around_share around_negation lean_own lean_first lean_margin
"""
# More of these never lowers the probability …
_RAISING = """
    sim_max sim_top3 sim_statement residual_max sim_counter_margin sim_others_margin sim_wrong_margin recall_max
    precision_max both_max both_top3 both_statement both_counter_margin both_others_margin both_wrong_margin
    best_score agreeing_score agreeing_margin shared_lemmas sim_centre sim_centre_margin lens_max lens_top3
    lens_statement lens_centre lens_max_margin lens_centre_margin lens_counter_margin lens_wrong_margin
    lens_share score_top3 score_counter_margin score_others_margin lean_margin
"""
# … and more of these never raises it.
_LOWERING = """
    opposing_margin nearest_against opposing_score negation opposites swapped against_share negation_unusual
    nearest_counter roles around_against around_share around_negation lean_own lean_first
"""
NAMES = tuple(_NAMES.split())
SIGNS = {**dict.fromkeys(_RAISING.split(), 1), **dict.fromkeys(_LOWERING.split(), -1)}
SHARPNESS, NOWHERE = 6.0, 0.25  # of the share of the lens: closeness beyond which a point competes


class Found(NamedTuple):
    """Features [len(NAMES)] at a candidate, the candidate, and whether it holds a word that is not the question's."""

    values: Array
    candidate: Candidate
    novel: bool


class _Turns(NamedTuple):
    """The turns of one candidate against its nearest texts."""

    first: Turn
    share: float  # of the nearest texts that say the opposite
    agreeing: float  # best score of a text that does not
    opposing: float  # and of one that does
    counters: float  # best score of a counter that agrees
    shared: float  # largest share of a text's weight whose lemmas the candidate has
    usual: float  # share of the nearest texts that negate
    around: Turn  # as `first`, of all the sentence that the candidate stands in
    around_share: float
    nearest: int  # number of the nearest text


class Comparison:
    """An answer laid beside every text of a question; made once an answer, asked once an expectation."""

    def __init__(self, answer: Answer, shelf: Shelf, reader: Reader, lexicon: Lexicon, lenses: Lenses) -> None:
        self._answer, self._shelf, self._lexicon = answer, shelf, lexicon
        self._turns: dict[tuple[int, int, int], Turn] = {}
        self._sides: dict[tuple[int, int], Side] = {}
        self._candidates = answer.candidates
        if not answer.candidates:
            return
        spans = [candidate.columns for candidate in answer.candidates]
        self._cosines = shelf.word_vectors @ answer.word_vectors.T
        rare = np.array([reader.rarity(word) for word in answer.words], dtype=np.float32)
        asked = shelf.question_words
        weights = rare * novelty(answer.word_vectors, answer.words, shelf.question_vectors, asked)
        vectors = np.stack([candidate.vector for candidate in answer.candidates])
        question = shelf.vectors[0]
        self._vectors = vectors
        self._sims = shelf.vectors @ vectors.T
        beyond = vectors - np.outer(vectors @ question, question)
        beyond /= np.maximum(np.linalg.norm(beyond, axis=1, keepdims=True), 0.2)
        residual = shelf.away @ beyond.T
        recall, precision, both = overlap(soften(self._cosines), shelf.layout, weights, spans)
        senses = [sense(v, answer.word_vectors[s], weights[s], question) for v, s in zip(vectors, spans)]
        stacked = np.stack(senses)
        self._through = unit(stacked @ lenses.points)
        leaning = stacked @ lenses.turns
        apart = (shelf.leaning**2).sum(axis=1)[:, None] + (leaning**2).sum(axis=1) - 2 * shelf.leaning @ leaning.T
        self._apart = np.sqrt(np.maximum(apart, 0.0))  # [texts, candidates]
        lens_close = shelf.through @ self._through.T
        self._score = 0.35 * self._sims + 0.35 * both + 0.5 * lens_close
        measures = (self._sims, both, self._score, lens_close, residual, recall, precision)
        self._all = np.stack(measures, axis=1)  # [texts, 7, candidates]
        new = [word.lemma not in asked and rare[i] > 0.35 for i, word in enumerate(answer.words)]
        self._novel_words = np.array([float(sum(new[s])) for s in spans])
        self._novel_weight = np.array([float(weights[s].sum()) for s in spans])
        self._novel_share = self._novel_weight / np.maximum([float(rare[s].sum()) for s in spans], 1e-6)
        self._negated = np.array([float(sum(w.negated for w in answer.words[s])) for s in spans])

    def find(self, owner: str, wrong: bool = False, hidden: frozenset[int] = frozenset()) -> list[Found]:
        """The features of one expectation (or, if `wrong`, misconception) at its two best candidates.

        `hidden` are numbers of texts that must not be looked at (fitting leaves the text itself out).
        """
        if not self._candidates:
            return []
        plan = self._plan(owner, wrong, hidden)
        if plan is None:
            return []
        rank = _top(self._score[plan.own], 2) + 0.3 * _top(self._score[plan.formal], 1)
        chosen = np.argsort(-rank, kind="stable")[:2]
        values = self._values(chosen, plan)
        return [Found(values[i], self._candidates[c], bool(self._novel_words[c])) for i, c in enumerate(chosen)]

    def _plan(self, owner: str, wrong: bool, hidden: frozenset[int]) -> Optional[Plan]:
        plans = self._shelf.plans
        if (owner, wrong, hidden) not in plans:
            plans[owner, wrong, hidden] = plan_of(self._shelf, owner, wrong, hidden)
        return plans[owner, wrong, hidden]

    def _values(self, chosen: Integers, plan: Plan) -> Array:
        """Features of the chosen candidates [chosen, len(NAMES)]."""
        own = self._all[plan.own][:, :, chosen]
        sim, close, best, highest, residual, recall, precision = _top(own, 1)
        sim3, close3, best3, highest3 = _top(own[:, :4], 3)
        formal_sim, formal_close, _, formal_lens = self._nearest(plan.formal, chosen)
        counter_sim, counter_close, counter, counter_lens = self._nearest(plan.counter, chosen)
        other_sim, other_close, other, other_lens = self._nearest(plan.others, chosen)
        against_sim, against_close, _, against_lens = self._nearest(plan.against, chosen)
        turns = [self._turned(int(c), plan) for c in chosen]
        agreeing, opposing, counters = (np.array([getattr(t, n) for t in turns]) for n in _Turns._fields[2:5])
        usual = np.array([t.usual for t in turns])
        apart = self._apart[:, chosen]
        lean_own = apart[plan.near].min(axis=0)
        wrong = np.concatenate([plan.counter, plan.against])
        lean_margin = apart[wrong].min(axis=0) - lean_own if len(wrong) else np.zeros(len(chosen))
        negated = (self._negated[chosen] > 0).astype(np.float32)
        vectors = self._vectors[chosen]
        to_centre = vectors @ plan.centre
        central = self._through[chosen] @ plan.lens_centre
        rivals = self._through[chosen] @ plan.lens_rivals.T
        best_rival = rivals.max(axis=1) if rivals.shape[1] else np.zeros(len(chosen))
        powers = np.exp(SHARPNESS * np.column_stack([central, rivals, np.full(len(chosen), NOWHERE)]))
        columns = (
            sim,
            sim3,
            formal_sim,
            residual,
            counter_sim,
            sim - counter_sim,
            other_sim,
            sim - other_sim,
            sim - against_sim,
            self._sims[0, chosen],
            recall,
            precision,
            close,
            close3,
            formal_close,
            close - counter_close,
            close - other_close,
            close - against_close,
            best,
            agreeing,
            opposing,
            counters,
            agreeing - counters,
            [t.first.negation for t in turns],
            [float(t.first.opposites) for t in turns],
            [float(t.first.swapped) for t in turns],
            [t.share for t in turns],
            self._negated[chosen],
            [t.shared for t in turns],
            self._novel_share[chosen],
            (self._score[np.ix_(plan.others, chosen)] > best).sum(axis=0),
            to_centre,
            to_centre - (vectors @ plan.rivals.T).max(axis=1),
            highest,
            highest3,
            formal_lens,
            central,
            highest - other_lens,
            central - best_rival,
            highest - counter_lens,
            highest - against_lens,
            powers[:, 0] / powers.sum(axis=1),
            negated * (1 - usual),
            (1 - negated) * usual,
            opposing - agreeing,
            [float(t.first.against) for t in turns],
            self._novel_weight[chosen],
            self._novel_words[chosen],
            best3,
            best - counter,
            best - other,
            (counter > best).astype(np.float32),
            [float(t.first.roles) for t in turns],
            [float(t.around.against) for t in turns],
            [t.around_share for t in turns],
            [t.around.negation for t in turns],
            lean_own,
            [self._apart[t.nearest, c] for t, c in zip(turns, chosen)],
            lean_margin,
        )
        return np.column_stack(columns).astype(np.float32)

    def _nearest(self, texts: Integers, chosen: Integers) -> Array:
        """Largest sim, both, score and lens of the texts at the chosen candidates [4, chosen]; 0 for no texts."""
        return _top(self._all[texts][:, :4, chosen], 1)

    def _turned(self, candidate: int, plan: Plan) -> _Turns:
        """What turns a candidate round against the five texts of a plan that are nearest to it."""
        score, shelf = self._score[:, candidate], self._shelf
        best = plan.near[np.argsort(-score[plan.near], kind="stable")[:5]].tolist()
        own, around = self._candidates[candidate].columns, self._candidates[candidate].around
        turns = [self._turn(own, i) for i in best]
        wider = [self._turn(around, i) for i in best]
        near = plan.counter[np.argsort(-score[plan.counter], kind="stable")[:3]].tolist()
        lemmas = self._side(own).places
        shared = 0.0
        for text in best:
            weights = shelf.weights[shelf.starts[text] : shelf.starts[text] + len(shelf.words[text])].tolist()
            mine = sum(weight for weight, word in zip(weights, shelf.words[text]) if word.lemma in lemmas)
            shared = max(shared, mine / max(sum(weights), 1e-6))
        return _Turns(
            turns[0],
            sum(t.against for t in turns) / len(turns),
            max((float(score[i]) for i, t in zip(best, turns) if not t.against), default=0.0),
            max((float(score[i]) for i, t in zip(best, turns) if t.against), default=0.0),
            max((float(score[i]) for i in near if not self._turn(own, i).against), default=0.0),
            shared,
            float(plan.negated[best].mean()),
            wider[0],
            sum(t.against for t in wider) / len(wider),
            best[0],
        )

    def _side(self, columns: slice) -> Side:
        key = (columns.start, columns.stop)
        if (known := self._sides.get(key)) is None:
            known = self._sides[key] = side_of(self._answer.words[columns], self._lexicon)
        return known

    def _turn(self, columns: slice, text: int) -> Turn:
        """How the direction of some of the answer's words differs from that of one text of the shelf."""
        key = (columns.start, columns.stop, text)
        if (known := self._turns.get(key)) is not None:
            return known
        shelf = self._shelf
        if (yours := shelf.sides.get(text)) is None:
            yours = shelf.sides[text] = side_of(shelf.words[text], self._lexicon)
        rows = slice(shelf.starts[text], shelf.starts[text] + len(shelf.words[text]))
        found = turn(self._side(columns), yours, self._cosines[rows, columns], shelf.weights[rows], self._lexicon)
        self._turns[key] = found
        return found


def _top(values: Array, count: int) -> Array:
    """Mean of the largest `count` along the first axis, 0 where there are none."""
    rows = len(values)
    if not rows:
        return np.zeros(values.shape[1:], dtype=np.float32)
    if count == 1 or rows == 1:
        return np.asarray(values.max(axis=0))
    if rows <= count:
        return np.asarray(values.mean(axis=0))
    return np.asarray(np.partition(values, rows - count, axis=0)[rows - count :].mean(axis=0))
