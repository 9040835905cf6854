"""What a good question is, as far as a program can see: for `rapport check` and for an assessor's own wording.

Each finding is a code with the words it is about. Reading age is the Flesch–Kincaid grade plus five years (Kincaid et
al. 1975); syllables are pyphen's, for British English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import combinations
from typing import Literal, Optional

import msgspec
import pyphen
from rapidfuzz import fuzz

from bot.syllabus.model import Expectation, Question

Code = Literal[
    "too_long",
    "hard_to_read",
    "closed",
    "leading",
    "double_barrelled",
    "contains_answer",
    "points_overlap",
    "near_copy",
    "hint_gives_away",
]

LONGEST_QUESTION = 35  # words
LONGEST_SAID = 30  # words of a hint, assertion or correction
LONGEST_STATEMENT = 25
LONGEST_LABEL = 8
# Years; a level 4 learner reads more than a level 1 learner, and a question is a short text, so measured roughly.
READING_AGE = {1: 13.0, 2: 14.0, 3: 15.0, 4: 16.0}
FEWEST = 3  # content words below which comparing says nothing
NEAR_COPY = 93.0  # of 100, words in any order
OVERLAP = 0.5  # content words that two points' statements share, of all in both
GIVEN = 0.75  # content words of a statement that stand in the question
GIVEN_BY_HINT = 0.7  # … or in a hint, beside those that the question holds already

_word = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?", re.IGNORECASE)
_sentence = re.compile(r"[.!?]+(?:\s|$)")
_closed = re.compile(
    r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|shall|may|might|must|has|have|had)(?:n['’]t)?\s",
    re.I,
)
_leading = re.compile(
    r"\b(?:do(?:n['’]t| not) you (?:think|agree)|would(?:n['’]t| not) you (?:agree|say)|surely|obviously|of course"
    r"|is(?:n['’]t| not) it|are(?:n['’]t| not) they|everyone knows|clearly)\b",
    re.I,
)
_asks = r"(?:what|why|how|who|whom|when|where|which)"
_double = re.compile(rf"\b{_asks}\b[^?]*?,?\s(?:and|or)\s(?:also\s)?{_asks}\b[^?]*\?", re.I)
# "what … and why": a reason asked for with the thing is one question where the verb asks for a reason.
_reason = re.compile(rf"\b{_asks}\b[^?]*?,?\sand\swhy\b[^?]*\?", re.I)
_quoted = re.compile(r"[“\"][^”\"]*[”\"]")  # somebody else's words inside the question
# Words that nearly every sentence of this field holds: sharing them says nothing.
_FIELD = """customer customers organisation organisations business service services product products work workplace
answer says names learner"""
_COMMON = """
about after all also an and any are as at be because been but by can could did do does for from get give had has have
he her his how if in into is it its just like made make may me more most much must my need no not of on one only or
other our out own people she should so some such than that the their them then there they thing things this to too up
us use very was way we were what when where which who why will with would you your"""
STOP = frozenset(f"{_COMMON} {_FIELD}".split())
# Every workplace has these: they say nothing of one's own.
_GENERAL = """
ask asks asking tell tells help helps boss head manager managers management supervisor supervisors leader senior team
staff colleague colleagues person people somebody someone anyone everybody everything anything something deal deals
offer offers need needs want wants give gives work works place places job limit limits rule rules without allowed cannot
cant dont doesnt beyond over under above below until unless first always never sell sells buy buys item items money
price prices good best better special extra change changes normal usual decide"""
GENERAL = STOP | frozenset(_GENERAL.split())


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at: what it is, where (a place inside the question), and the words."""

    code: Code
    place: str
    words: str


def wording(text: str, level: Optional[int] = None, points: Sequence[str] = (), reasons: bool = True) -> list[Finding]:
    """What is wrong with the words of an open question; `points` are statements it must not contain.

    `level` 1–4 sets the reading age, None takes the most generous. `reasons`: "… and why?" counts as one question.
    """
    found = []
    words = _word.findall(text)
    if len(words) > LONGEST_QUESTION:
        found.append(Finding("too_long", ".text", f"{len(words)} words, at most {LONGEST_QUESTION}"))
    age, limit = reading_age(text), READING_AGE.get(level or 4, READING_AGE[4])
    if age > limit:
        found.append(Finding("hard_to_read", ".text", f"reading age {age:.0f}, at most {limit:.0f}"))
    own = _quoted.sub("“…”", text)
    asked = [s for s in re.split(r"(?<=[.!?:])\s+", own.strip()) if s.endswith("?")]
    if asked and all(_closed.match(s) for s in asked):
        found.append(Finding("closed", ".text", asked[-1]))
    if match := _leading.search(own):
        found.append(Finding("leading", ".text", match.group()))
    if own.count("?") > 1 or (_double.search(own) and not (reasons and _reason.search(own))):
        found.append(Finding("double_barrelled", ".text", text))
    for i, point in enumerate(points):
        if share_given(point, text) >= GIVEN:
            found.append(Finding("contains_answer", f".expectations[{i}].statement", point))
    return found


def question(q: Question, level: Optional[int]) -> list[Finding]:
    """All that is wrong with one question of the bank."""
    text = q.text.replace("{organisation}", "your organisation")
    found = wording(text, level, [e.statement for e in q.expectations])
    if q.form == "choice":
        return [f for f in found if f.code != "closed"]
    found += _lengths(q)
    for (_, a), (j, b) in combinations(enumerate(q.expectations), 2):
        shared = overlap(a.statement, b.statement)
        if shared >= OVERLAP:
            found.append(Finding("points_overlap", f".expectations[{j}].statement", f"{a.id} and {b.id} say the same"))
        for k, phrasing in enumerate(b.phrasings):
            if any(_plain(phrasing) == _plain(other) for other in a.phrasings):
                found.append(
                    Finding("points_overlap", f".expectations[{j}].phrasings[{k}]", f"also in {a.id}: {phrasing}")
                )
    for i, e in enumerate(q.expectations):
        found += _point(e, f".expectations[{i}]", text)
    return found


def reading_age(text: str) -> float:
    """Years of age at which a text is read easily; 0 for one without words."""
    words = _word.findall(text)
    if not words:
        return 0.0
    sentences = max(1, len(_sentence.findall(text)))
    syllables = sum(_syllables(w.lower()) for w in words)
    return max(5.0, 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59 + 5)


def overlap(a: str, b: str) -> float:
    """Content words that two texts share, of all in both."""
    x, y = stems(a), stems(b)
    return len(x & y) / len(x | y) if min(len(x), len(y)) >= FEWEST else 0.0


def share_given(point: str, text: str, aside: str = "") -> float:
    """Which share of a point's content words stands in `text`; those in `aside` do not count."""
    wanted = stems(point) - stems(aside)
    return len(wanted & stems(text)) / len(wanted) if len(wanted) >= FEWEST else 0.0


def _lengths(q: Question) -> Iterator[Finding]:
    for i, e in enumerate(q.expectations):
        said = [(f".hints[{j}]", h, LONGEST_SAID) for j, h in enumerate(e.hints)]
        said += [(".assertion", e.assertion, LONGEST_SAID), (".statement", e.statement, LONGEST_STATEMENT)]
        said += [(".label", e.label, LONGEST_LABEL), (".prompt.text", e.prompt.text, LONGEST_SAID)]
        yield from _too_long(f".expectations[{i}]", said)
    for i, m in enumerate(q.misconceptions):
        yield from _too_long(f".misconceptions[{i}]", [(".correction", m.correction, LONGEST_SAID + 10)])


def _too_long(place: str, said: Iterable[tuple[str, str, int]]) -> Iterator[Finding]:
    for where, text, most in said:
        n = len(_word.findall(text))
        if n > most:
            yield Finding("too_long", place + where, f"{n} words, at most {most}")


def _point(e: Expectation, place: str, asked: str) -> Iterator[Finding]:
    plain = [_plain(p) for p in e.phrasings]
    for (i, a), (j, b) in combinations(enumerate(plain), 2):
        if fuzz.token_sort_ratio(a, b, score_cutoff=NEAR_COPY):
            yield Finding("near_copy", f"{place}.phrasings[{j}]", f"“{e.phrasings[j]}” is nearly “{e.phrasings[i]}”")
    for i, hint in enumerate(e.hints):
        if share_given(e.statement, hint, aside=asked) >= GIVEN_BY_HINT:
            yield Finding("hint_gives_away", f"{place}.hints[{i}]", hint)


def stems(text: str) -> frozenset[str]:
    """Content words, cut to their stems as roughly as comparing needs."""
    words = (w.lower().replace("’", "'").split("'")[0] for w in _word.findall(text))
    return frozenset(_stem(w) for w in words if w not in STOP and len(w) > 2)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    for ending in (
        "ations",
        "ation",
        "ments",
        "ment",
        "ings",
        "ing",
        "ies",
        "ied",
        "ers",
        "er",
        "ed",
        "es",
        "s",
        "e",
        "y",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@cache
def _hyphens() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_GB")


@lru_cache(maxsize=20_000)
def _syllables(word: str) -> int:
    return len(_hyphens().positions(word)) + 1


def _plain(text: str) -> str:
    return " ".join(_word.findall(text.lower()))
