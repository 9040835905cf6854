"""The answers behind a cell, with the learner's words that decided each point marked in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Optional

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.records import reports, roleplays, tutoring
from bot.records.people import Session
from bot.records.reports import Answer, Point
from bot.relay import clean
from bot.relay_texts import notice
from bot.syllabus.model import Question
from bot.web.guard import Form, Web
from bot.web.seeing import saw
from bot.web.work import back, whole

PERFORMANCE = "performance"


def show(request: Request, web: Web, session: Session) -> Response:
    """A learner's attempts at one statement, newest first; 404 for a stranger's as for nobody's."""
    unit = web.syllabus.units.get(request.path_params["unit"])
    statement = f"{request.path_params['unit']}/{request.path_params['statement']}"
    person_id: int = request.path_params["person_id"]
    learner = reports.learner_seen_by(web.records, session.person, person_id)
    if unit is None or learner is None or statement not in web.syllabus.statements(unit.id):
        raise HTTPException(404)
    saw(web, session, learner.id)
    found = reports.attempts_behind(web.records, learner.id, statement)
    short = statement.split("/", 1)[1]
    return web.pages.page(
        request,
        "answers.html",
        learner=learner,
        unit=unit,
        short="" if short.startswith("bullet:") else short,
        text=web.syllabus.text_of(statement),
        performance=any(c.id == short and c.kind == PERFORMANCE for c in unit.criteria),
        answers=[_shown(answer, web.syllabus.questions.get(answer.question_id)) for answer in found],
        version=web.syllabus.version,
        done=request.query_params.get("done", ""),
        runs=roleplays.runs_of(web.records, learner.id, statement),
    )


def override(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Change the mark of one answer, with a reason; the learner is told, coverage follows."""
    attempt_id = whole(form, "attempt")
    answer = reports.answer_seen_by(web.records, session.person, attempt_id)
    if answer is None:
        raise HTTPException(404)
    points = {
        m.id: form[f"point-{m.id}"]
        for m in answer.matches
        if m.kind == "expectation" and form.get(f"point-{m.id}") in {"met", "not_met"}
    }
    complete = form.get("complete") == "1"
    reason = tutoring.said(clean(form.get("reason", "")), "A reason")
    now = notice("override_complete" if complete else "override_open")
    told = notice("override", who=session.person.name, question=answer.question_text, now=now, reason=reason)
    choices = [q.id for q in web.syllabus.questions.values() if q.form == "choice"]
    tutoring.override(web.records, session.person, attempt_id, points, complete, reason, web.clock(), choices, told)
    return back(form, "/coverage", "override")


def _shown(answer: Answer, question: Optional[Question]) -> dict[str, Any]:
    points = _in_order(answer.matches, question)
    wrong = [p for p in points if p.kind == "misconception" and p.state != "not_met"]
    return {
        "it": answer,
        "parts": parts(answer.answer, points),
        "expectations": [(p, _words(p, question)) for p in points if p.kind == "expectation"],
        "misconceptions": [(p, _words(p, question)) for p in wrong],
        "help": [_help(h, question) for h in answer.help],
    }


def _in_order(points: Sequence[Point], question: Optional[Question]) -> list[Point]:
    order = [e.id for e in question.expectations] if question else []
    return sorted(points, key=lambda p: order.index(p.id) if p.id in order else len(order))


def _words(point: Point, question: Optional[Question]) -> dict[str, str]:
    """The label and statement of a point; its bare id where the content no longer has it."""
    for expectation in question.expectations if question and point.kind == "expectation" else ():
        if expectation.id == point.id:
            return {"label": expectation.label, "statement": expectation.statement, "correction": ""}
    for wrong in question.misconceptions if question and point.kind == "misconception" else ():
        if wrong.id == point.id:
            return {"label": "", "statement": wrong.statement, "correction": wrong.correction}
    for option in question.options if question else ():
        if option.id == point.id:
            return {"label": "", "statement": option.text, "correction": ""}
    return {"label": "", "statement": point.id, "correction": ""}


def _help(given: str, question: Optional[Question]) -> tuple[str, str]:
    """`expectation: hint_1` as the kind of help and the key point's label."""
    id, _, kind = given.rpartition(": ")
    label = next((e.label for e in question.expectations if e.id == id), id) if question else id
    return kind, label


def parts(text: str, points: Sequence[Point]) -> list[tuple[str, str]]:
    """`text` cut into (words, mark): the quotes in it are marked met, unsure or wrong, the rest "".

    A quote may differ from the text in white space and case; one that is not in it marks nothing.
    """
    marks = [""] * len(text)
    rank = {"": 0, "unsure": 1, "met": 2, "wrong": 3}
    for point in points:
        mark = _mark(point)
        words = [re.escape(w) for w in point.quote.split()]
        found = re.search(r"\s+".join(words), text, re.IGNORECASE) if words and mark else None
        for i in range(*found.span()) if found else ():
            if rank[mark] > rank[marks[i]]:
                marks[i] = mark
    made: list[tuple[str, str]] = []
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or marks[i] != marks[start]:
            made.append((text[start:i], marks[start]))
            start = i
    return made


def _mark(point: Point) -> str:
    if point.kind == "misconception":
        return "wrong" if point.state == "met" else ""
    return point.state if point.state in {"met", "unsure"} else ""
