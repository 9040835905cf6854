"""Answers in a reference's own words, right ones and wrong ones alike, so that those words alone are no evidence.

The same changes are made to the reference and to the reference turned round.
"""

from __future__ import annotations

import random
import re
from typing import Any

from fit_samples import FILLERS, JOINERS, misspell
from fit_turns import denied, negated, opposed, swapped

from bot.marking.lexicon import Lexicon

_CUTS = re.compile(r"(?:, (?:so|such as|because|and|which|who|not)|;| so that| because| - ) ")
_DROPPED = frozenset(
    ("the", "a", "an", "such", "very", "always", "also", "just", "their", "your", "its", "this", "that")
)
_OTHER_PEOPLE = (("you", "i"), ("your", "my"), ("yourself", "myself"), ("customer", "client"), ("them", "people"))


def echoes(text: str, count: int, dice: random.Random) -> list[str]:
    """The text said in nearly its own words, in up to `count` ways."""
    return [way(text, dice) for way in dice.sample(_CHANGES, count)]


def turned_ways(text: str, count: int, nlp: Any, lexicon: Lexicon, dice: random.Random) -> list[str]:
    """The text turned round in up to `count` different ways, those first that can seldom be done."""
    found = [other for way in (opposed, swapped) if (other := way(text, nlp, lexicon, dice)) and other != text]
    common = [other for way in (negated, denied) if (other := way(text, nlp, lexicon, dice)) and other != text]
    dice.shuffle(common)
    return list(dict.fromkeys(found + common))[:count]


def begun(text: str, ending: str, dice: random.Random) -> str:
    """The first clause of a text, then another text."""
    return f"{cut(text, dice)}{dice.choice(JOINERS)}{ending}"


def cut(text: str, dice: random.Random) -> str:
    """The text up to its first reason or example, where it has one; without a full stop."""
    first = _CUTS.split(text, maxsplit=1)[0]
    return (first if len(first.split()) >= 4 else text).rstrip(". ")


def _plain(text: str, dice: random.Random) -> str:
    return text if dice.random() < 0.5 else text.lower().rstrip(".")


def _slips(text: str, dice: random.Random) -> str:
    return misspell(text.lower().rstrip("."), dice)


def _filled(text: str, dice: random.Random) -> str:
    return dice.choice(FILLERS).format(text[:1].lower() + text[1:].rstrip("."))


def _switched(text: str, dice: random.Random) -> str:
    """The clause behind the first break in front of the other."""
    found = _CUTS.search(text)
    if found is None or len(text[found.end() :].split()) < 4:
        return _plain(text, dice)
    return f"{text[found.start() :].lstrip(',; -').rstrip('. ')}, {text[: found.start()].lower()}"


def _telegram(text: str, dice: random.Random) -> str:
    words = text.lower().rstrip(".").split()
    return " ".join(word for word in words if word not in _DROPPED)


def _personal(text: str, dice: random.Random) -> str:
    low = text[:1].lower() + text[1:].rstrip(".")
    for one, other in _OTHER_PEOPLE:
        low = re.sub(rf"\b{one}\b", other, low)
    return low


_CHANGES = (_plain, _slips, _filled, _switched, _telegram, _personal, cut)
