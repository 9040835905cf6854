"""Spelling tolerance: the learner's words are read as the words they stand for, with the way back to the original."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.marking.lexicon import Lexicon

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
REPEATED = re.compile(r"(.)\1{2,}")
MAX_LENGTH = 24  # a longer "word" is a paste or a key held down


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
    """Corrects words against a list of known words in order of frequency, and first against a question's vocabulary."""

    def __init__(self, frequent: list[str], known: frozenset[str], lexicon: Lexicon) -> None:
        self._frequent = [word for word in frequent if len(word) > 2]
        self._rank = {word: place for place, word in enumerate(self._frequent)}
        self._known = known | frozenset(frequent)
        self._lexicon = lexicon
        self._general = lru_cache(maxsize=20_000)(self._nearest_general)

    def known(self, word: str) -> bool:
        """Whether the lower-case word needs no correction."""
        return word in self._known or (word.endswith("s") and word[:-1] in self._known)

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
        if low in vocabulary:
            return low if low != word.lower() else word
        if (meant := self._lexicon.spellings.get(low)) is not None:
            return meant
        if (meant := self._lexicon.confused.get(low)) is not None and meant in vocabulary:
            return meant
        if not low.isascii() or not low.replace("'", "").isalpha() or not 3 <= len(low) <= MAX_LENGTH or "'" in low:
            return word
        common = low in self._rank
        if common or (len(low) < 6 and self.known(low)):
            return word
        if near := _nearest(low, _ordered(vocabulary), 1 if self.known(low) else _reach(low)):
            return near
        if self.known(low):
            return word
        squeezed = REPEATED.sub(r"\1", low)
        if squeezed != low and (self.known(squeezed) or squeezed in vocabulary):
            return squeezed
        if word[0].isupper() and not word.isupper():
            return word  # more likely a name than a slip
        return self._general(low) or word

    def _nearest_general(self, word: str) -> str:
        reach = min(_reach(word), 2)
        found = process.extract(word, self._frequent, scorer=OSA.distance, score_cutoff=reach, limit=25)
        if not found:
            return ""
        best = min(found, key=lambda hit: (hit[1] + 0.6 * (hit[0][0] != word[0]), self._rank[hit[0]]))
        return str(best[0])


@lru_cache(maxsize=512)
def _ordered(vocabulary: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(vocabulary))


@lru_cache(maxsize=20_000)
def _nearest(word: str, vocabulary: tuple[str, ...], reach: int) -> str:
    """The nearest word of the vocabulary within `reach` edits that begins alike, or ""."""
    if reach < 1 or not vocabulary:
        return ""
    found = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=reach, limit=10)
    ranked = sorted((distance + 0.6 * (near[0] != word[0]), near) for near, distance, _ in found if len(near) > 3)
    return ranked[0][1] if ranked and ranked[0][0] <= reach + 0.5 else ""


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
