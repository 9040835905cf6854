"""Inviting learners: a link with its QR code (and one for Telegram), or a whole group from a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

import segno
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import BadInput
from bot.records import inviting, reports, telegram, units
from bot.records.inviting import Invited, Newcomer
from bot.records.people import Session
from bot.relay import clean
from bot.web.downloads import download
from bot.web.guard import Form, Web

LARGEST_FILE = 200 * 1024


def show(request: Request, web: Web, session: Session) -> Response:
    """Both forms."""
    return _page(request, web, session, {})


def one(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Invite one learner."""
    new = Newcomer(
        " ".join(clean(form.get("name", "")).split()), form.get("email", "").strip().lower(), _units(web, form)
    )
    return _invite(request, web, session, form, lambda: [new])


def many(request: Request, web: Web, session: Session, form: Form, file: Optional[tuple[str, bytes]]) -> Response:
    """Invite the learners of a file; with `download` the links come back as a CSV file."""

    def read() -> list[Newcomer]:
        if file is None or not file[1]:
            raise BadInput("Choose a CSV file.")
        if len(file[1]) > LARGEST_FILE:
            raise BadInput("The file is larger than 200 KB.")
        return inviting.read_csv(file[1], _units(web, form))

    return _invite(request, web, session, form, read)


def _invite(request: Request, web: Web, session: Session, form: Form, read: Callable[[], list[Newcomer]]) -> Response:
    try:
        newcomers = read()
        cohort = _cohort(web, session, form)
        made = inviting.invite_all(web.records, session.person, newcomers, cohort, web.syllabus.units, web.clock())
    except BadInput as error:
        return _page(request, web, session, form, str(error).split("\n"))
    phones = _telegram(web, made)
    if form.get("form") == "csv":
        head = [web.pages.word("head", name) for name in ("learner", "email", "link")]
        rows: list[tuple[str, ...]] = [(m.name, m.email, _link(request, m)) for m in made]
        if phones:
            head, rows = [*head, web.pages.word("channel", "telegram")], [(*r, p) for r, p in zip(rows, phones)]
        return download("invitations", "csv", head, rows, web.clock())
    links = [
        (m, _link(request, m), segno.make(_link(request, m)).svg_data_uri(scale=4), phones[i] if phones else "")
        for i, m in enumerate(made)
    ]
    return _page(request, web, session, {}, (), links)


def _telegram(web: Web, made: Sequence[Invited]) -> list[str]:
    """A link for each to join on Telegram; none where no bot was ever started."""
    bot = telegram.bot_name(web.records)
    if not bot:
        return []
    return [telegram.deep_link(bot, telegram.make_link(web.records, m.person_id, web.clock())) for m in made]


def _page(
    request: Request,
    web: Web,
    session: Session,
    form: Form,
    problems: object = (),
    links: object = (),
) -> Response:
    return web.pages.page(
        request,
        "invite.html",
        400 if problems else 200,
        cohorts=reports.cohorts_of(web.records, session.person),
        units=[u for u in web.syllabus.units.values() if u.id not in units.withdrawn(web.records)],
        values=form,
        problems=problems,
        links=links,
        may_add_cohort="admin" in session.person.roles,
    )


def _link(request: Request, made: Invited) -> str:
    return f"{request.base_url}invitation/{made.token}"


def _units(web: Web, form: Form) -> tuple[str, ...]:
    return tuple(u for u in web.syllabus.units if form.get(f"unit-{u}") == "1")


def _cohort(web: Web, session: Session, form: Form) -> str:
    new = " ".join(clean(form.get("new_cohort", "")).split())[:200]
    if new and "admin" in session.person.roles:
        return new
    for cohort in reports.cohorts_of(web.records, session.person):
        if str(cohort.id) == form.get("cohort"):
            return cohort.name
    raise BadInput("Choose one of your groups.")
