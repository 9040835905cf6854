"""The dialogue process's small server: loopback only, with a shared secret."""

from __future__ import annotations

import gc

from bot.dialogue.absent import leave_out

if __name__ == "__main__":
    gc.disable()  # while all is loaded: going through it again and again takes half a second; `main` ends it
    leave_out()

import os
import secrets
import sys
from collections.abc import Awaitable, Callable

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import bootstrap
from bot.dialogue.agent import build_agent, newest_model
from bot.dialogue.forking import run_in_forks
from bot.dialogue.turns import TurnFailed, Turns, TurnTaken
from bot.dialogues import Turn
from bot.errors import RapportError, SettingsError
from bot.logs import log_lines


def create_app(turns: Turns, secret: str, afterwards: Callable[[], None] = lambda: None) -> Starlette:
    """`POST /turn` with a `Turn` works its message off; `GET /healthz` answers once loaded.

    `afterwards` is called in a thread when a turn has been answered: for what can wait until the learner reads.
    """

    def guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def inner(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not secrets.compare_digest(given.encode(), f"Bearer {secret}".encode()):
                return JSONResponse({"error": "unauthorised"}, 401)
            return await handler(request)

        return inner

    async def turn(request: Request) -> Response:
        try:
            asked = msgspec.json.decode(await request.body(), type=Turn)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return JSONResponse({"error": "a message's id and its person's as a JSON object are needed"}, 400)
        try:
            worked = await turns.work_off(asked.message_id, asked.person_id)
        except KeyError:
            return JSONResponse({"error": "no such message"}, 404)
        except TurnTaken as taken:
            return JSONResponse({"error": str(taken)}, 503)
        except TurnFailed as failed:
            return JSONResponse({"error": str(failed)}, 500)
        answer = {"replies": len(worked.replies), "more": worked.more}
        return JSONResponse(answer, background=BackgroundTask(afterwards))

    async def healthz(request: Request) -> Response:
        return JSONResponse({"ok": True})

    return Starlette(routes=[Route("/turn", guarded(turn), methods=["POST"]), Route("/healthz", healthz)])


class Server(uvicorn.Server):
    """Ends with the process that started it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.parent = os.getppid()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to stop."""
        return await super().on_tick(counter) or os.getppid() != self.parent


def main() -> None:
    """Load everything and serve until stopped; one clear sentence and exit code 1 if something is missing."""
    log_lines("dialogue")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    try:
        settings = bootstrap.settings()
        if not settings.dialogue_secret:
            raise SettingsError("RAPPORT_DIALOGUE_SECRET is not set; `rapport up` sets it by itself.")
        bootstrap.coach()  # content, records and marking first: their errors are the likelier ones
        agent = build_agent(newest_model(settings.models), settings.tracker_url, settings.turn_timeout)
    except RapportError as error:
        sys.exit(str(error))
    turns = Turns(agent, bootstrap.records(), bootstrap.utc_now)
    app = create_app(turns, settings.dialogue_secret, bootstrap.marker().catch_up)
    places = settings.dialogue_listen

    def serve(number: int) -> None:
        host, _, port = places[number].rpartition(":")
        config = uvicorn.Config(
            app, host=host.strip("[]"), port=int(port), log_level="warning", log_config=None, ws="none",
            timeout_keep_alive=30, timeout_graceful_shutdown=25,
        )  # fmt: skip
        Server(config).run()

    # What is loaded now stays: the collector need not look at its million objects again in the middle of a turn.
    gc.collect()
    gc.freeze()
    gc.enable()
    if len(places) == 1:
        serve(0)
        return
    for engine in (bootstrap.records().engine, agent.tracker_store.engine):
        engine.dispose()  # a connection must not be shared
    run_in_forks(len(places), serve)


if __name__ == "__main__":
    main()
