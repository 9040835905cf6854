"""Build the Rasa Agent: our own model, actions in this process, the tracker store without its fail-safe wrapper."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.tracker_store import TrackerStore
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.dialogue import patches
from bot.dialogue.quiet import quiet
from bot.dialogue.trackers import DirectSQLTrackerStore
from bot.errors import ModelError
from bot.training import unchanged

log = logging.getLogger(__name__)

LONGEST_SESSION = 45  # events
ACTION_THREADS = 16


class TurnAborted(BaseException):
    """An action failed or hung. Not an Exception, so that Rasa cannot swallow it: the turn is not saved at all."""


class InProcessActions(EndpointConfig):
    """Runs the custom actions of `actions/` right here; what goes wrong in one aborts the turn."""

    def __init__(self, timeout: float) -> None:
        super().__init__(url="in-process", enable_selective_domain=True)
        self.executor = ActionExecutor()
        self.executor.register_package("actions")
        self.timeout = timeout
        # Of their own: actions wait for the marker, and nothing else should wait behind them.
        self.threads = ThreadPoolExecutor(ACTION_THREADS, thread_name_prefix="action")

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        """Answer an action call; TurnAborted where the action raises or takes longer than `timeout` seconds."""
        call = kwargs["json"]
        try:
            # In a thread: a hanging action must not stop the other conversations.
            run = asyncio.get_running_loop().run_in_executor(self.threads, _run, self.executor.run(call))
            return await asyncio.wait_for(run, self.timeout)
        except ActionExecutionRejection as rejection:
            body = {"error": str(rejection), "action_name": rejection.action_name}
            raise ClientResponseError(400, "rejected", json.dumps(body)) from rejection
        except asyncio.TimeoutError as error:
            raise TurnAborted(f"{call.get('next_action')} took longer than {self.timeout:g} s") from error
        except Exception as error:
            log.error("%s failed: %s: %s", call.get("next_action"), type(error).__name__, error)
            raise TurnAborted(f"{call.get('next_action')} failed: {type(error).__name__}") from error


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """An action's result; without an event loop, as our actions are ordinary functions that never wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("an action of this project must not await anything")


def _renewed_session(longest_rest: float) -> Callable[[Any], bool]:
    """A session ends after so many minutes of rest (0: never), when it has grown long, or when its last turn broke off.

    A turn's cost grows with its events. Nothing is lost by it: a new session brings the open exercise back.
    """

    def inner(tracker: Any) -> bool:
        broken_off = tracker.latest_action_name not in (None, "action_listen")  # Rasa would stay silent for good
        rested = 0 < longest_rest * 60 < time.time() - tracker.latest_message.timestamp
        return broken_off or len(tracker.events) > LONGEST_SESSION or rested

    return inner


def newest_model(folder: Path) -> Path:
    """The newest trained model, unchanged since; ModelError with the way out if there is none or it was changed."""
    models = sorted(folder.glob("rapport-*.tar.gz"), key=lambda p: p.stat().st_mtime)
    if not models:
        raise ModelError(f"There is no trained model in {folder}. Run `rapport train` (about a minute).")
    return unchanged(models[-1])


def build_agent(
    model: Path, tracker_url: str, timeout: float, store: Optional[Callable[[], TrackerStore]] = None
) -> Agent:
    """The Agent, ready to handle messages."""
    quiet()
    patches.apply()
    raw = store() if store else DirectSQLTrackerStore(tracker_url)
    agent = Agent.load(model_path=str(model), tracker_store=raw, action_endpoint=InProcessActions(timeout))
    if agent.processor is None or agent.domain is None:
        raise ModelError(f"{model} cannot be loaded. Run `rapport train`.")
    agent.processor._has_session_expired = _renewed_session(agent.domain.session_config.session_expiration_time)
    # Agent wraps the store so that database errors vanish; a learner's answer would vanish with them.
    raw.domain = agent.domain
    agent.tracker_store = agent.processor.tracker_store = raw
    return agent
