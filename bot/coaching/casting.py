"""Which role-play a learner means, and how difficult."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Optional

import msgspec
from rapidfuzz import fuzz

from bot.coaching.gaps import plain
from bot.syllabus.scenario import Difficulty, Scenario

Similar = Callable[[str, Sequence[str]], Sequence[float]]
POSSIBLE, WORDING = 0.5, 0.3  # cosine below which a topic is not meant; what the same words add
HARD = re.compile(r"\b(?:difficult|hard|hardest|tough|tricky|challenging|angry|awkward|nasty|worst)\b")
EASY = re.compile(r"\b(?:easy|easier|easiest|simple|gentle|nice|friendly)\b")
NUMBER = re.compile(r"(?<![\d.])(?:(\d{1,2}\.\d{1,2})(?![\d.]*\d)|\b([pP]\d{1,2})\b)")
TURN = re.compile(r"\b(?:turn|step|go|message|reply|line|number|no)?\s*#?\s*(\d{1,2})\b")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
BEGINNING = re.compile(r"\b(?:start|beginning|restart|top|scratch|all over|begin)\b")
ASKING = frozenset({
    "hi", "hello", "hey", "ok", "okay", "please", "pls", "plz", "can", "could", "u", "we", "i", "i'd", "id",
    "like", "want", "wanna", "would", "to", "me", "my", "let's", "lets", "let", "us", "start", "begin", "do",
    "go", "give", "have", "get", "play", "playing", "try", "practise", "practice", "practising", "some", "a",
    "an", "the", "one", "ones", "about", "with", "in", "for", "on", "of", "role", "roleplay", "roleplays",
    "plays", "scenario", "scenarios", "another", "other", "new", "next", "different", "more", "as", "act", "be",
    "customer", "customers", "difficult", "hard", "hardest", "tough", "tricky", "challenging", "angry", "easy",
    "easier", "easiest", "simple", "gentle", "nice", "friendly", "awkward", "nasty", "worst", "really", "very",
    "something", "anything", "where", "is", "who", "now", "then", "and", "that", "this", "it", "you",
})  # fmt: skip


class Cast(msgspec.Struct, frozen=True):
    """The scenario and difficulty to play; `asked`: the learner named what it should be about."""

    scenario: str
    difficulty: Difficulty
    asked: bool


def difficulty_of(text: str) -> Difficulty:
    """The difficulty in the words of a wish; standard where none is named."""
    lowered = text.lower()
    return "hard" if HARD.search(lowered) else "easy" if EASY.search(lowered) else "standard"


def wants_another(text: str) -> bool:
    """Whether a wish is for another one than the one that is open."""
    return re.search(r"\b(?:another|new|different|other|next|instead|change)\b", text.lower()) is not None


def topic_of(text: str) -> str:
    """What is left of "let's do a role-play about …" without the asking words."""
    return " ".join(word for word in plain(text).split() if word not in ASKING)


def cast(
    text: str,
    scenarios: Mapping[str, Scenario],
    units: Sequence[str],
    played: Mapping[str, int],
    practised: Collection[str],
    similar: Similar,
) -> Optional[Cast]:
    """What to play; None where the learner named something there is no scenario for.

    `units`: the learner's. `played`: scenario → times begun. `practised`: criteria practised by now.
    """
    usable = [s for s in scenarios.values() if not s.retired]
    difficulty = difficulty_of(text)
    if not usable:
        return None

    def least_played(s: Scenario) -> tuple[int, int, int]:
        mine = [c for c in s.criteria if c.split("/")[0] in units]
        return (0 if mine else 1, played.get(s.id, 0), -len([c for c in mine if c not in practised]))

    if number := next((a or b.upper() for a, b in NUMBER.findall(text)), ""):
        wanted = {f"{unit}/{number}" for unit in (*units, "d1", "b15", "nos", "ct10")}
        fitting = [s for s in usable if wanted & set(s.criteria)]
        return Cast(min(fitting, key=least_played).id, difficulty, True) if fitting else None
    topic = topic_of(text)
    if not topic:
        return Cast(min(usable, key=least_played).id, difficulty, False)
    names = [
        (name.lower(), s) for s in usable for name in (s.title, s.trade, *s.topics, s.customer.kind.replace("_", " "))
    ]
    different = list(dict.fromkeys(name for name, _ in names))
    scores = dict(zip(different, similar(topic, different)))
    exact = {n for n in different if n == topic or set(topic.split()) <= set(n.split())}
    score = {n: max(scores[n], 0.95 * (n in exact)) for n in different}
    likely = {n: score[n] + WORDING * fuzz.token_set_ratio(topic, n) / 100 for n in different if score[n] >= POSSIBLE}
    if not likely:
        return None
    best = max(likely.values())
    fitting = list({s.id: s for n, s in names if likely.get(n, 0.0) >= best - 0.03}.values())
    return Cast(min(fitting, key=least_played).id, difficulty, True)


def _names(s: Scenario) -> tuple[str, ...]:
    return (s.title, s.trade, s.customer.kind.replace("_", " "), *s.topics)


def turn_named(text: str, last: int) -> int:
    """The turn in "again from turn 4", "from the second one", "from the start"; the last one where none is named."""
    lowered = text.lower()
    for number, words in enumerate(zip(ORDINALS, CARDINALS), 1):
        if re.search(rf"\b{words[0]}\b", lowered) or re.search(rf"\bturn {words[1]}\b", lowered):
            return min(number, last)
    if found := TURN.search(lowered):
        back = re.search(r"\bback \d", lowered)
        return max(1, min(last, last + 1 - int(found[1]) if back else int(found[1])))
    return 1 if BEGINNING.search(lowered) else last
