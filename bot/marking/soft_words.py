"""An answer beside a plain reference, token by token: what is covered of the other, function words counting little.

Every token counts here, not the content words only: in science and in service alike "it goes up" may be the answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bot.marking.alignment import soften
from bot.marking.encoder import Array
from bot.marking.pieces import FIRST_WORD_ID, Reader

_NAMES = """
    token_recall token_precision token_both token_recall_new token_precision_new token_both_new least_new mean_new
    uncovered_new covered_new beyond_reference stem_recall stem_recall_new stem_both_new gram_cosine gram_recall_new
    chain length_ratio answer_new reference_new answer_tokens
"""
_RAISING = "token_recall token_recall_new token_both_new least_new mean_new covered_new"
_FUNCTION_WORDS = """
    a an the of to in on at by for with from and or but so because since as is are was were be been being am do does
    did have has had will would can could may might should shall it its they them their he she his her him you your we
    our us i me my this that these those there then than if when while which who what how why where also just very
"""
# A question or reference with one of these is about customer service.
_SERVICE = """
    business client colleague complain complaint customer employee employer manager organisation organization service
    staff workplace
"""
NAMES = tuple(_NAMES.split())
RAISING = frozenset(_RAISING.split())
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
COMMON, CONTINUED, ASKED = 0.3, 0.6, 0.3  # weights of function words, later word pieces, words of the question
_ENDINGS = ("ations", "ingly", "ation", "edly", "ings", "ing", "ers", "ies", "ied", "est", "er", "ed", "es", "ly")


class Tokens(NamedTuple):
    """A text's tokens that have a letter or digit: stems, middle-layer unit vectors [n, 384], weights [n]; its text."""

    stems: tuple[str, ...]
    vectors: Array
    weights: Array
    text: str


class Wanted(NamedTuple):
    """A text beside its question: its tokens, and their weights [n] where what was asked counts little."""

    tokens: Tokens
    new: Array
    asked: frozenset[str]  # stems of the question
    grams: frozenset[str]  # of the question


def tokens_of(text: str, reader: Reader) -> Tokens:
    """The tokens of a text that is spelled right."""
    places, vectors = reader.encoder.tokens(text)
    low = text.lower()
    stems, weights, rows, end = [], [], [], -1
    for row, (first, last) in enumerate(places):
        piece = low[first:last]
        if not any(character.isalnum() for character in piece):
            end = -1
            continue
        weights.append(CONTINUED if first == end else _weight(piece, reader))
        stems.append(stem(piece))
        rows.append(row)
        end = last
    return Tokens(tuple(stems), vectors[rows], np.array(weights, dtype=np.float32), low)


def beside(tokens: Tokens, question: Tokens) -> Wanted:
    """A text's tokens with what is new against the question."""
    asked = frozenset(question.stems)
    if not tokens.stems or not question.stems:
        return Wanted(tokens, tokens.weights, asked, frozenset(_grams(question.text)))
    near = (tokens.vectors @ question.vectors.T).max(axis=1)
    new = tokens.weights * (1 - 0.95 * np.clip((near - 0.5) / 0.5, 0.0, 1.0))
    new = new * np.array([ASKED if each in asked else 1.0 for each in tokens.stems])
    return Wanted(tokens, new.astype(np.float32), asked, frozenset(_grams(question.text)))


def compared(answer: Wanted, reference: Wanted) -> list[float]:
    """The numbers of NAMES."""
    mine, yours = answer.tokens, reference.tokens
    if not mine.stems or not yours.stems:
        return [0.0] * len(NAMES)
    close = soften(yours.vectors @ mine.vectors.T)
    covered, used = close.max(axis=1), close.max(axis=0)
    recall, precision = _mean(covered, yours.weights), _mean(used, mine.weights)
    recall_new, precision_new = _mean(covered, reference.new), _mean(used, answer.new)
    heavy = reference.new >= 0.6 * reference.new.max()
    held = np.array([each in set(mine.stems) for each in yours.stems], dtype=np.float32)
    back = np.array([each in set(yours.stems) for each in mine.stems], dtype=np.float32)
    stem_new = _mean(held, reference.new)
    my_grams, your_grams = _grams(mine.text), _grams(yours.text)
    fresh = set(your_grams) - reference.grams
    return [
        recall,
        precision,
        _both(recall, precision),
        recall_new,
        precision_new,
        _both(recall_new, precision_new),
        float(covered[heavy].min()),
        float(covered[heavy].mean()),
        _mean((covered < 0.5).astype(np.float32), reference.new),
        _mean((covered >= 0.8).astype(np.float32), reference.new),
        float((answer.new * (1 - used)).sum()),
        _mean(held, yours.weights),
        stem_new,
        _both(stem_new, _mean(back, answer.new)),
        _cosine(my_grams, your_grams),
        len(fresh & set(my_grams)) / max(1, len(fresh)),
        2 * _chain(mine.stems, yours.stems) / (len(mine.stems) + len(yours.stems)),
        math.log((1 + len(mine.stems)) / (1 + len(yours.stems))),
        float(answer.new.sum()),
        float(reference.new.sum()),
        float(len(mine.stems)),
    ]


def stem(word: str) -> str:
    """A word without its ending, roughly."""
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    if len(word) > 3 and word[-1] in "ey":
        word = word[:-1]
    return word


SERVICE = frozenset(stem(word) for word in _SERVICE.split())


def about_service(text: str) -> bool:
    """Whether a question or a reference is about customer service."""
    return any(stem(word) in SERVICE for word in re.findall("[a-z]+", text.lower()))


def _weight(piece: str, reader: Reader) -> float:
    """How much a token says, 0–1: rare ones more."""
    place = reader.place(piece)
    rare = 1.0 if place is None else min(1.0, math.log(2 + max(0, place - FIRST_WORD_ID)) / math.log(20_000))
    return float(rare**0.7 * (COMMON if piece in FUNCTION_WORDS else 1.0))


def _mean(values: Array, weights: Array) -> float:
    return float((values * weights).sum() / max(float(weights.sum()), 1e-6))


def _both(one: float, other: float) -> float:
    return 2 * one * other / max(one + other, 1e-6)


def _grams(text: str) -> dict[str, int]:
    """Counts of a text's runs of four characters."""
    flat = f" {' '.join(text.split())} "
    out: dict[str, int] = {}
    for i in range(len(flat) - 3):
        out[flat[i : i + 4]] = out.get(flat[i : i + 4], 0) + 1
    return out


def _cosine(one: dict[str, int], other: dict[str, int]) -> float:
    shared = sum(count * other[gram] for gram, count in one.items() if gram in other)
    return shared / max(math.sqrt(sum(c * c for c in one.values()) * sum(c * c for c in other.values())), 1e-6)


def _chain(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    before = [0] * (len(other) + 1)
    for each in one:
        row = [0]
        for place, its in enumerate(other):
            row.append(before[place] + 1 if each == its else max(before[place + 1], row[-1]))
        before = row
    return before[-1]
