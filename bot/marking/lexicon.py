"""Word lists that marking needs: spellings, negators, opposites. The words are data in `data/lexicon.json`."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.errors import ModelError

PATH = Path(__file__).parent / "data" / "lexicon.json"


class Lexicon:
    """The lists of one lexicon file, made ready for look-up."""

    def __init__(self, path: Path = PATH) -> None:
        try:
            content = path.read_bytes()
            raw: dict[str, Any] = json.loads(content)
            self.sha256 = hashlib.sha256(content).hexdigest()
            self.spellings: dict[str, str] = dict(raw["spellings"])
            self.confused: dict[str, str] = dict(raw["confused"])
            self.negators = frozenset(raw["negators"])
            self.unimportant = frozenset(raw["unimportant"])
            self.splitters = frozenset(raw["splitters"])
            self.roles = tuple(frozenset(side) for side in raw["roles"])
            self._sides: dict[str, set[tuple[int, int]]] = {}
            for number, (one, other) in enumerate(raw["opposites"]):
                for side, words in ((0, one), (1, other)):
                    for word in words:
                        self._sides.setdefault(word, set()).add((number, side))
            self._opposites = {word: set(self._opposed(word)) for word in self._sides}
            for one, other in raw["antonyms"]:
                self._opposites.setdefault(one, set()).add(other)
                self._opposites.setdefault(other, set()).add(one)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path}: the word lists are missing or damaged ({error}). Fetch the file again."
            ) from error

    def polar(self, word: str) -> bool:
        """Whether the word stands on one side of a pair of opposites."""
        return word in self._sides

    def pointed(self, word: str) -> bool:
        """Whether the word has an opposite in any of the lists."""
        return word in self._opposites

    def opposite(self, one: str, other: str) -> bool:
        """Whether the two words stand on the two sides of a pair, and nowhere on the same side."""
        return other in self._opposites.get(one, ())

    def _opposed(self, one: str) -> frozenset[str]:
        across = {(number, 1 - side) for number, side in self._sides[one]}
        return frozenset(
            other for other, sides in self._sides.items() if sides & across and not sides & self._sides[one]
        )


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lexicon in the repository, loaded once a process."""
    return Lexicon()
