"""One learner as their tutor sees them: where they stand, what was set, what was written; and setting practice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Optional

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import BadInput
from bot.records import reports, roleplays, tutor_reports, tutoring, units
from bot.records.coverage_reports import Row
from bot.records.people import Session
from bot.relay import clean
from bot.relay_texts import notice
from bot.web import standing
from bot.web.guard import Form, Web
from bot.web.seeing import saw
from bot.web.work import back, question_text, whole


def show(request: Request, web: Web, session: Session) -> Response:
    """Coverage of each unit, practice set, replies, last answers."""
    learner = _learner(web, session, request.path_params["person_id"])
    saw(web, session, learner.id)
    progress = reports.learner_progress(web.records, learner.id, web.clock())
    theirs = [web.syllabus.units[u] for u in progress.units if u in web.syllabus.units]
    return web.pages.page(
        request,
        "learner.html",
        learner=learner,
        progress=progress,
        units=[
            {"unit": u, "counts": standing.counts(u, progress.cells), "sections": standing.sections(u, progress.cells)}
            for u in theirs
        ],
        practice=[
            (s, target_words(web, s.kind, s.target)) for s in tutor_reports.practice_set(web.records, learner.id)
        ],
        runs=roleplays.runs_of(web.records, learner.id, limit=20),
        replies=tutor_reports.replies_to(web.records, learner.id),
        today=web.clock().date(),
        done=request.query_params.get("done", ""),
    )


def practice_form(request: Request, web: Web, session: Session) -> Response:
    """The form to set practice for a learner or a group."""
    q = request.query_params
    learner = _learner(web, session, whole(q, "person")) if q.get("person") else None
    return _practice_page(request, web, session, learner, {"target": q.get("target", "")})


def set_practice(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Set it, and tell the learners; what does not fit is said on the form, which keeps its words."""
    learner = _learner(web, session, whole(form, "person")) if form.get("person") else None
    try:
        kind, target = _target(web, form.get("target", ""))
        due_on = _date(form.get("due_on", ""))
        people = [learner.id] if learner else _group(web, session, whole(form, "cohort"))
        if not people:
            raise BadInput("Choose a group with at least one learner.")
        note = clean(form.get("note", "")).strip()
        what = target_words(web, kind, target)
        by = notice("practice_by", date=f"{due_on:%-d %B}") if due_on else ""
        shown = notice("practice", who=session.person.name, what=what, by=by, note=note).strip()
        button = {"title": notice("practice_button", what=_short(web, kind, target)), "payload": _payload(kind, target)}
        now = web.clock()
        tutoring.set_practice(web.records, session.person, people, kind, target, due_on, note, shown, now, (button,))
    except BadInput as error:
        return _practice_page(request, web, session, learner, form, str(error))
    return back({"back": f"/learners/{learner.id}" if learner else "/practice"}, "/practice", "practice")


def withdraw(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take practice that was set back."""
    tutoring.withdraw_practice(web.records, session.person, whole(form, "id"), web.clock())
    return back(form, "/work", "withdrawn")


def target_words(web: Web, kind: str, target: str) -> str:
    """What practice is about, in words a learner understands."""
    if kind == "question":
        return question_text(web, target)
    if kind == "statement" and web.syllabus.knows(target):
        unit, _, rest = target.partition("/")
        short = "" if rest.startswith("bullet:") else f" {rest}"
        return f"{unit.upper()}{short} – {web.syllabus.text_of(target)}"
    if kind == "scenario" and target in web.syllabus.scenarios:
        return web.syllabus.scenarios[target].title
    return target


def _short(web: Web, kind: str, target: str) -> str:
    """Few words that start it when they are typed or tapped."""
    if kind == "scenario":
        return target_words(web, kind, target)
    statement = (
        target if kind == "statement" else sorted(web.syllabus.own_statements(web.syllabus.questions[target]))[0]
    )
    unit, _, rest = statement.partition("/")
    return f"{unit.upper()} {rest.removeprefix('bullet:').replace('-', ' ')}"


def _payload(kind: str, target: str) -> str:
    return f'/start_roleplay{{"scenario": "{target}"}}' if kind == "scenario" else "/start_practice"


def _practice_page(
    request: Request, web: Web, session: Session, learner: Optional[Row], form: Form, problem: str = ""
) -> Response:
    return web.pages.page(
        request,
        "practice.html",
        400 if problem else 200,
        learner=learner,
        cohorts=reports.cohorts_of(web.records, session.person),
        targets=[(t, target_words(web, k, t)) for k, t in _targets(web)],
        values=form,
        problem=problem,
        today=web.clock().date(),
        done=request.query_params.get("done", ""),
    )


def _targets(web: Web) -> list[tuple[str, str]]:
    """Everything that can be set: knowledge statements, scenarios, questions."""
    syllabus, withdrawn = web.syllabus, units.withdrawn(web.records)
    performance = {f"{u.id}/{c.id}" for u in syllabus.units.values() for c in u.criteria if c.kind == "performance"}
    found = [
        ("statement", s)
        for u in syllabus.units
        if u in syllabus.unit_of.values() and u not in withdrawn
        for s in syllabus.statements(u)
        if s not in performance
    ]
    found += [("scenario", s) for s in syllabus.scenarios]
    asked = [q.id for q in syllabus.questions.values() if not q.retired and syllabus.unit_of[q.id] not in withdrawn]
    return found + [("question", q) for q in asked]


def _target(web: Web, given: str) -> tuple[str, str]:
    for kind, target in _targets(web):
        if given.strip() == target:
            return kind, target
    raise BadInput("Choose a criterion, question or role-play from the list.")


def _date(given: str) -> Optional[date]:
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput("The date is not one.") from None


def _group(web: Web, session: Session, cohort: int) -> Sequence[int]:
    if cohort not in {c.id for c in reports.cohorts_of(web.records, session.person)}:
        raise BadInput("Choose a learner or a group.")
    return reports.active_learners(web.records, session.person, cohort)


def _learner(web: Web, session: Session, person_id: int) -> Row:
    found = reports.learner_seen_by(web.records, session.person, person_id)
    if found is None:
        raise HTTPException(404)
    return found
