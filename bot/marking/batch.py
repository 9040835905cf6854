"""Batch marking: JSON lines in, JSON lines out; a bad line is answered in its place and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Optional, TextIO

from bot.marking.marker import Label, Marker
from bot.marking.model import Marking
from bot.syllabus.model import Question

Lookup = Callable[[str], Optional[Question]]


class BatchSummary(NamedTuple):
    """Lines read (empty ones do not count), lines marked, lines with an error, and how many got each label."""

    lines: int
    marked: int
    errors: int
    labels: dict[str, int]


class BadLine(Exception):
    """A line that cannot be marked, with the reason."""


def mark_batch(
    lines: Iterable[str],
    out: TextIO,
    syllabus_lookup: Lookup,
    marker: Marker,
    progress: Optional[Callable[[int], None]] = None,
) -> BatchSummary:
    """Mark every line; `progress(lines done)` after each. Extra fields are kept."""
    count = errors = 0
    labels: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count += 1
        record: Any = None
        try:
            record = parsed_line(line)
            added = _marked(record, syllabus_lookup, marker)
            labels[added["label"]] = labels.get(added["label"], 0) + 1
            record = {**record, **added}
        except BadLine as problem:
            errors += 1
            kept = record if isinstance(record, dict) else {"input": line.rstrip("\r\n")}
            record = {**kept, "error": str(problem), "line": number}
        out.write(_dumped(record) + "\n")
        if progress is not None:
            progress(count)
    return BatchSummary(count, count - errors, errors, labels)


def label_of(marking: Marking, points: int) -> tuple[Label, float, bool]:
    """A marking as label, probability of "right" from the points, and whether nothing is unsure."""
    best = sorted((match.probability for match in marking.matches), reverse=True)[: max(1, points)]
    probability = sum(best) / max(1, points)
    if marking.verdict == "right":
        probability = max(probability, 0.5)
    held = any(wrong.state == "met" for wrong in marking.misconceptions)
    label: Label = "incorrect"
    if marking.verdict == "right":
        label = "correct"
    elif held and not marking.met():
        label = "contradictory"
    sure = not any(match.state == "unsure" for match in (*marking.matches, *marking.misconceptions))
    return label, round(min(1.0, probability), 4), sure


def parsed_line(line: str) -> Any:
    """The value of one line of JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from error


def _marked(record: Any, lookup: Lookup, marker: Marker) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise BadLine("not a JSON object")
    answer = text_of(record, "answer")
    if "question_id" not in record:
        label, probability, sure = marker.mark_references(text_of(record, "question"), references_of(record), answer)
        return {"label": label, "probability": probability, "sure": sure}
    id = text_of(record, "question_id")
    question = lookup(id)
    if question is None:
        raise BadLine(f'unknown question id "{id}"')
    if not question.expectations:
        raise BadLine(f'"{id}" is a choice question: it has no key points to mark')
    marking = marker.mark(question, answer)
    points = question.sufficient.points if question.sufficient is not None else len(question.expectations)
    label, probability, sure = label_of(marking, points)
    return {
        "label": label,
        "probability": probability,
        "sure": sure,
        "met": list(marking.met()),
        "misconceptions": [wrong.id for wrong in marking.misconceptions if wrong.state == "met"],
        "verdict": marking.verdict,
    }


def references_of(record: dict[str, Any]) -> list[str]:
    """The reference answers of a line, one or more."""
    references = record.get("references")
    if (
        not isinstance(references, list)
        or not references
        or not all(isinstance(each, str) and each.strip() for each in references)
    ):
        raise BadLine('"references" must be a list of one or more texts')
    return references


def text_of(record: dict[str, Any], field: str) -> str:
    """A field that must be a text."""
    value = record.get(field)
    if not isinstance(value, str):
        raise BadLine(f'"{field}" is missing' if value is None else f'"{field}" must be a text')
    return value


def _dumped(record: Any) -> str:
    """One line of JSON; lone surrogates stay escaped so that any file can hold it."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record)
    return text
