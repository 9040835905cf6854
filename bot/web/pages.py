"""Pages from templates: autoescaped, with what every page needs."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, Optional

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.records.people import Session

SAFE_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"


class Pages:
    """Renders the templates of this package."""

    def __init__(self, demo: bool) -> None:
        self.env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.env.globals.update(static=static_url, demo_allowed=demo, new_id=lambda: str(uuid.uuid4()))
        self.env.filters.update(clock=_clock, moment=_moment, iso=_iso, day=_day)

    def text(self, template: str, **values: Any) -> str:
        """A rendered fragment."""
        return self.env.get_template(template).render(**values)

    def word(self, macro: str, *values: Any) -> str:
        """One wording out of `words.html`, as plain text."""
        module: Any = self.env.get_template("words.html").module
        return jinja2.filters.do_striptags(getattr(module, macro)(*values))

    def page(self, request: Request, template: str, code: int = 200, **values: Any) -> HTMLResponse:
        """A whole page for whoever is signed in; never kept by a cache."""
        session: Optional[Session] = getattr(request.state, "session", None)
        common = {
            "path": request.url.path,
            "person": session.person if session else None,
            "csrf": session.csrf if session else "",
        }
        body = self.text(template, **{**common, **values})
        return HTMLResponse(body, code, headers={"cache-control": "no-store"})


@cache
def static_url(name: str) -> str:
    """The address of a file in `static`, with its content's hash so that it may be cached for long."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _clock(when: datetime) -> str:
    return f"{when:%H:%M} UTC"


def _moment(when: datetime) -> str:
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def _day(when: str) -> str:
    day = date.fromisoformat(when)
    return f"{day.day} {day:%b %Y}"


def _iso(when: datetime) -> str:
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
