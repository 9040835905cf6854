"""How far the marking agrees with people: marked answers in, accuracy, macro-F1 and Cohen's kappa out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Optional

from bot.marking.batch import BadLine, Lookup, parsed_line, references_of, text_of
from bot.marking.marker import Marker
from bot.syllabus.model import Question

LABELS = ("correct", "contradictory", "incorrect")


class Agreement(NamedTuple):
    """How often person and program said the same; kappa None where one of them never varies.

    `name` is a question's id or text; `what` is "key points" (one judgement a key point of an answer) or "labels"
    (one an answer). "Unsure" counts as not met, and its share is `unsure`.
    """

    name: str
    what: str
    answers: int
    judgements: int
    accuracy: float
    macro_f1: float
    kappa: Optional[float]
    unsure: float


class Evaluation(NamedTuple):
    """Agreement overall (one a kind of judgement) and per question, and each bad line as "line N: problem"."""

    overall: tuple[Agreement, ...]
    questions: tuple[Agreement, ...]
    problems: tuple[str, ...]


class _Pairs(NamedTuple):
    """Judgements of one question: what the person said and what the program said."""

    answers: list[int]
    person: list[str]
    program: list[str]
    unsure: list[bool]


def evaluate(
    lines: Iterable[str], lookup: Lookup, marker: Marker, progress: Optional[Callable[[int], None]] = None
) -> Evaluation:
    """Mark every answer of the lines again and compare; `progress(lines done)` after each."""
    seen: dict[tuple[str, str], _Pairs] = {}
    problems = []
    count = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count += 1
        try:
            _judge(parsed_line(line), lookup, marker, seen)
        except BadLine as problem:
            problems.append(f"line {number}: {problem}")
        if progress is not None:
            progress(count)
    questions = tuple(_agreement(name, what, [pairs]) for (what, name), pairs in sorted(seen.items()))
    overall = []
    for what in ("key points", "labels"):
        of_kind = [pairs for (kind, _), pairs in seen.items() if kind == what]
        if of_kind:
            overall.append(_agreement("all questions", what, of_kind))
    return Evaluation(tuple(overall), questions, tuple(problems))


def kappa(one: Sequence[str], other: Sequence[str]) -> Optional[float]:
    """Cohen's kappa of two lists of judgements; None where chance alone would always agree."""
    if not one:
        return None
    agreed = sum(a == b for a, b in zip(one, other)) / len(one)
    chance = sum(one.count(label) * other.count(label) for label in set(one) | set(other)) / len(one) ** 2
    return None if chance >= 1 else (agreed - chance) / (1 - chance)


def macro_f1(person: Sequence[str], program: Sequence[str]) -> float:
    """Mean F1 over the labels that either of them used."""
    scores = []
    for label in sorted(set(person) | set(program)):
        both = sum(a == b == label for a, b in zip(person, program))
        scores.append(2 * both / (person.count(label) + program.count(label)))
    return sum(scores) / len(scores) if scores else 0.0


def _judge(record: Any, lookup: Lookup, marker: Marker, seen: dict[tuple[str, str], _Pairs]) -> None:
    if not isinstance(record, dict):
        raise BadLine("not a JSON object")
    answer = text_of(record, "answer")
    if "question_id" in record:
        _judge_points(_question(record, lookup), answer, record, marker, seen)
        return
    asked, references = text_of(record, "question"), references_of(record)
    label = text_of(record, "label")
    if label not in LABELS:
        raise BadLine(f'"label" must be one of {", ".join(LABELS)}')
    said, _, sure = marker.mark_references(asked, references, answer)
    pairs = seen.setdefault(("labels", asked), _Pairs([], [], [], []))
    pairs.answers.append(1)
    pairs.person.append(label)
    pairs.program.append(said)
    pairs.unsure.append(not sure)


def _judge_points(
    question: Question, answer: str, record: dict[str, Any], marker: Marker, seen: dict[tuple[str, str], _Pairs]
) -> None:
    met = record.get("met")
    if not isinstance(met, list) or not all(isinstance(id, str) for id in met):
        raise BadLine('"met" must be a list of ids of key points (an empty one for none)')
    known = {point.id for point in question.expectations}
    if unknown := sorted(set(met) - known):
        raise BadLine(f'"{question.id}" has no key point {", ".join(json.dumps(id) for id in unknown)}')
    pairs = seen.setdefault(("key points", question.id), _Pairs([], [], [], []))
    pairs.answers.append(1)
    for match in marker.mark(question, answer).matches:
        pairs.person.append("met" if match.id in met else "not met")
        pairs.program.append("met" if match.state == "met" else "not met")
        pairs.unsure.append(match.state == "unsure")


def _question(record: dict[str, Any], lookup: Lookup) -> Question:
    id = text_of(record, "question_id")
    question = lookup(id)
    if question is None:
        raise BadLine(f'unknown question id "{id}"')
    if not question.expectations:
        raise BadLine(f'"{id}" is a choice question: it has no key points to mark')
    return question


def _agreement(name: str, what: str, parts: Sequence[_Pairs]) -> Agreement:
    person = [judgement for part in parts for judgement in part.person]
    program = [judgement for part in parts for judgement in part.program]
    unsure = [each for part in parts for each in part.unsure]
    return Agreement(
        name,
        what,
        sum(len(part.answers) for part in parts),
        len(person),
        sum(a == b for a, b in zip(person, program)) / len(person),
        macro_f1(person, program),
        kappa(person, program),
        sum(unsure) / len(unsure),
    )
