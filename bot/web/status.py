"""The status page: a look at all parts that an administrator may leave open."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.records import retention_times, status, telegram
from bot.records.figures import figures
from bot.records.people import Session
from bot.web.guard import Web
from bot.web.health import FRESH, dialogues_there

EVERY = 10  # seconds between two looks
SILENT = timedelta(minutes=2)  # a gateway that was not heard of for so long is away
LONG_QUEUE = 60  # seconds
BACKUP_DUE, REMOVAL_DUE = timedelta(days=2), timedelta(days=2)
LITTLE_SPACE = 0.1  # of the disk


async def show(request: Request, web: Web, session: Session) -> Response:
    """The page."""
    return web.pages.page(request, "status.html", **await _look(web))


async def now(request: Request, web: Web, session: Session) -> Response:
    """What the page replaces itself with."""
    return HTMLResponse(web.pages.text("status_now.html", **await _look(web)), headers=FRESH)


async def _look(web: Web) -> dict[str, Any]:
    return {"dialogues": await dialogues_there(web), **await run_in_threadpool(_read, web)}


def _read(web: Web) -> dict[str, Any]:
    moment = web.clock()
    kept, found = status.upkeep(web.records), figures(web.records, moment)
    seen = telegram.seen(web.records)
    disk = shutil.disk_usage(web.settings.data if web.settings.data.exists() else "/")
    models = sorted(web.settings.models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return {
        "now": moment,
        "every": EVERY,
        "figures": found,
        "long_queue": found.queue_age > LONG_QUEUE or found.deliveries_age > LONG_QUEUE,
        "times": status.turn_times(web.records),
        "kept": kept,
        "backup_due": kept.backed_up is None or moment - kept.backed_up > BACKUP_DUE,
        "removal_due": kept.removed is None or moment - kept.removed > REMOVAL_DUE,
        "gateway": {"seen": seen, "there": seen is not None and moment - seen < SILENT} if seen else None,
        "disk": {"free": disk.free / 1e9, "total": disk.total / 1e9, "low": disk.free < LITTLE_SPACE * disk.total},
        "model": models[-1].name.removesuffix(".tar.gz") if models else "",
        "retention": retention_times.in_force(web.records, web.settings.keep_chat_days),
        "content": web.syllabus.version,
        "program": _version(),
        "python": sys.version.split()[0],
    }


def _version() -> str:
    try:
        return version("rapport-coach")
    except PackageNotFoundError:  # run from its folder
        return ""
