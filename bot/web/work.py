"""The tutor's home: what waits, with the ways to deal with it at hand."""

from __future__ import annotations

from collections import Counter
from typing import Optional

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import opinion
from bot.records import audit, reports, tutor_reports, tutoring
from bot.records.people import Session
from bot.records.tutor_reports import Work
from bot.relay import clean
from bot.relay_texts import notice
from bot.web.downloads import download
from bot.web.guard import Form, Web, local_path
from bot.web.seeing import exported
from bot.web.standing import short_name

KINDS = ("dispute", "question", "not_sure", "delete_data", "failed_message", "stuck", "quiet")
AGES = ("new", "week", "overdue")


def show(request: Request, web: Web, session: Session) -> Response:
    """The work list, whole or of one kind or age."""
    everything = tutor_reports.work_list(web.records, session.person, web.clock())
    kind, age = _one_of(request, "kind", KINDS), _one_of(request, "age", AGES)
    return web.pages.page(
        request,
        "work.html",
        work=_chosen(everything, kind, age),
        counts=Counter(w.kind for w in everything),
        ages=Counter(w.age for w in everything),
        kinds=KINDS,
        opinion_model=web.settings.opinion_model if web.settings.opinion_url else "",
        kind=kind,
        age=age,
        question_text=lambda id: question_text(web, id),
        statement_of=lambda entry: statement_of(web, entry),
        short=short_name,
        cohorts=reports.cohorts_of(web.records, session.person),
        done=request.query_params.get("done", "") in {"reply", "close"} and request.query_params["done"],
    )


def export(request: Request, web: Web, session: Session) -> Response:
    """The work list as a file."""
    everything = tutor_reports.work_list(web.records, session.person, web.clock())
    chosen = _chosen(everything, _one_of(request, "kind", KINDS), _one_of(request, "age", AGES))
    word = web.pages.word
    head = [word("head", name) for name in ("kind", "learner", "since", "age", "words", "about")]
    rows = (
        (word("item", w.kind), w.name, w.at, word("age", w.age), w.words, ", ".join(w.statements) or w.statement or "")
        for w in chosen
    )
    exported(web, session, "work list", request.path_params["form"])
    return download("work", request.path_params["form"], head, rows, web.clock())


def reply(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Answer a learner, and close the entry the answer is to."""
    words = clean(form.get("words", ""))
    kind = form.get("item") or None
    shown = notice("tutor_reply", who=session.person.name, words=words.strip())
    tutoring.reply(
        web.records,
        session.person,
        whole(form, "person"),
        words,
        shown,
        web.clock(),
        kind,
        whole(form, "id", kind is None),
    )
    return back(form, "/work", "reply")


def close(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take an entry off the list."""
    item, note = form.get("item", ""), clean(form.get("note", ""))
    tutoring.close(web.records, session.person, item, whole(form, "id"), note, web.clock())
    return back(form, "/work", "close")


def second_opinion(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Ask the centre's language model about an answer the marking was not sure of; shown here, kept nowhere."""
    id = whole(form, "id")
    found = tutor_reports.unsure_answer(web.records, session.person, id) if web.settings.opinion_url else None
    question = web.syllabus.questions.get(found.question_id) if found else None
    if found is None or question is None or not question.expectations:
        raise HTTPException(404)
    with web.records.begin() as tx:  # before it goes out
        model = web.settings.opinion_model
        audit.note(tx, session.person.id, "asked for a second opinion", f"request/{id}", web.clock(), model=model)
    given = opinion.ask(web.settings, question, found.answer, [found.name])
    views = {view.id: view for view in given.points} if given else {}
    return web.pages.page(
        request,
        "opinion.html",
        answer=found,
        question=question_text(web, question.id),
        model=model,
        views=[(expectation.statement, views[expectation.id]) for expectation in question.expectations if views],
    )


def question_text(web: Web, id: str) -> str:
    """A question's words; its id where the content no longer has it."""
    question = web.syllabus.questions.get(id)
    return question.text.replace("{organisation}", web.pages.word("organisation")) if question else id


def statement_of(web: Web, entry: Work) -> str:
    """The statement whose page shows the entry's answers: of the question's own unit, not of one it also serves."""
    question = web.syllabus.questions.get(entry.question_id or "")
    own = web.syllabus.own_statements(question) if question else ()
    return own[0] if own else entry.statement or ""


def whole(form: Form, name: str, optional: bool = False) -> int:
    """A field as a whole number that a database takes; 0, which is nobody's id, for anything else."""
    text = form.get(name, "")
    return int(text) if not optional and text.isascii() and text.isdigit() and len(text) < 10 else 0


def back(form: Form, default: str, done: str) -> Response:
    """To the page the form was on, saying what was done."""
    page = local_path(form.get("back", "")) or default
    return RedirectResponse(f"{page}{'&' if '?' in page else '?'}done={done}", 303)


def _chosen(work: list[Work], kind: Optional[str], age: Optional[str]) -> list[Work]:
    return [w for w in work if (kind is None or w.kind == kind) and (age is None or w.age == age)]


def _one_of(request: Request, name: str, allowed: tuple[str, ...]) -> Optional[str]:
    value = request.query_params.get(name)
    return value if value in allowed else None
