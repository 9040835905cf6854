"""The numbers the fitted head sees, for one answer and one expectation (or misconception)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bot.marking.alignment import Turn, overlap, soften, turn
from bot.marking.encoder import Array
from bot.marking.lexicon import Lexicon
from bot.marking.pieces import Answer, Candidate, Reader
from bot.marking.shelf import Shelf, novelty, sense

_NAMES = """
    sim_max sim_top3 sim_statement residual_max sim_counter sim_counter_margin sim_others sim_others_margin
    sim_wrong_margin sim_question recall_max precision_max both_max both_top3 both_statement both_counter_margin
    both_others_margin both_wrong_margin best_score agreeing_score opposing_score agreeing_counter
    agreeing_margin negation opposites swapped against_share own_negated shared_lemmas novel_share rank
    sim_centre sim_centre_margin lens_max lens_top3 lens_statement lens_centre lens_max_margin
    lens_centre_margin lens_counter_margin lens_wrong_margin lens_share negation_unusual negation_missing
    opposing_margin nearest_against
"""
# More of these never lowers the probability …
_RAISING = """
    sim_max sim_top3 sim_statement residual_max sim_counter_margin sim_others_margin sim_wrong_margin recall_max
    precision_max both_max both_top3 both_statement both_counter_margin both_others_margin both_wrong_margin
    best_score agreeing_score agreeing_margin shared_lemmas sim_centre sim_centre_margin lens_max lens_top3
    lens_statement lens_centre lens_max_margin lens_centre_margin lens_counter_margin lens_wrong_margin
    lens_share
"""
# … and more of these never raises it.
_LOWERING = "opposing_margin nearest_against opposing_score negation opposites swapped against_share negation_unusual"
NAMES = tuple(_NAMES.split())
SIGNS = {**dict.fromkeys(_RAISING.split(), 1), **dict.fromkeys(_LOWERING.split(), -1)}


class Found(NamedTuple):
    """Features [len(NAMES)] at a candidate, the candidate, and whether it holds a word that is not the question's."""

    values: Array
    candidate: Candidate
    novel: bool


class _Seen(NamedTuple):
    """One candidate beside all texts of the shelf, [texts] each."""

    candidate: Candidate
    sims: Array
    residual: Array
    recall: Array
    precision: Array
    both: Array
    lens: Array
    score: Array
    through: Array  # the candidate itself through the lens
    novel_share: float
    novel: bool


class Comparison:
    """An answer laid beside every text of a question; made once an answer, asked once an expectation."""

    def __init__(self, answer: Answer, shelf: Shelf, reader: Reader, lexicon: Lexicon, lens: Array) -> None:
        self._answer, self._shelf, self._lexicon, self._lens = answer, shelf, lexicon, lens
        self._cosines = shelf.word_vectors @ answer.word_vectors.T
        close = soften(self._cosines)
        asked = shelf.question_words()
        rare = np.array([reader.rarity(word) for word in answer.words], dtype=np.float32)
        news = novelty(answer.word_vectors, answer.words, shelf.question_vectors(), asked)
        self._weights = rare * news
        question = shelf.vectors[0]
        away = shelf.vectors - np.outer(shelf.vectors @ question, question)
        away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 0.2)
        self._seen = [self._look(candidate, close, rare, asked, question, away) for candidate in answer.candidates]

    def _look(
        self, candidate: Candidate, close: Array, rare: Array, asked: frozenset[str], question: Array, away: Array
    ) -> _Seen:
        shelf, columns = self._shelf, list(candidate.columns)
        sims = shelf.vectors @ candidate.vector
        beyond = candidate.vector - float(candidate.vector @ question) * question
        residual = away @ (beyond / max(float(np.linalg.norm(beyond)), 0.2))
        over = overlap(close[:, columns], shelf.weights, shelf.starts, self._weights[columns])
        heavy = float(self._weights[columns].sum())
        words = self._answer.word_vectors[columns]
        through = sense(candidate.vector, words, self._weights[columns], question) @ self._lens
        through = through / max(float(np.linalg.norm(through)), 1e-6)
        lens = self._shelf.through @ through
        novel = [i for i in columns if self._answer.words[i].lemma not in asked and rare[i] > 0.35]
        return _Seen(
            candidate,
            sims,
            residual,
            over.recall,
            over.precision,
            over.both,
            lens,
            0.35 * sims + 0.35 * over.both + 0.5 * lens,
            through,
            heavy / max(float(rare[columns].sum()), 1e-6),
            bool(novel),
        )

    def turns(self, columns: Sequence[int], text: int) -> Turn:
        """How the candidate's direction differs from that of one text of the shelf."""
        shelf = self._shelf
        rows = slice(shelf.starts[text], shelf.starts[text] + len(shelf.words[text]))
        mine = [self._answer.words[i] for i in columns]
        return turn(mine, shelf.words[text], self._cosines[rows][:, list(columns)], shelf.weights[rows], self._lexicon)

    def find(self, owner: str, wrong: bool = False, hidden: frozenset[int] = frozenset()) -> list[Found]:
        """The features of one expectation (or, if `wrong`, misconception) at its two best candidates.

        `hidden` are numbers of texts that must not be looked at (fitting leaves the text itself out).
        """
        if not self._seen:
            return []
        shelf = self._shelf

        def rows(owner: str, *kinds: str) -> list[int]:
            return [i for i in shelf.rows(owner, *kinds) if i not in hidden]

        own = rows(owner, "wrong" if wrong else "phrasing")
        formal = rows(owner, "wrong-statement" if wrong else "statement")
        counter = rows("", "phrasing", "statement") if wrong else rows(owner, "counter")
        siblings = ("wrong", "wrong-statement") if wrong else ("phrasing", "statement")
        others = [i for i in rows("", *siblings) if shelf.entries[i].owner != owner]
        against = rows("", "counter") if wrong else rows("", "wrong", "wrong-statement")
        own = own or formal
        if not own:
            return []
        ranked = sorted(self._seen, key=lambda s: -(_top(s.score[own], 2) + 0.3 * _top(s.score[formal], 1)))
        centres = self._centres(others)
        return [self._values(seen, own, formal, counter, others, against, centres) for seen in ranked[:2]]

    def _centres(self, others: list[int]) -> Array:
        """Unit mean vectors of the other expectations' texts [owners, 384]."""
        grouped: dict[str, list[int]] = {}
        for text in others:
            grouped.setdefault(self._shelf.entries[text].owner, []).append(text)
        if not grouped:
            return np.zeros((1, self._shelf.vectors.shape[1]), dtype=np.float32)
        means = np.stack([self._shelf.vectors[texts].mean(axis=0) for texts in grouped.values()])
        return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6))

    def _values(
        self,
        seen: _Seen,
        own: list[int],
        formal: list[int],
        counter: list[int],
        others: list[int],
        against: list[int],
        centres: Array,
    ) -> Found:
        best = sorted(own + formal, key=lambda i: -seen.score[i])[:5]
        turns = [self.turns(seen.candidate.columns, i) for i in best]
        agreeing = max((float(seen.score[i]) for i, t in zip(best, turns) if not t.against), default=0.0)
        opposing = max((float(seen.score[i]) for i, t in zip(best, turns) if t.against), default=0.0)
        near = sorted(counter, key=lambda i: -seen.score[i])[:3]
        counters = max(
            (float(seen.score[i]) for i in near if not self.turns(seen.candidate.columns, i).against), default=0.0
        )
        sim, both, score = _top(seen.sims[own], 1), _top(seen.both[own], 1), _top(seen.score[own], 1)
        centre = self._shelf.vectors[own].mean(axis=0)
        to_centre = float(centre @ seen.candidate.vector) / max(float(np.linalg.norm(centre)), 1e-6)
        mine = [self._answer.words[i] for i in seen.candidate.columns]
        lemmas = {word.lemma for word in mine}
        mine_negated = float(any(word.negated for word in mine))
        usual = sum(any(word.negated for word in self._shelf.words[i]) for i in best) / len(best)
        values = (
            sim,
            _top(seen.sims[own], 3),
            _top(seen.sims[formal], 1),
            _top(seen.residual[own], 1),
            _top(seen.sims[counter], 1),
            sim - _top(seen.sims[counter], 1),
            _top(seen.sims[others], 1),
            sim - _top(seen.sims[others], 1),
            sim - _top(seen.sims[against], 1),
            float(seen.sims[0]),
            _top(seen.recall[own], 1),
            _top(seen.precision[own], 1),
            both,
            _top(seen.both[own], 3),
            _top(seen.both[formal], 1),
            both - _top(seen.both[counter], 1),
            both - _top(seen.both[others], 1),
            both - _top(seen.both[against], 1),
            score,
            agreeing,
            opposing,
            counters,
            agreeing - counters,
            turns[0].negation,
            float(turns[0].opposites),
            float(turns[0].swapped),
            sum(t.against for t in turns) / len(turns),
            float(sum(word.negated for word in mine)),
            max(self._shared(lemmas, i) for i in best),
            seen.novel_share,
            float((seen.score[others] > score).sum()),
            to_centre,
            to_centre - float((centres @ seen.candidate.vector).max()),
            *self._lensed(seen, own, formal, counter, others, against),
            mine_negated * (1 - usual),
            (1 - mine_negated) * usual,
            opposing - agreeing,
            float(turns[0].against),
        )
        return Found(np.array(values, dtype=np.float32), seen.candidate, seen.novel)

    def _lensed(
        self, seen: _Seen, own: list[int], formal: list[int], counter: list[int], others: list[int], against: list[int]
    ) -> tuple[float, ...]:
        """Closeness in the space fitted to tell key points apart."""
        lens = seen.lens
        highest, centre = _top(lens[own], 1), _central(self._shelf.through[own], seen.through)
        grouped: dict[str, list[int]] = {}
        for text in others:
            grouped.setdefault(self._shelf.entries[text].owner, []).append(text)
        rivals = [_central(self._shelf.through[texts], seen.through) for texts in grouped.values()]
        powers = np.exp(6.0 * np.array([centre, *rivals, 0.25]))
        return (
            highest,
            _top(lens[own], 3),
            _top(lens[formal], 1),
            centre,
            highest - _top(lens[others], 1),
            centre - max(rivals, default=0.0),
            highest - _top(lens[counter], 1),
            highest - _top(lens[against], 1),
            float(powers[0] / powers.sum()),
        )

    def _shared(self, lemmas: set[str], text: int) -> float:
        """Share of a text's weight whose lemmas the candidate has."""
        start, words = self._shelf.starts[text], self._shelf.words[text]
        weights = self._shelf.weights[start : start + len(words)]
        total = float(weights.sum())
        return sum(float(w) for w, word in zip(weights, words) if word.lemma in lemmas) / total if total else 0.0


def _central(vectors: Array, vector: Array) -> float:
    """Cosine of a unit vector to the mean of unit vectors."""
    mean = vectors.mean(axis=0)
    return float(mean @ vector) / max(float(np.linalg.norm(mean)), 1e-6)


def _top(values: Array, count: int) -> float:
    """Mean of the largest `count`, 0 where there are none."""
    if not len(values):
        return 0.0
    if count == 1 or len(values) == 1:
        return float(np.max(values))
    return float(np.sum(np.sort(values)[-count:])) / min(count, len(values))
