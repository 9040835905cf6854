"""The quality assurer's pages: sampling plans, blind second marks, agreement; the audit chain."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput
from bot.records import assuring, audit, people
from bot.records.assuring import Rules
from bot.records.people import Session
from bot.records.unit_versions import older_wordings
from bot.relay import clean
from bot.web import audit_words
from bot.web.assess import short_name
from bot.web.downloads import download
from bot.web.guard import Form, Web
from bot.web.seeing import saw
from bot.web.work import whole

PAGE = 100  # audit entries


def home(request: Request, web: Web, session: Session) -> Response:
    """Plans, and how far people and the program agree."""
    return _home(request, web, session)


def make(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Draw a sample."""
    try:
        rules = Rules(
            share=whole(form, "share") / 100,
            risk=form.get("risk") == "1",
            unit=form.get("unit", "") if form.get("unit") in web.syllabus.units else "",
        )
        seed = whole(form, "seed") or random.randrange(1, 1_000_000)
        plan = assuring.make_plan(
            web.records, session.person, clean(form.get("title", "")), rules,
            _day(form.get("since", "")), _day(form.get("until", "")) + timedelta(days=1), seed, web.clock(),
        )  # fmt: skip
    except BadInput as error:
        return _home(request, web, session, form, str(error))
    return RedirectResponse(f"/assure/{plan}", 303)


def show(request: Request, web: Web, session: Session) -> Response:
    """The samples of a plan."""
    plan = assuring.find_plan(web.records, session.person, request.path_params["plan"])
    return web.pages.page(
        request, "assure_plan.html", plan=plan, samples=assuring.samples_of(web.records, plan.id), short=short_name,
        link="", outside=False,
    )  # fmt: skip


def sample(request: Request, web: Web, session: Session) -> Response:
    """One sampled decision: its evidence first, the assessor's decision after the blind mark."""
    return _sample(request, web, session)


def second_mark(request: Request, web: Web, session: Session, form: Form) -> Response:
    """The blind mark."""
    id = request.path_params["sample"]
    try:
        words = clean(form.get("words", ""))
        assuring.second_mark(web.records, session.person, id, form.get("outcome", ""), words, web.clock())
    except BadInput as error:
        return _sample(request, web, session, str(error))
    return RedirectResponse(f"/assure/sample/{id}", 303)


def close(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Agree or return."""
    id = request.path_params["sample"]
    try:
        reason = clean(form.get("reason", ""))
        assuring.close(web.records, session.person, id, form.get("result", ""), reason, web.clock())
    except BadInput as error:
        return _sample(request, web, session, str(error))
    return RedirectResponse(f"/assure/sample/{id}", 303)


def link(request: Request, web: Web, session: Session, form: Form) -> Response:
    """A link for an external quality assurer, shown once."""
    plan = assuring.find_plan(web.records, session.person, request.path_params["plan"])
    token = assuring.make_link(web.records, session.person, plan.id, clean(form.get("name", "")), web.clock())
    return web.pages.page(
        request, "assure_plan.html", plan=plan, samples=assuring.samples_of(web.records, plan.id), short=short_name,
        link=f"{request.base_url}external/{token}", outside=False,
    )  # fmt: skip


def withdraw_links(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take the links back."""
    plan = request.path_params["plan"]
    assuring.withdraw_links(web.records, session.person, plan, web.clock())
    return RedirectResponse(f"/assure/{plan}", 303)


def external(request: Request, web: Web) -> Response:
    """What the holder of a link may read: the plan, its samples, the evidence; nothing to change."""
    plan, _ = assuring.linked_plan(web.records, request.path_params["token"], web.clock())
    samples = assuring.samples_of(web.records, plan.id)
    evidence = {s.id: assuring.evidence_of(web.records, s.decision.id) for s in samples}
    return web.pages.page(
        request, "assure_plan.html", plan=plan, samples=samples, evidence=evidence, short=short_name, link="",
        outside=True, then=older_wordings(web.records, [s.decision for s in samples], web.syllabus),
    )  # fmt: skip


# The audit chain -----------------------------------------------------------------------------------------------------


def audit_log(request: Request, web: Web, session: Session) -> Response:
    """Who did what, newest first; `check=1` verifies the whole chain."""
    _no_demo(session)
    q = request.query_params
    before = whole(q, "before") or None
    entries = audit.newest(web.records, PAGE, before, q.get("action", "")[:40])
    names = people.names(web.records, audit_words.people_in(entries))
    return web.pages.page(
        request,
        "audit.html",
        entries=entries,
        names=names,
        shown=lambda entry: audit_words.shown(entry, names, web.pages.word),
        action=q.get("action", ""),
        actions=audit.actions(web.records),
        verdict=audit.verify(web.records) if q.get("check") == "1" else None,
        more=entries[-1].id if len(entries) == PAGE else None,
    )


def audit_export(request: Request, web: Web, session: Session) -> Response:
    """The chain as a file; that it was exported is an entry itself."""
    _no_demo(session)
    with web.records.begin() as tx:
        audit.note(tx, session.person.id, "exported", "audit", web.clock())
    head = [web.pages.word("head", name) for name in ("number", "since", "who", "kind", "about", "words", "hash")]

    def rows() -> Any:
        for e in audit.all_entries(web.records):
            yield e.id, e.made_at, e.by_id or "", e.action, e.subject, e.detail, e.hash

    return download("audit", request.path_params["form"], head, rows(), web.clock())


# Inside -------------------------------------------------------------------------------------------------------------


def _no_demo(session: Session) -> None:
    """The chain is about everybody: nothing for whoever presses a demo button."""
    if session.person.demo:
        raise HTTPException(404)


def _home(request: Request, web: Web, session: Session, form: Form | None = None, problem: str = "") -> Response:
    return web.pages.page(
        request,
        "assure.html",
        400 if problem else 200,
        plans=assuring.plans_of(web.records, session.person),
        figures=assuring.agreement_by(web.records, session.person),
        units=list(web.syllabus.units.values()),
        short=short_name,
        values=form or {},
        problem=problem,
        today=web.clock().date(),
    )


def _sample(request: Request, web: Web, session: Session, problem: str = "") -> Response:
    found = assuring.find_sample(web.records, session.person, request.path_params["sample"])
    saw(web, session, found.decision.person_id)
    statement = found.decision.statement
    return web.pages.page(
        request,
        "assure_sample.html",
        400 if problem else 200,
        sample=found,
        then=older_wordings(web.records, [found.decision], web.syllabus),
        evidence=assuring.evidence_of(web.records, found.decision.id),
        text=web.syllabus.text_of(statement) if web.syllabus.knows(statement) else statement,
        short=short_name,
        problem=problem,
    )


def _day(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given).replace(tzinfo=timezone.utc)
    except ValueError:
        raise BadInput("Give the first and the last day.") from None
