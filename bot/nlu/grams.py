"""What the classifiers see of a message: hashed n-grams of its plain form, and signs of its wording."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from bot.nlu.normal import Said
from bot.nlu.wording import guesses, names_the_exercise, own_answer, requests, speaks, wording

WIDTH = 1 << 17  # places of the hashed n-grams; about 50,000 are in use
LONGEST_WORDS, SHORTEST_LETTERS, LONGEST_LETTERS = 3, 2, 4
MOST_WORDS = 60  # of a longer message only the beginning is looked at: it is an answer


def grams(plain: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Places and values of a message: word and letter n-grams, each kind damped and scaled to length 1."""
    words = plain.split()[:MOST_WORDS]
    return _vector([_scaled(Counter(_of_words(words))), _scaled(Counter(chain.from_iterable(map(_of_letters, words))))])


def signs(said: Said) -> npt.NDArray[np.float32]:
    """How a message speaks: of work or not, as a request or not, to somebody, how long."""
    plain = said.whole.plain
    counts, asks = wording(plain, ""), requests(said)
    return np.array(
        [
            min(counts.work, 3) / 3, counts.work == 0, counts.would, asks, asks and counts.work == 0, speaks(said),
            said.question, names_the_exercise(plain), names_the_exercise(plain, at_once=False),
            np.log1p(min(said.words, MOST_WORDS)) / 2, said.words > 8, said.words > 14, said.words <= 2,
            guesses(plain), own_answer(plain),
        ],
        dtype=np.float32,
    )  # fmt: skip


def _of_words(words: list[str]) -> Iterator[str]:
    framed = ["^", *words, "$"]
    for size in range(1, LONGEST_WORDS + 1):
        for start in range(len(framed) - size + 1):
            yield "w" + " ".join(framed[start : start + size])


@lru_cache(maxsize=20_000)  # people use the same few thousand words over and over
def _of_letters(word: str) -> tuple[str, ...]:
    framed = f" {word[:30]} "
    return tuple(
        "l" + framed[start : start + size]
        for size in range(SHORTEST_LETTERS, LONGEST_LETTERS + 1)
        for start in range(max(len(framed) - size + 1, 1))
    )


@lru_cache(maxsize=100_000)
def _place(gram: str) -> int:
    return zlib.crc32(gram.encode()) % WIDTH


def _scaled(counts: Counter[str]) -> dict[int, float]:
    length = sum(counts.values()) ** 0.5
    found: dict[int, float] = {}
    for gram, count in counts.items():
        place = _place(gram)
        found[place] = found.get(place, 0.0) + count**0.5 / length
    return found


def _vector(kinds: list[dict[int, float]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    together: dict[int, float] = {}
    for kind in kinds:
        for place, value in kind.items():
            together[place] = together.get(place, 0.0) + value
    places = np.fromiter(sorted(together), dtype=np.int64, count=len(together))
    return places, np.array([together[int(place)] for place in places], dtype=np.float32)
