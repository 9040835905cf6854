"""Half a million known words in little room: one sorted array of bytes, made once by tools/word_list.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.errors import ModelError

PATH = Path(__file__).parent / "data" / "words.npz"
LONGEST = 24  # letters; a longer word is kept beside the array
SHELVES = [(first, length) for first in "abcdefghijklmnopqrstuvwxyz" for length in range(3, LONGEST + 1)]
_BITS = np.array([bin(number).count("1") for number in range(1 << 16)], dtype=np.uint8)


class Words:
    """Lower-case words; those of 3 to 24 ASCII letters can be asked for by their first letter, length and letters.

    Raises:
        ModelError: the file is missing or damaged.
    """

    def __init__(self, path: Path = PATH) -> None:
        try:
            content = path.read_bytes()
            self.sha256 = hashlib.sha256(content).hexdigest()
            with np.load(BytesIO(content), allow_pickle=False) as data:
                self._sorted: npt.NDArray[np.bytes_] = data["words"]
                self._letters: npt.NDArray[np.uint32] = data["letters"]
                ends = np.cumsum(data["counts"]).tolist()
                self._others = frozenset(json.loads(data["others"].tobytes()))
        except Exception as error:  # a damaged zip, array or JSON raises many unrelated classes
            raise ModelError(f"{path}: the word list is missing or damaged ({error}). Fetch it again.") from error
        self._shelves = dict(zip(SHELVES, zip([0, *ends], ends)))

    def __contains__(self, word: str) -> bool:
        begin, end = self._shelves.get((word[:1], len(word)), (0, 0))
        if begin == end or not word.isascii():
            return word in self._others
        place = begin + int(np.searchsorted(self._sorted[begin:end], word.encode()))
        return place < end and bool(self._sorted[place] == word.encode()) or word in self._others

    def near(self, word: str, first: str, length: int, edits: int) -> Sequence[str]:
        """The words of that first letter and length that so many edits of `word` can reach, in alphabetic order.

        Each edit takes one letter away and puts one in at most, so others need not be compared.
        """
        begin, end = self._shelves.get((first, length), (0, 0))
        other = self._letters[begin:end] ^ np.uint32(_letters(word))
        away = _BITS[other & 0xFFFF] + _BITS[other >> 16]
        return [found.decode() for found in self._sorted[begin:end][away <= 2 * edits]]


def packed(words: Iterable[str]) -> bytes:
    """The file of some words, the same for the same words."""
    every = set(words)
    plain = {w for w in every if 2 < len(w) <= LONGEST and w.isascii() and w.isalpha() and w.islower()}
    shelves: dict[tuple[str, int], list[str]] = {shelf: [] for shelf in SHELVES}
    for word in sorted(plain):
        shelves[word[0], len(word)].append(word)
    ordered = [word for words in shelves.values() for word in words]
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        words=np.array(ordered, dtype=f"S{LONGEST}"),
        letters=np.array([_letters(word) for word in ordered], dtype=np.uint32),
        counts=np.array([len(words) for words in shelves.values()], dtype=np.int64),
        others=np.frombuffer(json.dumps(sorted(every - plain)).encode(), dtype=np.uint8),
    )
    return buffer.getvalue()


def _letters(word: str) -> int:
    """Which letters a word has, a bit each."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) - ord("a"))
    return bits
