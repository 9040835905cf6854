"""Lenses: linear maps of senses fitted by discriminant analysis."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from fit_turns import turned

from bot.marking.linguistics import Linguist
from bot.marking.pieces import Reader
from bot.marking.shelf import Shelf, novelty, sense

SIZE, TURN_SIZE, RIDGE = 120, 60, 2.0


def between_points(shelves: Sequence[Shelf]) -> Any:
    """Little spread inside a key point, much between the key points of a question [768, SIZE]."""
    size = shelves[0].senses.shape[1]
    within, between, count = np.zeros((size, size)), np.zeros((size, size)), 0
    for shelf in shelves:
        groups: dict[tuple[str, str], list[int]] = {}
        for row, entry in enumerate(shelf.entries):
            if entry.kind in ("phrasing", "statement", "wrong", "wrong-statement"):
                groups.setdefault((entry.kind[:5].replace("state", "phras"), entry.owner), []).append(row)
        centre = shelf.senses[[i for key, rows in groups.items() if key[0] == "phras" for i in rows]].mean(0)
        for rows in groups.values():
            points = shelf.senses[rows]
            spread = points - points.mean(0)
            within += spread.T @ spread
            away = points.mean(0) - centre
            between += len(rows) * np.outer(away, away)
            count += len(rows)
    strength, directions = _discriminate(within / count, between / count, SIZE)
    return (directions * np.sqrt(strength / (strength + 0.3))).astype(np.float32)


def apart(away: Any, right: Any, weights: Any, size: int) -> Any:
    """Of differences [n, 768]: directions in which wrong texts leave theirs and right ones do not [768, size]."""

    def scatter(at: Any) -> Any:
        return (away[at] * weights[at, None]).T @ away[at] / weights[at].sum()

    strength, directions = _discriminate(scatter(right == 1), scatter(right == 0), size)
    return (directions * np.sqrt(strength)).astype(np.float32)


def turn_pairs(shelf: Shelf, reader: Reader, linguist: Linguist, dice: random.Random) -> tuple[Any, Any]:
    """Differences of a question's texts [n, 768] and whether each pair says the same (1) or the opposite (0).

    The same: a phrasing and the two nearest of its key point. The opposite: a phrasing and itself turned round; a
    counter and the two nearest phrasings.
    """
    rows = {owner: shelf.rows(owner, "phrasing") for owner in dict.fromkeys(e.owner for e in shelf.entries if e.owner)}
    away, same = [], []
    for owner, own in rows.items():
        for row in [*own, *shelf.rows(owner, "counter")]:
            others = sorted((i for i in own if i != row), key=lambda i: -float(shelf.vectors[i] @ shelf.vectors[row]))
            away += [shelf.senses[row] - shelf.senses[i] for i in others[:2]]
            same += [int(shelf.entries[row].kind == "phrasing")] * len(others[:2])
    chosen = [i for own in rows.values() for i in own if dice.random() < 0.6]
    made = [(i, turned(shelf.entries[i].text, linguist._nlp, linguist.lexicon, dice)) for i in chosen]
    texts = [(i, text) for i, text in made if text]
    lemmas, vectors = shelf.question_words, shelf.question_vectors
    for (i, _), piece in zip(texts, reader.pieces([text for _, text in texts], shelf.vocabulary)):
        rare = np.array([reader.rarity(word) for word in piece.words], dtype=np.float32)
        weights = rare * novelty(piece.word_vectors, piece.words, vectors, lemmas)
        away.append(sense(piece.vector, piece.word_vectors, weights, shelf.vectors[0]) - shelf.senses[i])
        same.append(0)
    return np.array(away, dtype=np.float32).reshape(-1, shelf.senses.shape[1]), np.array(same)


def _discriminate(within: Any, between: Any, count: int) -> tuple[Any, Any]:
    """Strengths and directions, the strongest first."""
    size = len(within)
    within = within + RIDGE * np.trace(within) / size * np.eye(size)
    values, vectors = np.linalg.eigh(within)
    white = (vectors * values**-0.5) @ vectors.T
    values, vectors = np.linalg.eigh(white @ between @ white)
    return np.maximum(values[::-1][:count], 0), white @ vectors[:, ::-1][:, :count]
