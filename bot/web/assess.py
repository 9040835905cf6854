"""The assessor's pages: question sets, what learners answered, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, Optional

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput
from bot.records import assessing, assessing_reports, assuring, decisions, reports
from bot.records.assessing_reports import SetRow, SittingView
from bot.records.decisions import Draft, Ticks
from bot.records.people import Session
from bot.records.unit_versions import older_wordings
from bot.relay import clean
from bot.relay_texts import notice
from bot.syllabus import lint
from bot.syllabus.model import Question
from bot.web.guard import Form, Web
from bot.web.seeing import saw
from bot.web.standing import short_name as short_name
from bot.web.work import whole

TICKS = ("valid", "authentic", "current", "sufficient")


def home(request: Request, web: Web, session: Session) -> Response:
    """What is to be read, and the sets."""
    return web.pages.page(
        request,
        "assess.html",
        to_read=assessing_reports.to_read(web.records, session.person),
        returned=assuring.returned_to(web.records, session.person),
        short=short_name,
        sets=assessing_reports.sets_of(web.records, session.person),
        units=_units(web),
        done=request.query_params.get("done", ""),
    )


def new_form(request: Request, web: Web, session: Session) -> Response:
    """The form for a new set."""
    return _new_page(request, web, session, {})


def new(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Make a draft for one learner or a group."""
    try:
        unit = form.get("unit", "")
        if unit not in web.syllabus.units:
            raise BadInput("Choose a unit.")
        people = _people(web, session, form)
        set_id = assessing.make_set(
            web.records,
            session.person,
            clean(form.get("title", "")),
            unit,
            people,
            web.clock(),
            live=form.get("live") == "1",
            hide_proposal=form.get("hide_proposal") == "1",
            opens_at=_moment(form.get("opens_at", "")),
            closes_at=_moment(form.get("closes_at", "")),
        )
    except BadInput as error:
        return _new_page(request, web, session, form, str(error))
    return RedirectResponse(f"/assess/{set_id}", 303)


def show(request: Request, web: Web, session: Session) -> Response:
    """A set: its questions, and how far its learners are."""
    return _set_page(request, web, session, _set(request, web, session))


def add_question(request: Request, web: Web, session: Session, form: Form) -> Response:
    """A question of the bank, or the assessor's own wording once its weak spots were seen."""
    found = _set(request, web, session)
    statement = form.get("statement", "")
    own = " ".join(clean(form.get("words", "")).split())
    for_ = whole(form, "person") or None
    try:
        if not own:
            question = _bank(web, found, form.get("question", ""))
            statements = web.syllabus.decided_on(found.unit, question)
            words = question.text.replace("{organisation}", web.pages.word("organisation"))
            assessing.add_question(
                web.records, session.person, found.id, words, statements, web.clock(), question.id, for_
            )
        else:
            _knowledge(web, found, statement)
            findings = _lint(web, found, statement, own)
            if findings and form.get("anyway") != "1":
                return _set_page(request, web, session, found, form, findings=findings)
            assessing.add_question(web.records, session.person, found.id, own, [statement], web.clock(), person_id=for_)
    except BadInput as error:
        return _set_page(request, web, session, found, form, str(error))
    return RedirectResponse(f"/assess/{found.id}#questions", 303)


def remove_question(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take a question out of a draft."""
    found = _set(request, web, session)
    assessing.remove_question(web.records, session.person, found.id, whole(form, "question"))
    return RedirectResponse(f"/assess/{found.id}#questions", 303)


def send(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Send it: the learners are told on their channels."""
    found = _set(request, web, session)
    shown = notice("assessment", who=session.person.name, title=found.title, closes=_closes(found)).strip()
    assessing.send(web.records, session.person, found.id, shown, notice("assessment_button"), web.clock())
    return RedirectResponse(f"/assess/{found.id}?done=sent", 303)


def withdraw(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take it back."""
    found = _set(request, web, session)
    assessing.withdraw(web.records, session.person, found.id, web.clock())
    return RedirectResponse(f"/assess/{found.id}", 303)


# One learner's answers ----------------------------------------------------------------------------------------------


def review(request: Request, web: Web, session: Session) -> Response:
    """The answers word for word beside criterion, verb and bullets; decisions."""
    found, view = _sitting(request, web, session)
    saw(web, session, view.row.person_id)
    return _review_page(request, web, session, found, view)


def live(request: Request, web: Web, session: Session) -> Response:
    """The conversation so far, as a fragment that the page loads again and again."""
    found, view = _sitting(request, web, session)
    return Response(
        web.pages.text("assess_live.html", view=view, set=found, csrf=session.csrf), media_type="text/html",
        headers={"cache-control": "no-store"},
    )  # fmt: skip


def ask(request: Request, web: Web, session: Session, form: Form) -> Response:
    """One more question to this learner: live it is said to them at once, else they are asked it when they start."""
    found, view = _sitting(request, web, session)
    words, statement = " ".join(clean(form.get("words", "")).split()), form.get("statement", "")
    try:
        _knowledge(web, found, statement)
        findings = [] if found.live or form.get("anyway") == "1" else _lint(web, found, statement, words)
        if words and findings:
            return _review_page(request, web, session, found, view, form, findings=findings)
        who = session.person.name
        shown = (
            notice("assessment_asks", who=who, words=words)
            if found.live
            else notice("assessment", who=who, title=found.title, closes=_closes(found)).strip()
        )
        assessing.add_question(
            web.records, session.person, found.id, words, [statement], web.clock(), None, view.row.person_id, shown
        )
    except BadInput as error:
        return _review_page(request, web, session, found, view, form, str(error))
    place = "live" if found.live else "more"
    return RedirectResponse(f"/assess/{found.id}/{view.row.person_id}?done=asked#{place}", 303)


def end_live(request: Request, web: Web, session: Session, form: Form) -> Response:
    """End live questioning."""
    found, view = _sitting(request, web, session)
    assessing.close_live(web.records, session.person, found.id, view.row.person_id, web.clock())
    return RedirectResponse(f"/assess/{found.id}/{view.row.person_id}", 303)


def reopen(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Let the learner answer further."""
    found, view = _sitting(request, web, session)
    assessing.reopen(web.records, session.person, found.id, view.row.person_id, web.clock())
    return RedirectResponse(f"/assess/{found.id}/{view.row.person_id}", 303)


def first_view(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Note the assessor's own view; the program's proposal is shown after it."""
    found, view = _sitting(request, web, session)
    answer = whole(form, "answer")
    words = clean(form.get("words", ""))
    assessing.first_view(web.records, session.person, answer, form.get("view", ""), words, web.clock())
    return RedirectResponse(f"/assess/{found.id}/{view.row.person_id}#a{answer}", 303)


def decide(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Sign a decision on one criterion; the learner is told."""
    found, view = _sitting(request, web, session)
    statement = form.get("statement", "")
    try:
        kind = statement_kind(web, statement)
        if kind is None:
            raise BadInput("Choose the criterion.")
        if kind == "performance":
            raise BadInput(refusal(web, statement))
        answers = tuple(x.versions[-1].id for x in view.answers if x.versions and statement in x.asked.statements)
        outcome = form.get("outcome", "")
        if outcome not in ("achieved", "more_needed"):
            raise BadInput("Choose: met, or more needed.")
        draft = Draft(
            person_id=view.row.person_id,
            statement=statement,
            criterion_kind="knowledge",
            method="questioning",
            outcome=outcome,  # type: ignore[arg-type]  # checked above
            reason=clean(form.get("reason", "")),
            next_step=clean(form.get("next_step", "")),
            ticks=Ticks(*(form.get(t) == "1" for t in TICKS)),
            answers=answers,
            set_id=found.id,
        )
        shown = decision_words(web, session, draft)
        decisions.sign(web.records, session.person, draft, clean(form.get("signed_name", "")), shown, web.clock())
    except BadInput as error:
        return _review_page(request, web, session, found, view, form, str(error))
    return RedirectResponse(f"/assess/{found.id}/{view.row.person_id}?done=decided#decisions", 303)


def decision_words(web: Web, session: Session, draft: Draft) -> str:
    """What the learner reads of a decision."""
    short = short_name(draft.statement)
    outcome = notice("decision_achieved" if draft.outcome == "achieved" else "decision_more_needed")
    step = notice("decision_step", step=draft.next_step.strip()) if draft.next_step.strip() else ""
    who, reason = session.person.name, draft.reason.strip()
    return notice("decision", who=who, short=short, outcome=outcome, reason=reason, step=step).strip()


def statement_kind(web: Web, statement: str) -> Optional[str]:
    """knowledge or performance; None for what is no statement."""
    unit, _, rest = statement.partition("/")
    if unit not in web.syllabus.units or not web.syllabus.knows(statement):
        return None
    return next((c.kind for c in web.syllabus.units[unit].criteria if c.id == rest), "knowledge")


def refusal(web: Web, statement: str) -> str:
    """Why answers cannot achieve a performance criterion, in the unit's words."""
    unit = web.syllabus.units[statement.partition("/")[0]]
    return f"{short_name(statement)} is a performance criterion: it is shown at work. {unit.simulation_clause}"


# Inside -------------------------------------------------------------------------------------------------------------


def _closes(found: SetRow) -> str:
    return notice("assessment_closes", date=f"{found.closes_at:%-d %B, %H:%M} UTC") if found.closes_at else ""


def _set(request: Request, web: Web, session: Session) -> SetRow:
    set_id = request.path_params["set_id"]
    found = assessing_reports.find_set(web.records, session.person, set_id)
    if found is None:
        raise HTTPException(404)
    return found


def _sitting(request: Request, web: Web, session: Session) -> tuple[SetRow, SittingView]:
    found, person_id = _set(request, web, session), request.path_params["person_id"]
    view = assessing_reports.sitting_view(web.records, session.person, found, person_id)
    if view is None:
        raise HTTPException(404)
    return found, view


def _new_page(request: Request, web: Web, session: Session, form: Form, problem: str = "") -> Response:
    return web.pages.page(
        request,
        "assess_new.html",
        400 if problem else 200,
        units=_units(web),
        cohorts=reports.cohorts_of(web.records, session.person),
        learners=reports.all_seen_by(web.records, session.person),
        values=form,
        problem=problem,
    )


def _set_page(
    request: Request,
    web: Web,
    session: Session,
    found: SetRow,
    form: Optional[Form] = None,
    problem: str = "",
    findings: object = (),
) -> Response:
    unit = web.syllabus.units[found.unit]
    learners = assessing_reports.sittings_of(web.records, found.id)
    questions = assessing_reports.questions_of(web.records, found.id)
    return web.pages.page(
        request,
        "assess_set.html",
        400 if problem or findings else 200,
        set=found,
        unit=unit,
        questions=questions,
        learners=learners,
        names={x.person_id: x.name for x in learners},
        statements=_statements(web, found),
        bank=_bank_by_statement(web, found),
        added={q.question_id for q, _ in questions},
        mine=found.by_id == session.person.id,
        values=form or {},
        problem=problem,
        findings=findings,
        short=short_name,
        done=request.query_params.get("done", ""),
    )


def _review_page(
    request: Request,
    web: Web,
    session: Session,
    found: SetRow,
    view: SittingView,
    form: Optional[Form] = None,
    problem: str = "",
    findings: Sequence[lint.Finding] = (),
) -> Response:
    decided = assessing_reports.decided_in(web.records, view.row.person_id, found.id)
    statements = list(dict.fromkeys(s for x in view.answers for s in x.asked.statements))
    return web.pages.page(
        request,
        "assess_review.html",
        400 if problem or findings else 200,
        set=found,
        view=view,
        statements=[_statement(web, s) for s in statements],
        all_statements=_statements(web, found),
        points=lambda asked: _points(web, asked.question_id),
        decided=decided,
        then=older_wordings(web.records, decided, web.syllabus),
        mine=found.by_id == session.person.id,
        values=form or {},
        problem=problem,
        findings=findings,
        over=found.closes_at is not None and found.closes_at <= web.clock(),
        short=short_name,
        ticks=TICKS,
        done=request.query_params.get("done", ""),
    )


def _statement(web: Web, statement: str) -> dict[str, Any]:
    """What the assessor needs beside an answer: words, verb, bullets."""
    unit_id, _, rest = statement.partition("/")
    unit = web.syllabus.units.get(unit_id)
    if unit is None or not web.syllabus.knows(statement):
        return {"key": statement, "text": statement, "verb": "", "bullets": (), "kind": "knowledge"}
    criterion = next((c for c in unit.criteria if c.id == rest), None)
    bullets = [b.text for b in unit.bullets if rest in b.criteria]
    return {
        "key": statement,
        "text": web.syllabus.text_of(statement),
        "verb": criterion.verb if criterion else "",
        "bullets": bullets,
        "kind": criterion.kind if criterion else "knowledge",
    }


def _points(web: Web, question_id: Optional[str]) -> dict[str, str]:
    question = web.syllabus.questions.get(question_id or "")
    return {e.id: e.label for e in question.expectations} if question else {}


def _units(web: Web) -> list[Any]:
    return list(web.syllabus.units.values())


def _statements(web: Web, found: SetRow) -> list[tuple[str, str]]:
    """Knowledge statements of the set's unit, with their words."""
    return [
        (s, web.syllabus.text_of(s))
        for s in web.syllabus.statements(found.unit)
        if statement_kind(web, s) == "knowledge"
    ]


def _bank_by_statement(web: Web, found: SetRow) -> list[tuple[str, str, list[Question]]]:
    """Statement, its words, and the open questions an answer to which is decided on it."""
    by: dict[str, list[Question]] = defaultdict(list)
    for question in web.syllabus.questions.values():
        if question.form == "open" and not question.retired:
            for statement in web.syllabus.decided_on(found.unit, question):
                by[statement].append(question)
    return [(s, text, by[s]) for s, text in _statements(web, found) if by[s]]


def _bank(web: Web, found: SetRow, id: str) -> Question:
    question = web.syllabus.questions.get(id)
    if question is None or question.form != "open":
        raise BadInput("Choose a question of the bank, or write your own.")
    return question


def _knowledge(web: Web, found: SetRow, statement: str) -> None:
    kind = statement_kind(web, statement)
    if kind == "performance":
        raise BadInput(refusal(web, statement))
    if kind is None or not statement.startswith(f"{found.unit}/"):
        raise BadInput("Choose the criterion that the question is about.")


def _lint(web: Web, found: SetRow, statement: str, words: str) -> list[lint.Finding]:
    points = [e.statement for q in web.syllabus.open_for([statement]) for e in q.expectations]
    return lint.wording(words, web.syllabus.units[found.unit].level, points)


def _people(web: Web, session: Session, form: Form) -> list[int]:
    if form.get("person"):
        return [whole(form, "person")]
    cohort = whole(form, "cohort")
    if cohort not in {c.id for c in reports.cohorts_of(web.records, session.person)}:
        raise BadInput("Choose a learner or a group.")
    return reports.active_learners(web.records, session.person, cohort)


def _moment(given: str) -> Optional[datetime]:
    if not given:
        return None
    try:
        return datetime.fromisoformat(given).replace(tzinfo=timezone.utc)
    except ValueError:
        raise BadInput("A date and time is needed, such as 2026-12-01T09:00.") from None
