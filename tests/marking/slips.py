"""Slips that people make, for the tests alone: one or two in an answer, the same ones every time."""

from __future__ import annotations

import random
import re

_SOUNDS = (
    ("ie", "ei"), ("ei", "ie"), ("ph", "f"), ("tion", "sion"), ("ible", "able"), ("able", "ible"), ("ent", "ant"),
    ("ant", "ent"), ("ence", "ance"), ("ally", "aly"), ("ss", "s"), ("ll", "l"), ("mm", "m"), ("cc", "c"), ("tt", "t"),
    ("pp", "p"), ("ff", "f"), ("rr", "r"), ("wh", "w"), ("ck", "k"), ("ea", "ee"), ("ee", "ea"), ("ai", "ay"),
    ("er", "or"), ("or", "er"), ("ious", "ous"), ("se", "ce"), ("ce", "se"), ("ci", "si"), ("ed", "d"), ("ful", "full"),
)  # fmt: skip
_BESIDE = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wqwrtyuioosadfghjkkxzxcvbn"))


def slipped(text: str, seed: str) -> str:
    """The text with one slip, or two in a text of more than eight words: in words of five letters or more."""
    dice = random.Random(seed)
    parts = re.findall(r"\w+(?:['’]\w+)*|\W+", text)
    places = [
        i
        for i, part in enumerate(parts)
        if "'" in part or "’" in part or len(part) > 4 and part.isalpha() and part.isascii()
    ]
    words = sum(part[0].isalnum() for part in parts if part)
    for place in dice.sample(places, min(len(places), 1 if words <= 8 else 2)):
        parts[place] = _slip(parts[place], dice)
    return "".join(parts)


def _slips(part: str) -> bool:
    return "'" in part or "’" in part or len(part) > 4 and part.isalpha() and part.isascii()


def _slip(word: str, dice: random.Random) -> str:
    if "'" in word or "’" in word:
        return re.sub("['’]", "", word)
    for _ in range(20):
        way = dice.choice(("drop", "double", "swap", "key", "sound", "sound"))
        place = dice.randrange(1, len(word) - 1)
        if way == "drop":
            other = word[:place] + word[place + 1 :]
        elif way == "double":
            other = word[:place] + word[place] + word[place:]
        elif way == "swap":
            other = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        elif way == "key":
            other = word[:place] + _BESIDE.get(word[place], word[place]) + word[place + 1 :]
        else:
            here = [(a, b) for a, b in _SOUNDS if a in word[1:]]
            if not here:
                continue
            a, b = dice.choice(here)
            other = word[0] + word[1:].replace(a, b, 1)
        if other != word:
            return other
    return word
