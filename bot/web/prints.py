"""The printed records as PDF, A4: of a questioning, and of a unit's evidence. Their words are templates too."""

from __future__ import annotations

import io
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.records import assessing_reports, audit, decisions
from bot.records.people import Person, Session
from bot.records.unit_versions import older_wordings
from bot.syllabus.model import Unit
from bot.web import evidence
from bot.web.assess import short_name
from bot.web.guard import Web


def questioning(request: Request, web: Web, session: Session) -> Response:
    """The record of questioning: questions and answers word for word, times, channel, decisions, hashes."""
    set_id, person_id = request.path_params["set_id"], request.path_params["person_id"]
    found = assessing_reports.find_set(web.records, session.person, set_id)
    view = assessing_reports.sitting_view(web.records, session.person, found, person_id) if found else None
    if found is None or view is None:
        raise HTTPException(404)
    decided = assessing_reports.decided_in(web.records, person_id, found.id)
    html = web.pages.text(
        "print_questioning.html",
        set=found,
        view=view,
        unit=web.syllabus.units.get(found.unit),
        decided=decided,
        then=older_wordings(web.records, decided, web.syllabus),
        intact={d.id: decisions.intact(web.records, d.id) for d in decided},
        text_of=lambda s: web.syllabus.text_of(s) if web.syllabus.knows(s) else s,
        short=short_name,
        now=web.clock(),
    )
    _note(web, session, f"sitting/{view.row.id}", "record of questioning")
    return _pdf(html, f"questioning-{found.id}-{person_id}")


def checklist(request: Request, web: Web, session: Session) -> Response:
    """The evidence checklist of a unit: criteria, requirements, items, decisions, what is still missing."""
    learner = evidence.learner_of(request, web, session)
    unit = evidence.unit_of(request, web)
    _note(web, session, f"person/{learner.id}", f"evidence checklist {unit.id}")
    return _checklist(web, learner, unit, f"checklist-{unit.id}-{learner.id}")


def own_checklist(request: Request, web: Web, session: Session) -> Response:
    """The same for a learner's own."""
    unit = evidence.unit_of(request, web)
    return _checklist(web, session.person, unit, f"checklist-{unit.id}")


def _checklist(web: Web, learner: Person, unit: Unit, name: str) -> Response:
    html = web.pages.text(
        "print_checklist.html",
        **evidence.standing(web, learner.id, unit),
        learner=learner,
        short=short_name,
        now=web.clock(),
    )
    return _pdf(html, name)


def _note(web: Web, session: Session, subject: str, what: str) -> None:
    with web.records.begin() as tx:
        audit.note(tx, session.person.id, "printed", subject, web.clock(), what=what)


def _pdf(html: str, name: str) -> Response:
    from fpdf import FPDF  # only where somebody prints

    class Sheet(FPDF):  # type: ignore[misc]  # untyped base
        """A4 with the page's number at its foot."""

        def footer(self) -> None:
            """Page n of all."""
            self.set_y(-12)
            self.set_font("sheet", size=8)
            self.cell(0, 8, f"{self.page_no()}/{{nb}}", align="C")

    fonts = _fonts()
    sheet = Sheet(format="A4")
    sheet.add_font("sheet", "", str(fonts / "DejaVuSans.ttf"))
    sheet.add_font("sheet", "B", str(fonts / "DejaVuSans-Bold.ttf"))
    sheet.add_font("sheet", "I", str(fonts / "DejaVuSans-Oblique.ttf"))
    sheet.set_margins(18, 16)
    sheet.set_auto_page_break(True, 18)
    sheet.add_page()
    sheet.set_font("sheet", size=9)
    sheet.write_html(html, font_family="sheet", table_line_separators=True)
    out = io.BytesIO()
    sheet.output(out)
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "no-store"}
    return Response(out.getvalue(), media_type="application/pdf", headers=headers)


def _fonts() -> Path:
    """DejaVu, which covers most scripts of Europe, comes with matplotlib; found without importing it."""
    from importlib.util import find_spec

    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
