"""Whether it lives, whether all parts are there, and figures for a monitoring system (Prometheus' text form)."""

from __future__ import annotations

import asyncio
import hmac

import httpx
import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.dialogues import addresses, is_ready
from bot.records import reports
from bot.records.figures import figures
from bot.records.status import turn_times
from bot.web.guard import Web

FRESH = {"cache-control": "no-store"}
LOOPBACK = {"127.0.0.1", "::1"}
TURNS = "rapport_turn_seconds"
HELP = {
    "waiting": "messages of learners not yet worked off",
    "queue_age": "seconds the oldest of them has waited",
    "failed_share": "share of the latest 1000 messages that were given up",
    "not_sure_share": "share of the latest 1000 answers on which the marking was not sure",
    "deliveries_waiting": "replies not yet carried to another channel",
    "deliveries_age": "seconds the oldest of them has waited",
}


def healthz(request: Request, web: Web) -> Response:
    """Alive, and the records can be read; 503 if they cannot."""
    reports.alive(web.records)
    return PlainTextResponse("ok", headers=FRESH)


async def readyz(request: Request, web: Web) -> Response:
    """200 if every part answers, else 503; a line for each part. One dialogue process of several is enough."""
    there, all_ = await dialogues_there(web)
    dialogue = "away" if not there else "ok" if there == all_ else f"ok ({there} of {all_})"
    parts = {"database": "ok" if await _database(web) else "away", "dialogue": dialogue}
    text = "".join(f"{name}: {state}\n" for name, state in parts.items())
    return PlainTextResponse(text, 503 if "away" in parts.values() else 200, FRESH)


def metrics(request: Request, web: Web) -> Response:
    """The figures, for this machine or whoever has the token."""
    if not _may_look(request, web.settings.metrics_token):
        return PlainTextResponse("Only from this machine, or with RAPPORT_METRICS_TOKEN as the bearer.\n", 403, FRESH)
    lines = []
    for name, value in msgspec.structs.asdict(figures(web.records, web.clock())).items():
        metric = f"rapport_{name}" + ("_seconds" if name.endswith("_age") else "")
        lines += [f"# HELP {metric} {HELP[name]}", f"# TYPE {metric} gauge", f"{metric} {value:g}"]
    lines += [f"# HELP {TURNS} seconds of the latest 1000 turns, by stage", f"# TYPE {TURNS} gauge"]
    for stage, times in turn_times(web.records).items():
        for share, value in (("0.5", times.p50), ("0.95", times.p95)):
            lines.append(f'{TURNS}{{stage="{stage}",quantile="{share}"}} {value:g}')
    return Response("\n".join(lines) + "\n", headers=FRESH, media_type="text/plain; version=0.0.4")


async def _database(web: Web) -> bool:
    try:
        await run_in_threadpool(reports.alive, web.records)
    except SQLAlchemyError:
        return False
    return True


async def dialogues_there(web: Web) -> tuple[int, int]:
    """How many dialogue processes are ready, of how many."""
    there = await addresses(web.settings.dialogue_urls)
    async with httpx.AsyncClient(trust_env=False) as client:
        ready = await asyncio.gather(*(is_ready(client, url) for url in there))
    return sum(ready), len(there)


def _may_look(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    # What a proxy on this machine passes on comes from elsewhere.
    passed_on = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
    return request.client is not None and request.client.host in LOOPBACK and not passed_on
