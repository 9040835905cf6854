"""Word lists that marking needs: spellings, negators, opposites. The words are data in `data/lexicon.json`."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.errors import ModelError

_PREFIXED = re.compile(r"(?:un|dis|mis|non-?|in(?!side|come|put)|im(?!prove|press|port)|ir|il)([a-z]{4,})")
MOST_KEPT = 20_000
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
            self.deniers = frozenset(raw["deniers"])
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
            self._found: dict[str, frozenset[str]] = {}
            self._against = {word: frozenset(others) - self.deniers for word, others in self._opposites.items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path}: the word lists are missing or damaged ({error}). Fetch the file again."
            ) from error

    def polar(self, word: str) -> bool:
        """Whether the word stands on one side of a pair of opposites."""
        return word in self._sides

    def opposites(self, word: str) -> frozenset[str]:
        """Words that stand against this one (those that are built from it by an "un-" not among them)."""
        if (known := self._found.get(word)) is None:
            if len(self._found) > MOST_KEPT:
                self._found.clear()
            bare = _bare(word)
            built = frozenset((bare,)) if bare != word else frozenset()
            listed = self._against.get(word, frozenset()) | built
            known = self._found[word] = frozenset() if word in self.deniers else listed
        return known

    def _opposed(self, one: str) -> frozenset[str]:
        across = {(number, 1 - side) for number, side in self._sides[one]}
        return frozenset(
            other for other, sides in self._sides.items() if sides & across and not sides & self._sides[one]
        )


def _bare(word: str) -> str:
    """The word without an "un-" or the like, the same word where it has none."""
    found = _PREFIXED.fullmatch(word)
    return found.group(1) if found else word


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lexicon in the repository, loaded once a process."""
    return Lexicon()
