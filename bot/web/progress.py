"""A learner's own page: where they stand, what is next, where they work."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.coaching.workplace import LONGEST_NAME, LONGEST_TEXT, Workplace
from bot.records import decisions, reports, roleplays, sittings, units
from bot.records.people import Session
from bot.records.unit_versions import older_wordings
from bot.relay import clean
from bot.web import reaching, standing
from bot.web.assess import short_name
from bot.web.guard import Form, Web, is_fetch
from bot.web.work import whole

RUNS_SHOWN = 10


def show(request: Request, web: Web, session: Session) -> Response:
    """Every enrolled unit, reviews, last answers, workplace profile."""
    progress = reports.learner_progress(web.records, session.person.id, web.clock())
    with web.records.reading() as tx:
        to_begin = sittings.to_begin(tx, session.person.id, web.clock())
    decided = decisions.of_learner(web.records, session.person.id)
    withdrawn = units.withdrawn(web.records)
    said = request.query_params.get("reminder", "")
    return web.pages.page(
        request,
        "progress.html",
        progress=progress,
        units=[_unit(web, unit, progress, withdrawn) for unit in progress.units if unit in web.syllabus.units],
        workplace=progress.workplace or Workplace(),
        runs=roleplays.runs_of(web.records, session.person.id, limit=RUNS_SHOWN),
        reminders=roleplays.reminders_of(web.records, session.person.id),
        decisions=decided,
        then=older_wordings(web.records, decided, web.syllabus),
        to_begin=to_begin,
        short=short_name,
        saved=request.query_params.get("saved") == "1",
        **_limits(),
        **{**reaching.values(web, session.person.id), "reminder_said": said if said in ("saved", "wrong") else ""},
    )


def seen_decision(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Note that the learner has seen a decision on them."""
    with web.records.begin() as tx:
        decisions.acknowledge(tx, session.person.id, whole(form, "decision"), web.clock())
    return RedirectResponse("/progress#decisions", 303)


async def save_workplace(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Keep the workplace profile."""

    def text(name: str, most: int) -> str:
        return clean(form.get(name, "")).strip()[:most]

    workplace = Workplace(
        organisation=" ".join(text("organisation", LONGEST_NAME).split()),
        services=text("services", LONGEST_TEXT),
        limits=text("limits", LONGEST_TEXT),
        refer_to=text("refer_to", LONGEST_TEXT),
    )
    await run_in_threadpool(_save, web, session.person.id, workplace)
    if is_fetch(request):
        values = {"workplace": workplace, "saved": True, "csrf": session.csrf, **_limits()}
        return Response(web.pages.text("workplace.html", **values), media_type="text/html")
    return RedirectResponse("/progress?saved=1#workplace", 303)


def _save(web: Web, person_id: int, workplace: Workplace) -> None:
    with web.records.begin() as tx:
        tx.save_workplace(person_id, workplace, web.clock())


def _limits() -> dict[str, int]:
    return {"longest_name": LONGEST_NAME, "longest_text": LONGEST_TEXT}


def _unit(web: Web, id: str, progress: reports.Progress, withdrawn: Collection[str]) -> dict[str, Any]:
    unit = web.syllabus.units[id]
    return {
        "unit": unit,
        "sections": standing.sections(unit, progress.cells),
        "offered": id not in withdrawn,
        "counts": standing.counts(unit, progress.cells),
        "next": standing.next_up(unit, progress.cells),
    }
