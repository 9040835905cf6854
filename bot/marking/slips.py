"""How likely a slip is: what it costs to write one word when another is meant."""

from __future__ import annotations

VOWELS = frozenset("aeiouy")
SOUNDS = tuple(
    frozenset(pair) for pair in ("sc", "sz", "cz", "ck", "kq", "cq", "gj", "yi", "ei", "ea", "oa", "ou", "au")
)
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = frozenset(frozenset(row[i : i + 2]) for row in KEYS for i in range(len(row) - 1))
FIRST = 0.6  # more for another first letter
CHEAPEST = 0.4  # what one edit costs at least


def cost(meant: str, written: str) -> float:
    """The cheapest way from `meant` to `written`: about 0.5 for a doubled letter, 1 for any other, swaps between."""
    width = len(written)
    before: list[float] = []
    row = [float(i) for i in range(width + 1)]
    for i, wanted in enumerate(meant, 1):
        earlier, before, row = before, row, [row[0] + _left_out(meant, i - 1)]
        for j, typed in enumerate(written, 1):
            best = min(before[j - 1] + _instead(wanted, typed), before[j] + _left_out(meant, i - 1))
            best = min(best, row[j - 1] + _put_in(meant, i, typed))
            if i > 1 and j > 1 and wanted == written[j - 2] and meant[i - 2] == typed and wanted != typed:
                best = min(best, earlier[j - 2] + 0.7)
            row.append(best)
    return row[width] + (FIRST if meant[0] != written[0] else 0.0)


def _instead(wanted: str, typed: str) -> float:
    if wanted == typed:
        return 0.0
    pair = frozenset((wanted, typed))
    return 0.7 if pair in SOUNDS else 0.85 if pair in BESIDE else 1.0


def _left_out(meant: str, place: int) -> float:
    """A letter left out: one of a double costs least, then a vowel."""
    letter = meant[place]
    double = place > 0 and meant[place - 1] == letter or meant[place + 1 : place + 2] == letter
    return CHEAPEST if double else 0.65 if letter in VOWELS else 0.75


def _put_in(meant: str, place: int, typed: str) -> float:
    """A letter too many: one that stands beside it already costs least."""
    return 0.5 if typed in meant[max(0, place - 1) : place + 1] else 1.0
