"""The administrator's pages about units: offered or not, their versions, what each version said."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.records import unit_versions, units
from bot.records.people import Session
from bot.web.guard import Form, Web


def home(request: Request, web: Web, session: Session) -> Response:
    """All units."""
    withdrawn, enrolled = units.withdrawn(web.records), units.enrolled(web.records)
    rows = []
    for unit in web.syllabus.units.values():
        changes = unit_versions.steps(web.records, unit.id)
        questions = sum(web.syllabus.unit_of[q.id] == unit.id for q in web.syllabus.questions.values() if not q.retired)
        rows.append((unit, unit.id not in withdrawn, enrolled.get(unit.id, 0), questions, changes))
    return web.pages.page(request, "units.html", rows=rows, done=request.query_params.get("done") == "1")


def set_offered(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Offer a unit, or stop offering it."""
    unit = _unit(request, web)
    units.set_offered(web.records, session.person, unit, form.get("offered") == "1", web.clock())
    return RedirectResponse("/units?done=1", 303)


def versions(request: Request, web: Web, session: Session) -> Response:
    """A unit's versions, newest first, with what each changed and what was done on it."""
    unit = _unit(request, web)
    return web.pages.page(
        request, "unit_versions.html", unit=web.syllabus.units[unit], versions=unit_versions.history(web.records, unit)
    )


def wording(request: Request, web: Web, session: Session) -> Response:
    """What one version said, word for word."""
    unit, hash = _unit(request, web), request.path_params["version"]
    found = next((v for v in unit_versions.history(web.records, unit) if v.hash == hash), None)
    if found is None:
        raise HTTPException(404)
    return web.pages.page(request, "unit_wording.html", unit=web.syllabus.units[unit], version=found)


def _unit(request: Request, web: Web) -> str:
    unit: str = request.path_params["unit"]
    if unit not in web.syllabus.units:
        raise HTTPException(404)
    return unit
