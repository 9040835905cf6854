"""What the marking is measured by: answers that three authors wrote and marked, the same turned round and misspelt.

Used by the tests here and by tools/fit_report.py, never in fitting.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from slips import slipped
from turning import turned_round

from bot.marking.linguistics import default_linguist
from bot.marking.marker import Marker
from bot.marking.model import Marking
from bot.settings import ROOT
from bot.syllabus.model import Question

IN_WORDS = ("short", "full", "partial", "example", "second_language")
Questions = Mapping[str, Question]
Marked = list[tuple[dict[str, Any], Marking]]


class Flip(NamedTuple):
    """A text turned round by one way, and whether the point it met is no longer met."""

    way: str
    text: str
    flipped: bool


def rows() -> list[dict[str, Any]]:
    """The marked answers: `question_id`, `answer`, `met` and `kind`."""
    files = sorted((ROOT / "tests" / "data").glob("marked_answers_*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def marked(questions: Questions, marker: Marker) -> Marked:
    """The marked answers and their markings."""
    return [(row, marker.mark(questions[row["question_id"]], row["answer"])) for row in rows()]


def judged(questions: Questions, found: Marked) -> list[tuple[str, bool, bool]]:
    """(kind of answer, met by the person, met by the program) for each key point of each answer."""
    out = []
    for row, marking in found:
        met = set(marking.met())
        out += [
            (row["kind"], point.id in row["met"], point.id in met)
            for point in questions[row["question_id"]].expectations
        ]
    return out


def agreement(pairs: list[tuple[str, bool, bool]]) -> tuple[float, float]:
    """Accuracy and Cohen's kappa."""
    accuracy = sum(a == b for _, a, b in pairs) / len(pairs)
    yes, met = (sum(pair[place] for pair in pairs) / len(pairs) for place in (1, 2))
    chance = yes * met + (1 - yes) * (1 - met)
    return accuracy, (accuracy - chance) / (1 - chance)


def flips_of_phrasings(questions: Questions, marker: Marker, count: int = 66) -> list[Flip]:
    """One phrasing of each key point of some questions, turned round in every way that can be done."""
    nlp, found = default_linguist()._nlp, []
    ids = sorted({row["question_id"] for row in rows()})
    for question in (questions[id] for id in random.Random(3).sample(ids, min(count, len(ids)))):
        for point in question.expectations:
            text = random.Random(point.id + question.id).choice(point.phrasings)
            ways = turned_round(text, nlp)
            if ways and point.id in marker.mark(question, text).met():
                found += [Flip(way, t, point.id not in marker.mark(question, t).met()) for way, t in ways.items()]
    return found


def flips_of_answers(questions: Questions, marker: Marker, found: Marked) -> list[Flip]:
    """The clause that met a point of a marked answer turned round, where no other part of the answer meets it.

    Quotes of several clauses are left out: what is turned in them need not be what met the point.
    """
    linguist, out = default_linguist(), []
    for row, marking in found:
        question, answer = questions[row["question_id"]], row["answer"]
        for match in marking.matches:
            if row["kind"] not in IN_WORDS or match.id not in row["met"] or match.state != "met":
                continue
            if len(linguist.parse(match.quote).clauses) != 1:
                continue
            ways = turned_round(match.quote, linguist._nlp)
            if not ways or match.id in marker.mark(question, answer.replace(match.quote, "", 1)).met():
                continue
            for way, text in ways.items():
                now = marker.mark(question, answer.replace(match.quote, text, 1))
                out.append(Flip(way, text, match.id not in now.met()))
    return out


def changed_by_slips(questions: Questions, marker: Marker, found: Marked) -> list[bool]:
    """Of each marked answer whether one or two slips in it change its verdict."""
    out = []
    for row, marking in found:
        text = slipped(row["answer"], row["question_id"] + row["answer"])
        out.append(marker.mark(questions[row["question_id"]], text).verdict != marking.verdict)
    return out
