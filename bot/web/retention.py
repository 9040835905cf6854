"""The administrator's page about how long things are kept."""

from __future__ import annotations

import math
import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput, NotThere
from bot.records import retention, retention_times
from bot.records.engine import opened
from bot.records.people import Session
from bot.records.retention_tables import CHATS
from bot.records.retention_times import Change, Time
from bot.relay import clean
from bot.web.guard import Form, Web


def show(request: Request, web: Web, session: Session) -> Response:
    """The times in force, what each is about, and a form for each."""
    return _page(request, web)


def save(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Put another time in force; a shorter one shows first what it would do, and wants to be confirmed."""
    days = web.settings.keep_chat_days
    time = retention_times.in_force(web.records, days).get(form.get("time", ""))
    if time is None:
        raise NotThere("retention time")
    try:
        change = _change(form, time)
        retention_times.check(time, change)
        if change.amount < time.amount and form.get("confirmed") != str(change.amount):
            return _confirm(request, web, time, change)
        retention_times.set_time(web.records, session.person, time.limits.name, change, days, web.clock())
    except BadInput as error:
        return _page(request, web, str(error), form)
    return RedirectResponse("/retention?done=1", 303)


def _change(form: Form, time: Time) -> Change:
    text, limits = form.get("amount", "").strip(), time.limits
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise BadInput(f"Write a whole number of {limits.unit}, from {limits.least} to {limits.most}.")
    try:
        was = float(form.get("was", ""))
    except ValueError:
        was = math.nan  # as if somebody had changed it: the form is not ours
    return Change(int(text), was, clean(form.get("reason", "")))


def _confirm(request: Request, web: Web, time: Time, change: Change) -> Response:
    moment, new = web.clock(), Time(time.limits, change.amount)
    if time.limits is CHATS:
        with opened(web.settings.tracker_url) as tracker:
            before, after = (retention.would_remove(web.records, tracker, x.span, moment) for x in (time, new))
        rows = [(name, before.rows[name], n) for name, n in after.rows.items()]
    else:
        old, late = (len(retention.past_their_time(web.records, moment, x.span)) for x in (time, new))
        rows = [("people", old, late)]
    return web.pages.page(
        request,
        "retention_confirm.html",
        time=time,
        new=new,
        change=change,
        rows=rows,
        before=moment - new.span,
    )


def _page(request: Request, web: Web, problem: str = "", form: Form | None = None) -> Response:
    return web.pages.page(
        request,
        "retention.html",
        400 if problem else 200,
        times=retention_times.in_force(web.records, web.settings.keep_chat_days).values(),
        longest=retention_times.LONGEST,
        problem=problem,
        values=form or {},
        done=request.query_params.get("done") == "1",
    )
