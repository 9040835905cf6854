"""The numbers the fitted head sees, for one answer and each expectation and misconception of a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.marking.alignment import Side, Turn, overlap, side_of, soften, turn
from bot.marking.board import Board, board_of, plan_of
from bot.marking.encoder import Array
from bot.marking.lexicon import Lexicon
from bot.marking.pieces import Answer, Candidate, Reader
from bot.marking.shelf import Integers, Lenses, Shelf, novelty, unit

_NAMES = """
    sim_max sim_top3 sim_statement residual_max sim_counter sim_counter_margin sim_others sim_others_margin
    sim_wrong_margin sim_question recall_max precision_max both_max both_top3 both_statement both_counter_margin
    both_others_margin both_wrong_margin best_score agreeing_score opposing_score agreeing_counter
    agreeing_margin negation opposites swapped against_share own_negated shared_lemmas novel_share rank
    sim_centre sim_centre_margin lens_max lens_top3 lens_statement lens_centre lens_max_margin
    lens_centre_margin lens_counter_margin lens_wrong_margin lens_share negation_unusual negation_missing
    opposing_margin nearest_against novel_weight novel_words score_top3 score_counter_margin score_others_margin
    nearest_counter roles around_against around_share around_negation lean_own lean_first lean_margin
    core_against core_share core_negation
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
    core_against core_share core_negation
"""
NAMES = tuple(_NAMES.split())
SIGNS = {**dict.fromkeys(_RAISING.split(), 1), **dict.fromkeys(_LOWERING.split(), -1)}
PLACE = {name: place for place, name in enumerate(NAMES)}
CHOSEN, NEAREST, COUNTERS = 2, 5, 3  # candidates a point is looked for in; texts that may be turned round
HEARD, CLEARLY = 8, 0.1  # texts that are asked whether a clause denies them; lead of those it does over the others
SHARPNESS, NOWHERE = 6.0, 0.25  # of the share of the lens: closeness beyond which a point competes


class Found(NamedTuple):
    """Features [len(NAMES)] at a candidate, the candidate, and whether it holds a word that is not the question's."""

    values: Array
    candidate: Candidate
    novel: bool


class Look(NamedTuple):
    """The best candidates of each plan of a board, [plans, chosen], and their features [plans, chosen, len(NAMES)].

    As if nothing were turned round, until `Comparison.turn` has looked.
    """

    chosen: Integers
    novel: npt.NDArray[np.bool_]  # the candidate holds a word that is not the question's
    values: Array
    nearest: Integers  # [plans, 5, chosen] numbers of the nearest own texts, filled up with the number of texts
    counters: Integers  # [plans, 3, chosen] likewise of the nearest counters
    near: Integers  # [plans, n] numbers of all own texts


class Comparison:
    """An answer laid beside every text of a question. The answer must have a candidate."""

    def __init__(self, answer: Answer, shelf: Shelf, reader: Reader, lexicon: Lexicon, lenses: Lenses) -> None:
        self._answer, self._shelf, self._lexicon = answer, shelf, lexicon
        self._turns: dict[tuple[int, int, int], Turn] = {}
        self._sides: dict[tuple[int, int], Side] = {}
        self.candidates = answer.candidates
        spans = [candidate.columns for candidate in answer.candidates]
        inside = np.zeros((len(spans), len(answer.words)), dtype=np.float32)
        for row, span in zip(inside, spans):
            row[span] = 1.0
        self._cosines = shelf.word_vectors @ answer.word_vectors.T
        rare = np.array([reader.rarity(word) for word in answer.words], dtype=np.float32)
        asked = shelf.question_words
        weights = rare * novelty(answer.word_vectors, answer.words, shelf.question_vectors, asked)
        vectors = np.stack([candidate.vector for candidate in answer.candidates])
        question = shelf.vectors[0]
        like = vectors @ question
        sims = shelf.vectors @ vectors.T
        beyond = vectors - np.outer(like, question)
        beyond /= np.maximum(np.linalg.norm(beyond, axis=1, keepdims=True), 0.2)
        recall, precision, both = overlap(soften(self._cosines), shelf.layout, weights, spans)
        meant = (inside * weights) @ answer.word_vectors
        meant /= np.maximum(np.linalg.norm(meant, axis=1, keepdims=True), 1e-6)
        senses = np.concatenate([vectors - 0.7 * np.outer(like, question), meant], axis=1)
        self._vectors, self._through, self._like = vectors, unit(senses @ lenses.points), like
        leaning = senses @ lenses.turns
        apart = shelf.steepness[:, None] + (leaning**2).sum(axis=1) - 2 * shelf.leaning @ leaning.T
        lens_close = shelf.through @ self._through.T
        score = 0.35 * sims + 0.35 * both + 0.5 * lens_close
        measures = (sims, both, score, lens_close, shelf.away @ beyond.T, recall, precision)
        self._apart = _and_last(np.sqrt(np.maximum(apart, 0.0)), np.inf)  # [texts + 1, candidates]
        self._all = _and_last(np.stack(measures, axis=2), -np.inf)  # [texts + 1, candidates, 7]
        self._shared = _and_last(self._share_of_lemmas(inside), 0.0)  # [texts + 1, candidates]
        new = [word.lemma not in asked and rare[i] > 0.35 for i, word in enumerate(answer.words)]
        self._novel_words = inside @ np.array(new, dtype=np.float32)
        self._novel_weight = inside @ weights
        self._novel_share = self._novel_weight / np.maximum(inside @ rare, 1e-6)
        self._negated = inside @ np.array([word.negated for word in answer.words], dtype=np.float32)

    def look(self, board: Board) -> Look:
        """The best candidates for each plan of a board."""
        score = self._all[:, :, 2]
        rank = _top(score[board.own], 2) + 0.3 * _top(score[board.formal], 1)
        chosen = np.argsort(-rank, axis=1, kind="stable")[:, :CHOSEN]

        def at(values: Array, texts: Integers) -> Array:
            return np.asarray(values[texts[:, :, None], chosen[:, None, :]])

        near, counter = at(score, board.near), at(score, board.counter)
        nearest = _best(board.near, near, NEAREST)
        own, first_four = at(self._all, board.own), self._all[:, :, :4]
        sim, close, best, highest, residual, recall, precision = _measures(_top(own, 1))
        sim3, close3, best3, highest3 = _measures(_top(own[..., :4], 3))
        formal_sim, formal_close, _, formal_lens = _measures(_top(at(first_four, board.formal), 1))
        counter_sim, counter_close, counters, counter_lens = _measures(_top(at(first_four, board.counter), 1))
        rivals = at(first_four, board.others)
        other_sim, other_close, other, other_lens = _measures(_top(rivals, 1))
        against_sim, against_close, _, against_lens = _measures(_top(at(first_four, board.against), 1))
        agreeing = _top(near, 1)
        usual = board.negated[nearest].sum(axis=1) / np.maximum((nearest < len(board.negated) - 1).sum(axis=1), 1)
        lean_own, lean_wrong = at(self._apart, board.near).min(axis=1), at(self._apart, board.wrong).min(axis=1)
        negated = (self._negated[chosen] > 0).astype(np.float32)
        vectors, through = self._vectors[chosen], self._through[chosen]
        to_centre, central = (
            np.matmul(rows, centre[:, :, None])[:, :, 0]
            for rows, centre in ((vectors, board.centre), (through, board.lens_centre))
        )
        no_rival = np.where(board.has_rival, 0.0, -np.inf).astype(np.float32)[:, None, :]
        to_rivals, lens_rivals = (
            np.matmul(rows, means.transpose(0, 2, 1)) + no_rival
            for rows, means in ((vectors, board.rivals), (through, board.lens_rivals))
        )
        powers = np.exp(SHARPNESS * np.append(lens_rivals, central[:, :, None], axis=2)).sum(axis=2)
        nothing = np.zeros_like(sim)
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
            self._like[chosen],
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
            nothing,  # opposing_score
            counters,
            agreeing - counters,
            nothing,  # negation
            nothing,  # opposites
            nothing,  # swapped
            nothing,  # against_share
            self._negated[chosen],
            self._shared[nearest, chosen[:, None, :]].max(axis=1),
            self._novel_share[chosen],
            (rivals[..., 2] > best[:, None, :]).sum(axis=1),
            to_centre,
            to_centre - _finite(to_rivals.max(axis=2)),
            highest,
            highest3,
            formal_lens,
            central,
            highest - other_lens,
            central - _finite(lens_rivals.max(axis=2)),
            highest - counter_lens,
            highest - against_lens,
            np.exp(SHARPNESS * central) / (powers + np.exp(SHARPNESS * NOWHERE)),
            negated * (1 - usual),
            (1 - negated) * usual,
            -agreeing,  # opposing_margin
            nothing,  # nearest_against
            self._novel_weight[chosen],
            self._novel_words[chosen],
            best3,
            best - counters,
            best - other,
            counters > best,
            nothing,  # roles
            nothing,  # around_against
            nothing,  # around_share
            nothing,  # around_negation
            lean_own,
            self._apart[nearest[:, 0], chosen],
            np.where(np.isfinite(lean_wrong), lean_wrong - lean_own, 0.0),
            nothing,  # core_against
            nothing,  # core_share
            nothing,  # core_negation
        )
        values = np.stack(columns, axis=2).astype(np.float32)
        return Look(
            chosen, self._novel_words[chosen] > 0, values, nearest, _best(board.counter, counter, COUNTERS), board.near
        )

    def turn(self, look: Look, plan: int, place: int) -> None:
        """Put into the features of one chosen candidate what turns it round against its nearest texts."""
        values, candidate = look.values[plan, place], int(look.chosen[plan, place])
        texts, counters = (self._there(numbers[plan, :, place]) for numbers in (look.nearest, look.counters))
        score = self._all[:, candidate, 2].tolist()
        own, around = self.candidates[candidate].columns, self.candidates[candidate].around
        turns = [self._turn(own, text) for text in texts]
        wider = [self._turn(around, text) for text in texts] if around != own else turns
        core = self._core(candidate, look.near[plan])
        agreeing = max((score[text] for text, t in zip(texts, turns) if not t.against), default=0.0)
        opposing = max((score[text] for text, t in zip(texts, turns) if t.against), default=0.0)
        countering = max((score[text] for text in counters if not self._turn(own, text).against), default=0.0)
        found = {
            "agreeing_score": agreeing,
            "opposing_score": opposing,
            "agreeing_counter": countering,
            "agreeing_margin": agreeing - countering,
            "negation": turns[0].negation,
            "opposites": turns[0].opposites,
            "swapped": turns[0].swapped,
            "against_share": sum(t.against for t in turns) / len(turns),
            "opposing_margin": opposing - agreeing,
            "nearest_against": turns[0].against,
            "roles": turns[0].roles,
            "around_against": wider[0].against,
            "around_share": sum(t.against for t in wider) / len(wider),
            "around_negation": wider[0].negation,
            "core_against": core[0].against,
            "core_share": sum(t.against for t in core) / len(core),
            "core_negation": core[0].negation,
        }
        for name, value in found.items():
            values[PLACE[name]] = value

    def _core(self, candidate: int, near: Integers) -> list[Turn]:
        """What turns round the clause of a candidate that says most of a point, against the texts nearest to that."""
        parts = list(self.candidates[candidate].parts) or [candidate]
        best, texts = self._says_most(parts, near, NEAREST)
        return [self._turn(self.candidates[best].columns, text) for text in texts]

    def _says_most(self, clauses: list[int], near: Integers, count: int) -> tuple[int, list[int]]:
        """Which of some candidates says most of some texts, and the numbers of the `count` texts nearest to it."""
        scores = self._all[near[:, None], clauses, 2]
        best = int(scores.max(axis=0).argmax())
        return clauses[best], self._there(near[np.argsort(-scores[:, best], kind="stable")[:count]])

    def denied(self, near: Integers) -> bool:
        """Whether the clause of the answer that says most of some texts (their numbers) says the opposite of them.

        It does where texts that it stands against, or that do not negate while it does, are clearly nearer than others.
        """
        clauses = [number for number, candidate in enumerate(self.candidates) if not candidate.parts]
        best, texts = self._says_most(clauses, near, HEARD)
        own = self.candidates[best].columns
        score = self._all[texts, best, 2]

        def leads(some: Sequence[bool]) -> bool:
            them = np.array(some)
            return bool(score[them].max(initial=-1.0) - score[~them].max(initial=-1.0) > CLEARLY)

        if leads([self._turn(own, text).against for text in texts]):
            return True
        negates = any(word.negated for word in self._answer.words[own])
        return negates and leads([not any(word.negated for word in self._shelf.words[text]) for text in texts])

    def _there(self, texts: Integers) -> list[int]:
        """The numbers that are of texts, without the fillers."""
        return [text for text in texts.tolist() if text < len(self._shelf.entries)]

    def find(self, owner: str, wrong: bool = False, hidden: frozenset[int] = frozenset()) -> list[Found]:
        """The features of one expectation (or, if `wrong`, misconception) at its best candidates.

        `hidden` are numbers of texts that must not be looked at (fitting leaves the text itself out).
        """
        plan = plan_of(self._shelf, owner, wrong, hidden)
        if plan is None:
            return []
        look = self.look(board_of(self._shelf, [plan]))
        for place in range(look.chosen.shape[1]):
            self.turn(look, 0, place)
        parts = zip(look.values[0], look.chosen[0], look.novel[0])
        return [Found(values, self.candidates[int(chosen)], bool(novel)) for values, chosen, novel in parts]

    def _share_of_lemmas(self, inside: Array) -> Array:
        """Of each text's weight the share whose lemmas each candidate has [texts, candidates]."""
        known = self._shelf.lemmas
        has = np.zeros((len(inside), len(known)), dtype=np.float32)
        for place, word in enumerate(self._answer.words):
            if (number := known.get(word.lemma)) is not None:
                has[:, number] = np.maximum(has[:, number], inside[:, place])
        layout = self._shelf.layout
        rows = np.append(has[:, self._shelf.lemma_rows], np.zeros((len(inside), 1), dtype=np.float32), axis=1)
        shared = np.add.reduceat(rows * layout.weights, layout.begin, axis=1) / layout.total
        return np.asarray((shared * layout.filled).T, dtype=np.float32)

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
        found = turn(self._side(columns), yours, self._cosines[rows, columns], shelf.weights[rows])
        self._turns[key] = found
        return found


def _and_last(values: Array, filler: float) -> Array:
    """The values with one more row behind."""
    return np.append(values, np.full((1, *values.shape[1:]), filler, dtype=values.dtype), axis=0)


def _top(values: Array, count: int) -> Array:
    """Mean of the largest `count` along the second axis; what is not finite is not there; 0 where nothing is."""
    if count == 1:
        return _finite(values.max(axis=1))
    rows = values.shape[1]
    largest = np.partition(values, rows - count, axis=1)[:, rows - count :] if rows > count else values
    there = np.isfinite(largest)
    return np.asarray(np.where(there, largest, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, 0.0)


def _measures(values: Array) -> Sequence[Array]:
    """The measures of [plans, chosen, measures], each [plans, chosen]."""
    return [values[:, :, place] for place in range(values.shape[2])]


def _best(texts: Integers, scores: Array, count: int) -> Integers:
    """Of texts [plans, n] with scores [plans, n, chosen] the `count` best of each, the best first."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return np.asarray(np.take_along_axis(np.repeat(texts[:, :, None], scores.shape[2], axis=2), order, axis=1))
