"""Soft word alignment, and what turns a sentence round: negation, opposites, swapped sides of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bot.marking.encoder import Array
from bot.marking.lexicon import Lexicon
from bot.marking.linguistics import Word

FLOOR, CEILING = 0.35, 0.9  # layer-4 cosines of unrelated and of the same words
ALIGNED = 0.6


class Overlap(NamedTuple):
    """For each text, 0–1 [texts]: how much of it the candidate covers, how much of the candidate it covers, both."""

    recall: Array
    precision: Array
    both: Array


class Turn(NamedTuple):
    """What turns one text against another: share of words negated in one only, opposites, swapped sides."""

    negation: float
    opposites: int
    swapped: bool

    @property
    def against(self) -> bool:
        """Whether the two say the opposite: an odd number of turns."""
        return (int(self.negation >= 0.3) + self.opposites + int(self.swapped)) % 2 == 1


def soften(cosines: Array) -> Array:
    """Cosines of word vectors as 0–1 closeness."""
    return np.clip((cosines - FLOOR) / (CEILING - FLOOR), 0.0, 1.0)


def overlap(close: Array, weights: Array, starts: Sequence[int], own_weights: Array) -> Overlap:
    """Alignment of one candidate with many texts.

    `close` [rows, columns] is the closeness of every text word to every candidate word, `weights` [rows] and
    `own_weights` [columns] what the words count, `starts` the first row of each text.
    """
    texts, columns = len(starts), close.shape[1]
    if not columns or not close.shape[0]:
        zero = np.zeros(texts, dtype=np.float32)
        return Overlap(zero, zero, zero)
    begin = np.asarray(starts)
    filled = np.diff(np.append(begin, close.shape[0])) > 0
    padded = np.vstack([close, np.zeros((1, columns), dtype=np.float32)])
    heavy = np.append(weights, 0.0).astype(np.float32)
    total = np.add.reduceat(heavy, begin)
    recall = np.add.reduceat(heavy * padded.max(axis=1), begin) / np.maximum(total, 1e-6)
    best = np.maximum.reduceat(padded, begin, axis=0)
    precision = best @ own_weights / max(float(own_weights.sum()), 1e-6)
    recall, precision = np.where(filled, recall, 0.0), np.where(filled, precision, 0.0)
    both = 2 * recall * precision / np.maximum(recall + precision, 1e-6)
    return Overlap(recall.astype(np.float32), precision.astype(np.float32), both.astype(np.float32))


def turn(mine: Sequence[Word], yours: Sequence[Word], cosines: Array, weights: Array, lexicon: Lexicon) -> Turn:
    """How the direction of the candidate `mine` differs from the text `yours`.

    `cosines` [yours, mine], `weights` [yours].
    """
    if not mine or not yours:
        return Turn(0.0, 0, False)
    my_words = {word.lemma for word in mine} | {word.form for word in mine}
    your_words = {word.lemma for word in yours} | {word.form for word in yours}
    pointed = [  # my words that have an opposite and are not in your text
        (column, word)
        for column, word in enumerate(mine)
        if _polar(lexicon, word) and word.lemma not in your_words and word.form not in your_words
    ]
    if not pointed and not any(w.negated or w.than for w in mine) and not any(w.negated or w.than for w in yours):
        return Turn(0.0, 0, False)  # most pairs: nothing here could turn them
    places: dict[str, list[int]] = {}
    for column, word in enumerate(mine):
        places.setdefault(word.lemma, []).append(column)
    nearest = cosines.argmax(axis=1).tolist()
    closest = cosines.max(axis=1).tolist()
    flipped = aligned = 0.0
    opposites = before_after = after_before = 0
    taken: set[int] = set()
    for row, yours_word in enumerate(yours):
        shared = yours_word.lemma in my_words or yours_word.form in my_words
        if pointed and not shared and _polar(lexicon, yours_word):
            against = [c for c, word in pointed if c not in taken and _opposite(lexicon, word, yours_word)]
            if against:
                taken.add(against[0])
                opposites += mine[against[0]].negated == yours_word.negated
                continue
        column = nearest[row]
        if same := places.get(yours_word.lemma):
            column = min(same, key=lambda c: (mine[c].negated != yours_word.negated, mine[c].than != yours_word.than))
        elif closest[row] < ALIGNED:
            continue
        partner = mine[column]
        weight = float(weights[row])
        aligned += weight
        flipped += weight * (partner.negated != yours_word.negated)
        before_after += yours_word.than and not partner.than
        after_before += partner.than and not yours_word.than
    swapped = before_after > 0 and after_before > 0
    return Turn(flipped / max(aligned, 0.5), opposites, swapped)


def _polar(lexicon: Lexicon, word: Word) -> bool:
    return lexicon.polar(word.form) or lexicon.polar(word.lemma)


def _opposite(lexicon: Lexicon, one: Word, other: Word) -> bool:
    return (
        lexicon.opposite(one.form, other.form)
        or lexicon.opposite(one.lemma, other.lemma)
        or lexicon.opposite(one.form, other.lemma)
        or lexicon.opposite(one.lemma, other.form)
    )
