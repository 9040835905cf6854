"""A typed message in a plain form: lower case, texting words spelt out, command words mended, politeness taken off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container
from functools import lru_cache
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from bot.marking.encoder import default_encoder
from bot.nlu.words import one_of, table, words

SPELT_OUT: dict[str, str] = table("spelt_out")
SIGNS: dict[str, str] = table("signs")
MENDED = words("mended")
DRAWN_OUT = frozenset(words("drawn_out"))
_opener = re.compile(rf"^{one_of(words('openers'))} (?=\S)")
_request = re.compile(rf"^{one_of(words('requests'))} (?=\S)")
_wish = re.compile(rf"^{one_of(words('wishes'))} (?=\S)")
_closer = re.compile(rf"(?<=\S) {one_of(words('closers'))}$")
_cut = re.compile(r"(?<!\d)[.](?!\d)|(?<=\d)[.](?=\s|$)|[!?;,:\n…()]+|\s[-–—]+\s")
_word = re.compile(r"[a-z0-9]+(?:\.[0-9]+)*|%")
Mender = Callable[[str], str]


class Form(NamedTuple):
    """A clause with some politeness taken off: `bare` of any wrapping, `asked` of the coach, `wished` for oneself."""

    words: str
    kind: Literal["bare", "asked", "wished"]


class Clause(NamedTuple):
    """One clause: its plain words, and its forms from the whole to the barest core."""

    plain: str
    forms: tuple[Form, ...]

    @property
    def core(self) -> str:
        """The words with all politeness off."""
        return self.forms[-1].words


class Said(NamedTuple):
    """A message: the whole of it, its clauses at punctuation, its number of words, whether it ends as a question."""

    whole: Clause
    clauses: tuple[Clause, ...]
    words: int
    question: bool


@lru_cache(maxsize=64)  # two components read the same message
def read(text: str, mend: Mender) -> Said:
    """The plain form of one message; a leading slash is no part of it."""
    raw = unicodedata.normalize("NFKC", text).strip().lstrip("/").lower()
    for sign, word in SIGNS.items():
        raw = raw.replace(sign, word)
    raw = re.sub(r"['’‘`´]", "", raw.replace("&", " and "))
    raw = re.sub(r"\b(need|want|like|have|got|talk|speak|how|going|nice) 2\b", r"\1 to", raw)
    parts = [part for part in (plain(piece, mend) for piece in _cut.split(raw)) if part]
    whole = " ".join(parts)
    question = raw.rstrip(" \t\n.!").endswith("?")
    return Said(clause(whole), tuple(clause(part) for part in parts), len(whole.split()), question)


def plain(piece: str, mend: Mender) -> str:
    """Words of one piece, mended and spelt out."""
    typed = [_shorter(word, mend) for word in _word.findall(re.sub(r"[-_]", " ", piece))]
    if len(typed) > 1 and typed[0] == "y":
        typed[0] = "why"
    spelt = [SPELT_OUT.get(word) or SPELT_OUT.get(mend(word)) or mend(word) for word in typed]
    return " ".join(spelt)


def _shorter(word: str, mend: Mender) -> str:
    """Letters drawn out are cut: "pleeease" and "byeee" to what is a known word, else to two."""
    if (two := re.sub(r"([a-z])\1{2,}", r"\1\1", word)) == word:
        return word
    one = re.sub(r"([a-z])\1{2,}", r"\1", word)
    return one if one in SPELT_OUT or one in DRAWN_OUT or mend(one) in MENDED else two


def clause(words: str) -> Clause:
    """Take politeness off both ends until nothing more comes off; never take off everything."""
    polite = words.endswith(" please") or words.startswith("please ")
    forms = [Form(words, "asked" if polite else "bare")]
    while True:
        core, kind = forms[-1]
        shorter = _closer.sub("", core)
        if shorter == core:
            shorter = _opener.sub("", core)
        if shorter == core:
            shorter = _request.sub("", core)
            kind = kind if shorter == core else "asked"
        if shorter == core:
            shorter = _wish.sub("", core)
            kind = kind if shorter == core or kind == "asked" else "wished"
        if shorter == core:
            return Clause(words, tuple(forms))
        forms.append(Form(shorter, kind))


def mender(real_words: Container[str]) -> Mender:
    """Mends slips of command words (one letter off in short words, two in long ones) that are no real words."""

    @lru_cache(maxsize=4_096)
    def mend(word: str) -> str:
        if len(word) < 3 or not word.isalpha() or word in SPELT_OUT or word in MENDED or word in real_words:
            return word
        limit = 1 if len(word) < 6 else 2
        near = [(OSA.distance(word, known, score_cutoff=limit), known) for known in MENDED if known[0] == word[0]]
        distance, best = min(near, default=(limit + 1, word))
        return best if distance <= limit else word

    return mend


@lru_cache(maxsize=1)
def default_mender() -> Mender:
    """The mender that knows the words of the sentence encoder's list, one a process."""
    return mender(frozenset(default_encoder().vocabulary()))
