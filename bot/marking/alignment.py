"""Soft word alignment, and what turns a sentence round: negation, opposites, swapped sides of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.marking.encoder import Array
from bot.marking.lexicon import Lexicon
from bot.marking.linguistics import Word

FLOOR, CEILING = 0.35, 0.9  # middle-layer cosines of unrelated and of the same words
ALIGNED = 0.6


class Overlap(NamedTuple):
    """0–1, [texts, candidates]: how much of the text is covered, how much of the candidate it covers, both."""

    recall: Array
    precision: Array
    both: Array


class Turn(NamedTuple):
    """What turns one text against another: share of words negated in one only, opposites, swapped sides, roles."""

    negation: float
    opposites: int
    swapped: bool
    roles: int  # words of both that do it in one and have it done to them in the other, less those alike

    @property
    def against(self) -> bool:
        """Whether the two say the opposite: an odd number of turns."""
        return (int(self.negation >= 0.3) + self.opposites + int(self.swapped)) % 2 == 1


STRAIGHT = Turn(0.0, 0, False, 0)


def soften(cosines: Array) -> Array:
    """Cosines of word vectors as 0–1 closeness."""
    return np.clip((cosines - FLOOR) / (CEILING - FLOOR), 0.0, 1.0)


class Layout(NamedTuple):
    """Where the words of stacked texts are: first rows, whether a text has words, weights with a zero behind."""

    begin: npt.NDArray[np.int64]  # [texts]
    filled: npt.NDArray[np.bool_]  # [texts]
    weights: Array  # [rows + 1]
    total: Array  # [texts]


def layout_of(starts: Sequence[int], weights: Array) -> Layout:
    """The layout of texts whose first rows are `starts`, and whose words weigh `weights` [rows]."""
    begin = np.asarray(starts, dtype=np.int64)
    heavy = np.append(weights, 0.0).astype(np.float32)
    filled = np.diff(np.append(begin, len(weights))) > 0
    return Layout(begin, filled, heavy, np.maximum(np.add.reduceat(heavy, begin), 1e-6).astype(np.float32))


def overlap(close: Array, layout: Layout, own_weights: Array, spans: Sequence[slice]) -> Overlap:
    """Alignment of candidates with many texts, each [texts, candidates].

    `close` [rows, columns] is the closeness of every text word to every answer word, `own_weights` [columns] what
    the answer's words count, `spans` the columns of each candidate.
    """
    texts, count = len(layout.begin), len(spans)
    if not close.shape[1] or not close.shape[0]:
        zero = np.zeros((texts, count), dtype=np.float32)
        return Overlap(zero, zero, zero)
    padded = np.vstack([close, np.zeros((1, close.shape[1]), dtype=np.float32)])
    reached = np.zeros((count, len(padded)), dtype=np.float32)
    for number, span in enumerate(spans):
        if span.stop > span.start:
            reached[number] = padded[:, span].max(axis=1)
    recall = np.add.reduceat(reached * layout.weights, layout.begin, axis=1).T / layout.total[:, None]
    best = np.maximum.reduceat(padded, layout.begin, axis=0) * own_weights
    sums = np.zeros((texts, close.shape[1] + 1), dtype=np.float32)
    np.cumsum(best, axis=1, out=sums[:, 1:])
    heavy = np.append(0.0, np.cumsum(own_weights))
    first, last = [span.start for span in spans], [span.stop for span in spans]
    precision = (sums[:, last] - sums[:, first]) / np.maximum(heavy[last] - heavy[first], 1e-6)
    recall, precision = recall * layout.filled[:, None], precision * layout.filled[:, None]
    both = 2 * recall * precision / np.maximum(recall + precision, 1e-6)
    return Overlap(recall.astype(np.float32), precision.astype(np.float32), both.astype(np.float32))


class Side(NamedTuple):
    """The words of one text made ready for `turn`."""

    words: tuple[Word, ...]
    known: frozenset[str]  # lemmas and forms
    opposed: tuple[frozenset[str], ...]  # of each word what stands against it
    against: frozenset[str]  # what stands against any of them
    marked: bool  # something is negated or stands behind "than"
    actors: frozenset[str]  # lemmas of words with a role
    places: dict[str, list[int]]  # of each lemma


def side_of(words: Sequence[Word], lexicon: Lexicon) -> Side:
    """The side of a text's content words."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word.lemma, []).append(place)
    opposed = tuple(lexicon.opposites(word.form) | lexicon.opposites(word.lemma) for word in words)
    return Side(
        tuple(words),
        frozenset([word.lemma for word in words] + [word.form for word in words]),
        opposed,
        frozenset().union(*opposed),
        any(word.negated or word.than for word in words),
        frozenset(word.lemma for word in words if word.role),
        places,
    )


def turn(mine: Side, yours: Side, cosines: Array, weights: Array) -> Turn:
    """How the direction of the candidate `mine` differs from the text `yours`.

    `cosines` [yours, mine], `weights` [yours].
    """
    if not mine.words or not yours.words:
        return STRAIGHT
    # Two words are opposites only if yours is among the first or mine among the second.
    theirs_opposed, mine_opposed = mine.against & yours.known, yours.against & mine.known
    opposed = theirs_opposed or mine_opposed
    if not (opposed or mine.marked or yours.marked or mine.actors & yours.actors):
        return STRAIGHT  # most pairs: nothing here could turn them
    pointed = [  # my words that are not in your text and may stand against one of it
        column
        for column, word in enumerate(mine.words)
        if opposed and word.lemma not in yours.known and word.form not in yours.known
    ]
    pointed_back = [c for c in pointed if not mine_opposed.isdisjoint((mine.words[c].form, mine.words[c].lemma))]
    nearest = cosines.argmax(axis=1).tolist()
    closest = cosines.max(axis=1).tolist()
    flipped = aligned = 0.0
    opposites = before_after = after_before = roles = 0
    taken: set[int] = set()
    for row, theirs in enumerate(yours.words):
        if pointed and theirs.lemma not in mine.known and theirs.form not in mine.known:
            near = pointed_back if theirs_opposed.isdisjoint((theirs.form, theirs.lemma)) else pointed
            against = [c for c in near if c not in taken and _opposite(mine, c, yours, row)]
            if against:
                taken.add(against[0])
                opposites += mine.words[against[0]].negated == theirs.negated
                continue
        column = nearest[row]
        if same := mine.places.get(theirs.lemma):
            column = min(
                same, key=lambda c: (mine.words[c].negated != theirs.negated, mine.words[c].than != theirs.than)
            )
        elif closest[row] < ALIGNED:
            continue
        partner = mine.words[column]
        weight = float(weights[row])
        aligned += weight
        flipped += weight * (partner.negated != theirs.negated)
        before_after += theirs.than and not partner.than
        after_before += partner.than and not theirs.than
        if partner.role and theirs.role and partner.lemma == theirs.lemma:
            roles += 1 if partner.role != theirs.role else -1
    swapped = before_after > 0 and after_before > 0
    return Turn(flipped / max(aligned, 0.5), opposites, swapped, roles)


def _opposite(mine: Side, column: int, yours: Side, row: int) -> bool:
    one, other = mine.words[column], yours.words[row]
    return not (
        mine.opposed[column].isdisjoint((other.form, other.lemma))
        and yours.opposed[row].isdisjoint((one.form, one.lemma))
    )
