"""The evidence planner: a unit's requirements, references to evidence from work, an assessor's marks and decisions."""

from __future__ import annotations

from datetime import date
from typing import Any, Optional

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.coaching.masking import masked
from bot.errors import BadInput
from bot.records import assessment_tables as a
from bot.records import decisions, people, portfolio, reports
from bot.records.decisions import Draft, Ticks
from bot.records.people import Person, Session
from bot.records.portfolio import New
from bot.records.unit_versions import older_wordings
from bot.relay import clean
from bot.syllabus.model import Unit
from bot.web.assess import TICKS, decision_words, short_name, statement_kind
from bot.web.guard import Form, Web
from bot.web.seeing import saw
from bot.web.work import whole

ASSESSORS_KINDS = ("observation", "discussion")  # what an assessor was there for


def mine(request: Request, web: Web, session: Session) -> Response:
    """A learner's own planner."""
    return _page(request, web, session, session.person, unit_of(request, web))


def theirs(request: Request, web: Web, session: Session) -> Response:
    """A learner's planner, for those who may see the learner."""
    learner, unit = learner_of(request, web, session), unit_of(request, web)
    saw(web, session, learner.id)
    return _page(request, web, session, learner, unit)


def add(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Enter an item of one's own; what does not fit is said on the page, in the unit's words where they forbid it."""
    unit = unit_of(request, web)
    try:
        _enter(web, session, session.person.id, unit, _item(form, unit))
    except BadInput as error:
        return _page(request, web, session, session.person, unit, form, str(error))
    return RedirectResponse(f"/evidence/{unit.id}?done=entered", 303)


def record(request: Request, web: Web, session: Session, form: Form) -> Response:
    """An assessor's record of an observation at work, or of a professional discussion, with a learner."""
    learner, unit = learner_of(request, web, session), unit_of(request, web)
    try:
        new = _item(form, unit)
        if new.kind not in ASSESSORS_KINDS:
            raise BadInput("Choose: observation, or professional discussion.")
        _enter(web, session, learner.id, unit, new)
    except BadInput as error:
        return _page(request, web, session, learner, unit, form, str(error))
    return RedirectResponse(f"/learners/{learner.id}/evidence/{unit.id}?done=recorded", 303)


def _item(form: Form, unit: Unit) -> New:
    return New(
        unit=unit.id,
        title=masked(clean(form.get("title", ""))),
        kind=form.get("kind", ""),
        setting=form.get("setting", ""),
        reference=clean(form.get("reference", "")),
        happened_on=_day(form.get("happened_on", "")),
        occasion=masked(clean(form.get("occasion", ""))),
        customer=masked(clean(form.get("customer", ""))),
        statements=tuple(f"{unit.id}/{c.id}" for c in unit.criteria if form.get(f"c-{c.id}") == "1"),
        requirements=tuple(id for id, _, _ in requirements(unit) if form.get(f"r-{id}") == "1"),
    )


def _enter(web: Web, session: Session, learner: int, unit: Unit, new: New) -> None:
    by, now = session.person, web.clock()
    portfolio.add(web.records, by, learner, new, unit.evidence_from, unit.simulation_clause, now)


def mark(request: Request, web: Web, session: Session, form: Form) -> Response:
    """An assessor says whether an item serves a requirement."""
    learner, unit = learner_of(request, web, session), unit_of(request, web)
    try:
        reason, met = clean(form.get("reason", "")), form.get("met") == "1"
        portfolio.mark(
            web.records, session.person, whole(form, "item"), form.get("requirement", ""), met, reason, web.clock()
        )
    except BadInput as error:
        return _page(request, web, session, learner, unit, form, str(error))
    return RedirectResponse(f"/learners/{learner.id}/evidence/{unit.id}", 303)


def decide(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Sign a decision that rests on items of the portfolio: the way for performance criteria."""
    learner, unit = learner_of(request, web, session), unit_of(request, web)
    statement = form.get("statement", "")
    kind = statement_kind(web, statement)
    try:
        if kind is None or not statement.startswith(f"{unit.id}/"):
            raise BadInput("Choose the criterion.")
        if form.get("outcome") not in ("achieved", "more_needed"):
            raise BadInput("Choose: met, or more needed.")
        for_it = [i for i in portfolio.items(web.records, learner.id, unit.id) if statement in i.statements]
        chosen = [i for i in for_it if form.get(f"i-{i.id}") == "1"]
        method = form.get("method") or "portfolio"
        portfolio.refuse_method(method, kind, chosen)
        draft = Draft(
            person_id=learner.id,
            statement=statement,
            criterion_kind=kind,  # type: ignore[arg-type]  # one of the two
            method=method,  # type: ignore[arg-type]  # refuse_method knows which there are
            outcome=form["outcome"],  # type: ignore[arg-type]  # checked above
            reason=clean(form.get("reason", "")),
            next_step=clean(form.get("next_step", "")),
            ticks=Ticks(*(form.get(t) == "1" for t in TICKS)),
            items=tuple(i.id for i in chosen),
        )
        shown = decision_words(web, session, draft)
        decisions.sign(web.records, session.person, draft, clean(form.get("signed_name", "")), shown, web.clock())
    except BadInput as error:
        return _page(request, web, session, learner, unit, form, str(error))
    return RedirectResponse(f"/learners/{learner.id}/evidence/{unit.id}?done=decided", 303)


def requirements(unit: Unit) -> list[tuple[str, str, str]]:
    """The numbered requirements of a unit as (id, rule's words, item's words)."""
    return [(i.id, r.text, i.text) for r in unit.evidence_rules if r.kind == "checklist" for i in r.items]


def standing(web: Web, learner: int, unit: Unit) -> dict[str, Any]:
    """What the planner and the printed checklist show of a learner's unit."""
    items = portfolio.items(web.records, learner, unit.id)
    met = {m.requirement for i in items for m in i.marks if m.met}
    found = decisions.of_learner(web.records, learner)
    held = {d.statement: d for d in found if d.superseded_by is None}
    return {
        "unit": unit,
        "then": older_wordings(web.records, held.values(), web.syllabus),
        "items": items,
        "requirements": [(id, rule, text, id in met) for id, rule, text in requirements(unit)],
        "criteria": [
            (
                f"{unit.id}/{c.id}",
                c,
                held.get(f"{unit.id}/{c.id}"),
                [i for i in items if f"{unit.id}/{c.id}" in i.statements],
            )
            for c in unit.criteria
        ],
        "occasions": len({i.happened_on for i in items}),
        "customers": sorted({i.customer for i in items if i.customer}),
        "first": min((i.happened_on for i in items), default=None),
        "last": max((i.happened_on for i in items), default=None),
    }


def _page(
    request: Request,
    web: Web,
    session: Session,
    learner: Person,
    unit: Unit,
    form: Optional[Form] = None,
    problem: str = "",
) -> Response:
    with web.records.reading() as tx:
        enrolled = tx.units_of(learner.id)
    return web.pages.page(
        request,
        "evidence.html",
        400 if problem else 200,
        **standing(web, learner.id, unit),
        learner=learner,
        own=learner.id == session.person.id,
        units=[web.syllabus.units[u] for u in enrolled if u in web.syllabus.units],
        kinds=a.PORTFOLIO_KINDS,
        assessors_kinds=ASSESSORS_KINDS,
        methods=portfolio.METHODS,
        settings=unit.evidence_from,
        ticks=TICKS,
        short=short_name,
        values=form or {},
        problem=problem,
        today=web.clock().date(),
        done=request.query_params.get("done", ""),
    )


def unit_of(request: Request, web: Web) -> Unit:
    """The unit of the address; 404 for none."""
    unit = web.syllabus.units.get(request.path_params["unit"])
    if unit is None:
        raise HTTPException(404)
    return unit


def learner_of(request: Request, web: Web, session: Session) -> Person:
    """The learner of the address if the viewer may see them; else 404."""
    person_id = request.path_params["person_id"]
    seen = reports.learner_seen_by(web.records, session.person, person_id)
    found = people.find(web.records, seen.id) if seen else None
    if found is None:
        raise HTTPException(404)
    return found


def _day(given: str) -> Optional[date]:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
