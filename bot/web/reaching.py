"""How a learner is reached beside the web: a Telegram account of theirs, and reminders."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import BadInput
from bot.records import reminders, telegram
from bot.records.people import Session
from bot.records.reminders import Reminder
from bot.web.guard import Form, Web, is_fetch


def values(web: Web, person_id: int) -> dict[str, Any]:
    """What the two cards show."""
    return {
        "bot": telegram.bot_name(web.records),
        "accounts": telegram.accounts(web.records, person_id),
        "link": "",
        **_reminder(reminders.wish_of(web.records, person_id)),
    }


def _reminder(wish: Reminder, said: str = "") -> dict[str, Any]:
    return {"wish": wish, "zones": _zones(), "reminder_said": said}


def _zones() -> list[str]:
    return sorted(z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "SystemV/"))) + ["UTC"]


async def make_link(request: Request, web: Web, session: Session, form: Form) -> Response:
    """A one-time link, good for an hour, by which the learner connects their own Telegram account."""
    person_id = session.person.id

    def make() -> dict[str, Any]:
        shown = values(web, person_id)
        if shown["bot"]:
            token = telegram.make_link(web.records, person_id, web.clock(), telegram.OWN_LINK_LASTS)
            shown["link"] = telegram.deep_link(shown["bot"], token)
        return shown

    shown = await run_in_threadpool(make)
    if is_fetch(request):
        text = web.pages.text("telegram.html", csrf=session.csrf, **shown)
        return Response(text, media_type="text/html", headers={"cache-control": "no-store"})
    return web.pages.page(request, "connect.html", **shown)


async def save_reminder(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Keep what the learner wants to be reminded of, and when not."""
    wish = Reminder(
        form.get("wanted") == "1",
        form.get("time_zone", "")[:64],
        _hour(form.get("quiet_from", "")),
        _hour(form.get("quiet_to", "")),
    )
    try:
        await run_in_threadpool(reminders.choose, web.records, session.person.id, wish)
        said = "saved"
    except BadInput:
        said = "wrong"
    if is_fetch(request):
        text = web.pages.text("reminder.html", csrf=session.csrf, **_reminder(wish, said))
        return Response(text, media_type="text/html")
    return RedirectResponse(f"/progress?reminder={said}#reminder-form", 303)


def _hour(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else -1
