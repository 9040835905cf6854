"""How far two people – or a person and the program – agree, beyond chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Optional

import msgspec

FEWEST = 10  # pairs below which a figure says nothing


class Agreement(msgspec.Struct, frozen=True):
    """Cohen's kappa with its 95 % interval, and the plain share of agreement; None where there are too few pairs.

    Kappa is None too where everything is one outcome: chance alone would agree as well. Cohen (1960), large-sample
    standard error.
    """

    n: int
    share: Optional[float]
    kappa: Optional[float]
    low: Optional[float]
    high: Optional[float]


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Of (one's outcome, the other's outcome) pairs."""
    n = len(pairs)
    if n < FEWEST:
        return Agreement(n, None, None, None, None)
    observed = sum(a == b for a, b in pairs) / n
    outcomes = {x for pair in pairs for x in pair}
    chance = sum((sum(a == x for a, _ in pairs) / n) * (sum(b == x for _, b in pairs) / n) for x in outcomes)
    if chance >= 1:
        return Agreement(n, observed, None, None, None)
    kappa = (observed - chance) / (1 - chance)
    error = 1.96 * math.sqrt(observed * (1 - observed) / n) / (1 - chance)
    return Agreement(n, observed, kappa, max(-1.0, kappa - error), min(1.0, kappa + error))
