"""A group's numbers: trend, misconceptions, question statistics."""

from __future__ import annotations

from typing import Optional

from starlette.requests import Request
from starlette.responses import Response

from bot.records import group_reports, marked_answers, reports
from bot.records.group_reports import FEWEST_LEARNERS
from bot.records.people import Session
from bot.web.downloads import download
from bot.web.guard import Web
from bot.web.seeing import exported
from bot.web.work import question_text


def show(request: Request, web: Web, session: Session) -> Response:
    """Trend of the last twelve weeks, common misconceptions, how the questions do."""
    unit, cohort = _chosen(request, web, session)
    records, questions = web.records, _questions(web, unit)
    group = group_reports.group_of(records, session.person, unit, cohort)
    weeks = group_reports.trend(records, group.ids, unit, _serving(web, unit), web.clock())
    held = group_reports.misconceptions(records, group.ids, questions)
    return web.pages.page(
        request,
        "insights.html",
        unit=web.syllabus.units[unit],
        units=[web.syllabus.units[u] for u in _units(web)],
        cohort=cohort,
        cohorts=reports.cohorts_of(records, session.person),
        weeks=weeks,
        most=max([w.answers for w in weeks] + [w.ready for w in weeks] + [1]),
        held=[(h, *_misconception(web, h.question_id, h.point_id)) for h in held],
        stats=group_reports.question_stats(records, group.ids, questions),
        group=group,
        fewest=FEWEST_LEARNERS,
        question_text=lambda id: question_text(web, id),
    )


def export(request: Request, web: Web, session: Session) -> Response:
    """The question statistics as a file."""
    unit, cohort = _chosen(request, web, session)
    names = ("question", "learners", "answers", "facility", "discrimination", "seconds", "not_sure")
    head = [web.pages.word("head", name) for name in names]
    group = group_reports.group_of(web.records, session.person, unit, cohort)
    stats = group_reports.question_stats(web.records, group.ids, _questions(web, unit))
    rows = ((s.question_id, s.learners, s.answers, s.facility, s.discrimination, s.seconds, s.not_sure) for s in stats)
    exported(web, session, f"question statistics/{unit}", request.path_params["form"], cohort=cohort)
    return download(f"questions-{unit}", request.path_params["form"], head, rows, web.clock())


def corrections(request: Request, web: Web, session: Session) -> Response:
    """The viewer's learners' corrected answers, without names, as `rapport mark --evaluate` reads them."""
    marked = marked_answers.corrections(web.records, session.person, web.syllabus.key_points())
    exported(web, session, "corrections", "jsonl")
    name = f"corrections-{web.clock():%Y-%m-%d}.jsonl"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(marked_answers.as_lines(marked), media_type="application/x-ndjson", headers=headers)


def _chosen(request: Request, web: Web, session: Session) -> tuple[str, Optional[int]]:
    q, units = request.query_params, _units(web)
    enrolled = reports.units_seen(web.records, session.person)
    unit = q["unit"] if q.get("unit") in units else max(units, key=lambda u: enrolled.get(u, 0))
    cohorts = {str(c.id): c.id for c in reports.cohorts_of(web.records, session.person)}
    return unit, cohorts.get(q.get("cohort", ""))


def _units(web: Web) -> list[str]:
    return [u for u in web.syllabus.units if u in web.syllabus.unit_of.values()]


def _questions(web: Web, unit: str) -> list[str]:
    return [q for q, u in web.syllabus.unit_of.items() if u == unit]


def _serving(web: Web, unit: str) -> list[str]:
    """Questions whose answers count for the unit, those of other units too."""
    statements = set(web.syllabus.statements(unit))
    return [q.id for q in web.syllabus.questions.values() if web.syllabus.serves(q) & statements]


def _misconception(web: Web, question_id: str, point_id: str) -> tuple[str, str]:
    """Its statement and its correction; the id where the content no longer has it."""
    question = web.syllabus.questions.get(question_id)
    for wrong in question.misconceptions if question else ():
        if wrong.id == point_id:
            return wrong.statement, wrong.correction
    return point_id, ""
