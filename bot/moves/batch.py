"""Batch reading: JSON lines in, JSON lines out; a bad line is answered in its place and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Optional, Protocol, TextIO

from bot.moves.model import Sentence


class Reads(Protocol):
    """What `MoveClassifier` does."""

    def read(self, text: str, customer_said: str = "") -> tuple[Sentence, ...]:
        """The sentences of a message with their moves."""


class BatchSummary(NamedTuple):
    """Lines read (empty ones do not count), lines with an error."""

    lines: int
    errors: int


def moves_batch(
    lines: Iterable[str], out: TextIO, classifier: Reads, progress: Optional[Callable[[int], None]] = None
) -> BatchSummary:
    """Read every line; `progress(lines done)` after each. Extra fields are kept."""
    count = errors = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count += 1
        record, problem = _record(line)
        if problem:
            errors += 1
            kept = record if isinstance(record, dict) else {"input": line.rstrip("\r\n")}
            record = {**kept, "error": problem, "line": number}
        else:
            found = classifier.read(record["text"], record.get("customer_said") or "")
            record = {**record, "sentences": [{"text": each.text, "moves": list(each.moves)} for each in found]}
        out.write(_dumped(record) + "\n")
        if progress is not None:
            progress(count)
    return BatchSummary(count, errors)


def _record(line: str) -> tuple[Any, str]:
    """The line's object and what is wrong with it, "" if nothing is."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {error}"
    if not isinstance(record, dict):
        return None, "not a JSON object"
    if "text" not in record:
        return record, '"text" is missing'
    if not isinstance(record["text"], str):
        return record, '"text" must be a text'
    if not isinstance(record.get("customer_said") or "", str):
        return record, '"customer_said" must be a text'
    return record, ""


def _dumped(record: Any) -> str:
    """One line of JSON; lone surrogates stay escaped so that any file can hold it."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record)
    return text
