"""Words, pairs of words and groups of letters of a text, counted: the sparse features of the intent classifier.

The same features as two of Rasa's CountVectorsFeaturizers (word 1–2, char_wb 2–4), in a hundredth of their time: those
build scipy matrices for every token of a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

LETTERS = range(2, 5)  # misspelt words share most of their letter groups with the right ones
FEWEST = 2  # texts a letter group must stand in to be kept
_number = re.compile(r"\b[0-9]+\b")
_word = re.compile(r"\w+")
_pairs_apart = "\x00"  # before word features, so that the word "he" and the letters "he" differ


def joined(tokens: Iterable[str]) -> str:
    """The tokens as one text: lower case, numbers made alike."""
    return " ".join(_number.sub("__NUMBER__", token).lower() for token in tokens)


def grams(text: str) -> Counter[str]:
    """How often each word, pair of words and group of letters stands in a text made by `joined`."""
    words = _word.findall(text)
    found = Counter(_pairs_apart + word for word in words)
    found.update(f"{_pairs_apart}{first} {second}" for first, second in zip(words, words[1:]))
    found.update(_letters(text))
    return found


def _letters(text: str) -> Iterator[str]:
    for word in text.split():
        padded = f" {word} "
        for size in LETTERS:
            if size >= len(padded):
                yield padded
                break
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]


def vocabulary(texts: Iterable[str]) -> list[str]:
    """The features worth keeping, in alphabetical order: every word and pair, letter groups that stand in two texts."""
    seen = Counter(gram for text in texts for gram in grams(text))
    return sorted(gram for gram, times in seen.items() if times >= FEWEST or gram.startswith(_pairs_apart))


def places(text: str, known: Mapping[str, int]) -> tuple[Sequence[int], Sequence[int]]:
    """The places of the text's known features, in order, and how often each stands there."""
    found = sorted((known[gram], times) for gram, times in grams(text).items() if gram in known)
    return [place for place, _ in found], [times for _, times in found]
