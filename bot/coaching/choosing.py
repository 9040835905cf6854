"""Which question comes next, and what a learner means by "quiz me on …"."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Optional

import msgspec
from rapidfuzz import fuzz

from bot.coaching.gaps import plain
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus, bullet_key

Similar = Callable[[str, Sequence[str]], Sequence[float]]
RANK = {"practising": 1, "ready": 2}
ROLE = {"plain": 0, "situation": 1, "retest": 2}
POSSIBLE = 0.5  # cosine below which a topic is not meant
WORDING = 0.3  # what the same words add to the same meaning


class Scope(msgspec.Struct, frozen=True):
    """What was asked for: statements of one unit (none = all of it) and how to call them."""

    unit: str
    statements: tuple[str, ...]
    label: str
    first: Optional[str] = None  # a question that fits the words best


def next_question(
    syllabus: Syllabus,
    candidates: Sequence[Question],
    states: Mapping[str, str],
    due: Collection[str],
    seen: Mapping[str, int],
    asked: Sequence[str],
    targets: Sequence[str] = (),
) -> Optional[Question]:
    """What a tutor has set, then due reviews, the weakest statement, variety; None when all were asked in this session.

    `states`: statement → coverage state (absent = not started). `seen`: question → how often it was asked ever.
    `asked`: this session's questions, the last one last.
    `targets`: questions and statements set by a tutor, the most urgent first.
    """
    left = [q for q in candidates if q.id not in asked]
    last = set(syllabus.serves(syllabus.questions[asked[-1]])) if asked else set()

    def order(question: Question) -> tuple[int, ...]:
        own = syllabus.own_statements(question)
        return (
            next((n for n, target in enumerate(targets) if is_about(syllabus, question, target)), len(targets)),
            0 if question.id in due else 1,
            min(RANK.get(states.get(s, ""), 0) for s in own),
            seen.get(question.id, 0),
            len(last & set(own)),
            ROLE[question.role] + (1 if question.form == "choice" else 0),
        )

    return min(left, key=order) if left else None


def is_about(syllabus: Syllabus, question: Question, target: str) -> bool:
    """Whether a question is the one, or serves the statement, that was set."""
    return target == question.id or target in syllabus.serves(question)


def until(due: date, today: date) -> str:
    """A date as it is said: "today", "tomorrow", "Friday", "Friday 20 November"."""
    days = (due - today).days
    if days in (0, 1):
        return ("today", "tomorrow")[days]
    return f"{due:%A}" if 1 < days < 7 else f"{due:%A %-d %B}"


NUMBER = re.compile(r"(?<![\d.])(\d{1,2}\.\d{1,2})(?![\d.]*\d)")
ASKING = re.compile(
    r"^(?:(?:hi|hello|hey|ok|okay|please|pls|plz|can|could|you|u|we|i|i'd|id|like|want|wanna|to|me|my|let's|lets|let|us|"
    r"start|begin|practice|practise|practising|quiz|test|ask|give|do|go|switch|change|some|a|an|the|questions?|"
    r"next|now|more|on|about|in|for|with|over|of|topic|criterion|criteria|unit|instead|try|have|get|revise|learn|study|work)\s+)+",
)
EMPTY = {
    "", "something", "anything", "me", "start", "practice", "practise", "quiz", "go", "ready", "now", "please", "pls",
    "question", "questions", "a quiz", "quiz me", "test me", "test", "start practice", "practising", "unit", "begin",
    "it", "this", "more", "another", "lets go", "you", "some",
}  # fmt: skip


def topic_of(text: str) -> str:
    """What is left of "quiz me on …" without the asking words, in lower case."""
    words = plain(text.replace(".", " . ")).replace(" . ", ".")
    words = re.sub(r"\b(?:please|pls|plz|thanks|thx|instead|now|mate)\b", " ", words)
    words = ASKING.sub("", " ".join(words.split()) + " ").strip()
    return "" if words in EMPTY else words


def find_scope(text: str, syllabus: Syllabus, unit_ids: Sequence[str], similar: Similar) -> Optional[Scope]:
    """The scope that `text` asks for among these units, or None if nothing comes near.

    A criterion's number wins, then a unit's name or learning outcome, then topics by wording and meaning.
    """
    lowered = text.lower()
    for number in NUMBER.findall(text):
        for unit in unit_ids:
            if syllabus.knows(f"{unit}/{number}"):
                return _of_criterion(syllabus, unit, number)
    outcome = re.search(r"\b(?:lo|outcome|learning outcome)\s*(\d)\b", lowered)
    if outcome and unit_ids:
        scope = _of_outcome(syllabus, unit_ids[0], outcome[1])
        if syllabus.open_for(scope.statements):
            return scope
    topic = topic_of(text)
    for unit in unit_ids:
        if topic in {unit, syllabus.units[unit].title.lower(), f"unit {unit}"} or (not topic and unit == unit_ids[0]):
            return Scope(unit, (), f"unit {unit.upper()}")
    return _by_topic(topic, syllabus, unit_ids, similar)


def _of_criterion(syllabus: Syllabus, unit: str, number: str) -> Scope:
    """A knowledge criterion itself; for a performance criterion the knowledge behind it."""
    criterion = syllabus.units[unit].criterion(number)
    if criterion.kind == "knowledge":
        return Scope(unit, (f"{unit}/{number}",), f"{unit.upper()} {number}")
    behind = tuple(bullet_key(unit, b.id) for b in syllabus.units[unit].bullets if number in b.criteria)
    if behind:
        return Scope(unit, behind, f"the knowledge behind {unit.upper()} {number}")
    return _of_outcome(syllabus, unit, criterion.outcome)  # no bullet names it: what its outcome asks to know


def _of_outcome(syllabus: Syllabus, unit: str, outcome: str) -> Scope:
    """The statements of a learning outcome; knowledge only, as performance criteria have no questions."""
    u = syllabus.units[unit]
    criteria = (f"{unit}/{c.id}" for c in u.criteria if c.outcome == outcome and c.kind == "knowledge")
    bullets = (bullet_key(unit, b.id) for b in u.bullets if b.outcome == outcome)
    return Scope(unit, (*criteria, *bullets), f"learning outcome {outcome}")


def _by_topic(topic: str, syllabus: Syllabus, unit_ids: Sequence[str], similar: Similar) -> Optional[Scope]:
    names: list[tuple[str, Question]] = []
    for question in syllabus.questions.values():
        if syllabus.unit_of[question.id] in unit_ids and not question.retired:
            names += [(name.lower(), question) for name in question.topics]
            names += [(syllabus.text_of(s).lower(), question) for s in syllabus.own_statements(question)]
    if not topic or not names:
        return None
    different = list(dict.fromkeys(name for name, _ in names))
    scores = dict(zip(different, similar(topic, different)))
    for name in different:  # all its words said, or said whole: as good as meant
        if name == topic or (len(topic.split()) > 1 and set(topic.split()) <= set(name.split())):
            scores[name] = max(scores[name], 0.95)
    likely = {n: scores[n] + WORDING * fuzz.token_set_ratio(topic, n) / 100 for n in different if scores[n] >= POSSIBLE}
    if not likely:
        return None
    best = max(likely, key=lambda n: likely[n])
    nearest = next(q for name, q in names if name == best)
    own = syllabus.own_statements(nearest)
    own = own[:1] if "/bullet:" not in own[0] else own
    fitting = [
        q for name, q in names if likely.get(name, 0.0) >= likely[best] - 0.03 and set(own) <= syllabus.serves(q)
    ]
    first = min(fitting, key=lambda q: (q.form == "choice", ROLE[q.role]))
    label = best if best in nearest.topics else first.topics[0] if first.topics else topic
    return Scope(syllabus.unit_of[first.id], own, label, first.id)
