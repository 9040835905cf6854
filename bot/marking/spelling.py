"""Spelling tolerance: the learner's words are read as the words they stand for, with the way back to the original."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.marking.lexicon import Lexicon
from bot.marking.slips import CHEAPEST, FIRST, VOWELS, cost
from bot.marking.words import Words

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
REPEATED = re.compile(r"(.)\1{2,}")
MAX_LENGTH = 24  # a longer "word" is a paste or a key held down
COMMON = 8_000  # a word among so many most frequent ones is never a slip
NOT_FREQUENT = 1_000_000
SURE = 1.0  # dearest slip by which a known but rare word, or what may be a name, is read as another
OWN = 0.2  # how much less a word of the question costs
ALSO = {"n": "k", "r": "w", "f": "p", "k": "cq", "s": "cp", "c": "ks", "j": "g", "g": "j", "e": "i", "i": "e", "u": "o"}


class Reading(NamedTuple):
    """A text as it is read, and for each of its characters the place [start, end) in the learner's text."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The place in the learner's text of the characters [start, end) of the reading."""
        if start >= end or not self.starts:
            return (0, 0)
        return self.starts[start], self.ends[min(end, len(self.ends)) - 1]


class Speller:
    """Corrects words against a list of known words in order of frequency, and a question's vocabulary before it."""

    def __init__(self, frequent: list[str], known: Words, lexicon: Lexicon) -> None:
        self._rank = {word: place for place, word in enumerate(word for word in frequent if len(word) > 2)}
        self._rank.update((word, COMMON // 8) for word in short_forms(lexicon))
        self.words = known
        self._lexicon = lexicon
        self._general = lru_cache(maxsize=20_000)(self._nearest_general)

    def known(self, word: str) -> bool:
        """Whether the lower-case word needs no correction."""
        return word in self.words or len(word) > 4 and word.endswith("s") and word[:-1] in self.words

    def read(self, text: str, vocabulary: frozenset[str] = frozenset()) -> Reading:
        """The text with spellings corrected; control characters become spaces; nothing is lost from the way back."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []

        def put(piece: str, start: int, end: int) -> None:
            for offset, character in enumerate(piece):
                parts.append(character)
                if len(piece) == end - start:
                    starts.append(start + offset)
                    ends.append(start + offset + 1)
                else:
                    starts.append(start)
                    ends.append(end)

        place = 0
        for found in WORD.finditer(text):
            for index in range(place, found.start()):
                put(_plain(text[index]), index, index + 1)
            put(self.word(found.group(), vocabulary), found.start(), found.end())
            place = found.end()
        for index in range(place, len(text)):
            put(_plain(text[index]), index, index + 1)
        return Reading("".join(parts), tuple(starts), tuple(ends))

    def word(self, word: str, vocabulary: frozenset[str] = frozenset()) -> str:
        """The word meant; the same word where it is known, a name, a number or beyond guessing."""
        low = unicodedata.normalize("NFKC", word).lower().replace("’", "'")
        meant = self._lexicon.spellings.get(low)
        if meant is not None and ("'" in meant or low not in vocabulary):
            return meant
        if low in vocabulary:
            return low if low != word.lower() else word
        if (meant := self._lexicon.confused.get(low)) is not None and meant in vocabulary:
            return meant
        if not low.isascii() or not low.replace("'", "").isalpha() or not 3 <= len(low) <= MAX_LENGTH or "'" in low:
            return word
        rank = self._rank.get(low, NOT_FREQUENT)
        if rank < COMMON or len(low) < 4 and self.known(low):
            return word
        for other in self._let_go(low):
            if other in vocabulary or other in self._rank:
                return other
        near, dear = _nearest(low, _ordered(vocabulary), _reach(low))
        if rank == NOT_FREQUENT:
            general, price = self._general(low)
            if general and (not near or price < dear - OWN):
                near, dear = general, price
        doubtful = self.known(low) or word[0].isupper() and not word.isupper()
        return self._lexicon.spellings.get(near, near) if near and (not doubtful or dear <= SURE) else word

    @staticmethod
    def _let_go(word: str) -> list[str]:
        """The word with letters held down let go: two of them, and one."""
        return [each for each in (REPEATED.sub(r"\1\1", word), REPEATED.sub(r"\1", word)) if each != word]

    def _nearest_general(self, word: str) -> tuple[str, float]:
        """The English word that is cheapest to slip from, and its price; a known word only to a frequent one."""
        reach, sound = min(_reach(word), 2), self.known(word)
        firsts = word[0] + ALSO.get(word[0], "") + word[1]
        near: list[tuple[float, str]] = []  # the least that each can cost
        for first in dict.fromkeys(firsts):
            other_first = FIRST if first != word[0] else 0.0
            for length in range(len(word) - reach, len(word) + reach + 1):
                likely = self.words.near(word, first, length, reach)
                hits = process.extract(word, likely, scorer=OSA.distance, score_cutoff=reach, limit=40)
                near += [
                    (CHEAPEST * edits + other_first + self._rareness(other), other)
                    for other, edits, _ in hits
                    if other != word and not (sound and self._rank.get(other, NOT_FREQUENT) >= COMMON // 2)
                ]
        price, best = 0.0, ""
        for least, other in sorted(near):
            if best and least > price:
                break
            found = cost(other, word) + self._rareness(other)
            if not best or (found, other) < (price, best):
                price, best = found, other
        letters = not VOWELS.isdisjoint(word) and len(word) > 3  # else it may be short for something
        return (best, price) if letters or price < SURE - 0.2 else ("", 0.0)

    def _rareness(self, word: str) -> float:
        """What a word costs for being rare: 0 for the most frequent, 0.5 for the least, 0.9 where none is known."""
        rank = self._rank.get(word)
        return 0.9 if rank is None else min(0.5, rank / 30_000)


def short_forms(lexicon: Lexicon) -> list[str]:
    """What is written without its apostrophe: "dont"."""
    return [word for word, meant in lexicon.spellings.items() if "'" in meant]


@lru_cache(maxsize=512)
def _ordered(vocabulary: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(word for word in vocabulary if len(word) > 3))


@lru_cache(maxsize=20_000)
def _nearest(word: str, vocabulary: tuple[str, ...], reach: int) -> tuple[str, float]:
    """The word of the vocabulary that is cheapest to slip from, and its price; "" where none is within reach."""
    if reach < 1 or not vocabulary:
        return "", 0.0
    found = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=reach, limit=10)
    price, best = min(((cost(near, word), near) for near, _, _ in found), default=(0.0, ""))
    return (best, price) if best and price <= reach + 0.5 else ("", 0.0)


def _reach(word: str) -> int:
    """How many edits a word of this length may be away: 1 from three letters, 2 from six, 3 from ten."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2 if len(word) < 10 else 3


def _plain(character: str) -> str:
    """The character, or a space for control characters and lone surrogates; curly quotes become straight."""
    if character in "\n\r":
        return "\n"
    if character in "’‘":
        return "'"
    if unicodedata.category(character) in ("Cc", "Cs", "Cf", "Co", "Cn"):
        return " "
    return character
