"""Build the Rasa Agent: our own model, actions in this process, the tracker store without its fail-safe wrapper."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from bot.dialogue import patches
from bot.dialogue.quiet import quiet
from bot.errors import ModelError

log = logging.getLogger(__name__)

LONGEST_SESSION = 60  # events


class TurnAborted(BaseException):
    """An action failed or hung. Not an Exception, so that Rasa cannot swallow it: the turn is not saved at all."""


class InProcessActions(EndpointConfig):
    """Runs the custom actions of `actions/` right here; what goes wrong in one aborts the turn."""

    def __init__(self, timeout: float) -> None:
        super().__init__(url="in-process", enable_selective_domain=True)
        self.executor = ActionExecutor()
        self.executor.register_package("actions")
        self.timeout = timeout

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        """Answer an action call; TurnAborted where the action raises or takes longer than `timeout` seconds."""
        call = kwargs["json"]
        try:
            # In a thread: a hanging action must not stop the other conversations.
            return await asyncio.wait_for(asyncio.to_thread(_run, self.executor.run(call)), self.timeout)
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


class DirectSQLTrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store; on SQLite with kept connections in WAL mode, waiting for other writers."""

    def __init__(self, url: str, domain: Optional[Domain] = None, broker: Optional[EventBroker] = None) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            super().__init__(
                domain=domain,
                dialect=parsed.drivername,
                host=parsed.host,
                port=parsed.port,
                db=parsed.database,
                username=parsed.username,
                password=parsed.password,
                event_broker=broker,
                query=dict(parsed.query),
            )
            return
        Path(parsed.database or ".").parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain=domain, dialect="sqlite", db=parsed.database, event_broker=broker)
        self.engine.dispose()
        # SQLAlchemy 1.4 opens a SQLite file anew for every transaction unless told otherwise.
        connect = {"timeout": 15, "check_same_thread": False}
        self.engine: Any = create_engine(url, poolclass=QueuePool, connect_args=connect)
        event.listen(self.engine, "connect", _wal)
        self.sessionmaker = sessionmaker(bind=self.engine)


def _wal(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _long_session(expired: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A session also ends when it has grown long: a turn's cost grows with its events, and nothing is lost by it."""

    def inner(tracker: Any) -> bool:
        return len(tracker.events) > LONGEST_SESSION or expired(tracker)

    return inner


def newest_model(folder: Path) -> Path:
    """The newest trained model; ModelError with the way out if there is none."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda p: p.stat().st_mtime)
    if not models:
        raise ModelError(f"There is no trained model in {folder}. Run `rapport train` (about a minute).")
    return models[-1]


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
    agent.processor._has_session_expired = _long_session(agent.processor._has_session_expired)
    # Agent wraps the store so that database errors vanish; a learner's answer would vanish with them.
    raw.domain = agent.domain
    agent.tracker_store = agent.processor.tracker_store = raw
    return agent
