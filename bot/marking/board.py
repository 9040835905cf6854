"""Which texts of a question count how for its key points and misconceptions, all of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from bot.marking.encoder import DIMENSIONS, Array
from bot.marking.shelf import Integers, Shelf, unit


class Board(NamedTuple):
    """Several plans as arrays: numbers of texts [plans, most], filled up with the number of texts there are."""

    own: Integers
    formal: Integers
    counter: Integers
    others: Integers
    against: Integers
    near: Integers  # own and formal
    wrong: Integers  # counter and against
    centre: Array  # [plans, 384] unit means of own
    rivals: Array  # [plans, most, 384] unit means of the others
    lens_centre: Array  # [plans, k]
    lens_rivals: Array  # [plans, most, k]
    has_rival: npt.NDArray[np.bool_]  # [plans, most] of both
    negated: Array  # [texts + 1] 1 where a text negates


def whole_board(shelf: Shelf) -> Board:
    """All expectations of a shelf, then all misconceptions, in the question's order."""
    kinds = (("statement", False), ("wrong-statement", True))
    owners = [dict.fromkeys((e.owner, wrong) for e in shelf.entries if e.kind == kind) for kind, wrong in kinds]
    plans = [plan_of(shelf, owner, wrong) for some in owners for owner, wrong in some]
    return board_of(shelf, [plan for plan in plans if plan is not None])


def board_of(shelf: Shelf, plans: Sequence[Plan]) -> Board:
    """Plans side by side; at least one."""
    filler = len(shelf.entries)

    def numbers(lists: Sequence[Integers]) -> Integers:
        out = np.full((len(lists), max(1, *(len(each) for each in lists))), filler, dtype=np.int64)
        for row, each in zip(out, lists):
            row[: len(each)] = each
        return out

    def means(lists: Sequence[Array]) -> Array:
        out = np.zeros((len(lists), max(1, *(len(each) for each in lists)), lists[0].shape[1]), dtype=np.float32)
        for row, each in zip(out, lists):
            row[: len(each)] = each
        return out

    rivals = means([plan.lens_rivals for plan in plans])
    counts = np.array([len(plan.lens_rivals) for plan in plans])
    negated = [any(word.negated for word in words) for words in shelf.words]
    return Board(
        numbers([plan.own for plan in plans]),
        numbers([plan.formal for plan in plans]),
        numbers([plan.counter for plan in plans]),
        numbers([plan.others for plan in plans]),
        numbers([plan.against for plan in plans]),
        numbers([np.union1d(plan.own, plan.formal) for plan in plans]),
        numbers([np.concatenate([plan.counter, plan.against]) for plan in plans]),
        np.stack([plan.centre for plan in plans]),
        means([plan.rivals for plan in plans]),
        np.stack([plan.lens_centre for plan in plans]),
        rivals,
        np.arange(rivals.shape[1]) < counts[:, None],
        np.array([*negated, False], dtype=np.float32),
    )


class Plan(NamedTuple):
    """Which texts count how for one expectation or misconception, and their means."""

    own: Integers
    formal: Integers
    counter: Integers
    others: Integers
    against: Integers
    centre: Array  # [384] unit mean of own
    rivals: Array  # [owners, 384] unit means of the others
    lens_centre: Array  # [k]
    lens_rivals: Array  # [owners, k]


def plan_of(shelf: Shelf, owner: str, wrong: bool = False, hidden: frozenset[int] = frozenset()) -> Optional[Plan]:
    """The plan of one expectation (or, if `wrong`, misconception) without hidden texts; None if nothing is left."""

    def rows(owner: str, *kinds: str) -> Integers:
        return np.array([i for i in shelf.rows(owner, *kinds) if i not in hidden], dtype=np.int64)

    own = rows(owner, "wrong" if wrong else "phrasing")
    formal = rows(owner, "wrong-statement" if wrong else "statement")
    counter = rows("", "phrasing", "statement") if wrong else rows(owner, "counter")
    siblings = rows("", *(("wrong", "wrong-statement") if wrong else ("phrasing", "statement")))
    others = np.array([i for i in siblings if shelf.entries[i].owner != owner], dtype=np.int64)
    against = rows("", "counter") if wrong else rows("", "wrong", "wrong-statement")
    own = own if len(own) else formal
    if not len(own):
        return None
    grouped: dict[str, list[int]] = {}
    for text in others:
        grouped.setdefault(shelf.entries[text].owner, []).append(int(text))
    groups = list(grouped.values())
    return Plan(
        own,
        formal,
        counter,
        others,
        against,
        unit(shelf.vectors[own].mean(axis=0)[None, :])[0],
        unit(np.stack([shelf.vectors[g].mean(axis=0) for g in groups]))
        if groups
        else np.zeros((0, DIMENSIONS), dtype=np.float32),
        unit(shelf.through[own].mean(axis=0)[None, :])[0],
        unit(np.stack([shelf.through[g].mean(axis=0) for g in groups]))
        if groups
        else np.zeros((0, shelf.through.shape[1]), dtype=np.float32),
    )
