"""Where Rasa's trackers are kept."""

from __future__ import annotations

import itertools
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import bindparam, create_engine, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

KEPT_TRACKERS = 500

EVENTS = SQLTrackerStore.SQLEvent.__table__
ADD_EVENTS = insert(EVENTS)
LAST_ID = select(func.max(EVENTS.c.id)).where(EVENTS.c.sender_id == bindparam("sender"))


class DirectSQLTrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store; on SQLite with kept connections in WAL mode, waiting for other writers.

    The tracker of the last turn is kept in memory and used again if no other event was stored since. It is taken out
    while a turn runs and put back when the turn is saved, so a turn that fails leaves nothing behind.
    """

    def __init__(self, url: str, domain: Optional[Domain] = None, broker: Optional[EventBroker] = None) -> None:
        self._kept: OrderedDict[str, tuple[DialogueStateTracker, int]] = OrderedDict()
        self._stored: dict[str, int] = {}
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

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The tracker of the latest session; None for a new conversation."""
        kept = self._kept.pop(sender_id, None)
        tracker: Optional[DialogueStateTracker]
        if kept is not None and self._unchanged(sender_id, kept[1]):
            tracker = kept[0]
        else:
            tracker = await super().retrieve(sender_id)
        self._stored[sender_id] = len(tracker.events) if tracker is not None else 0
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Add the events that are new since `retrieve`."""
        stored = self._stored.pop(tracker.sender_id, None)
        if stored is None:
            await super().save(tracker)
            return
        await self.stream_events(tracker)
        new = list(itertools.islice(tracker.events, stored, None))
        with self.engine.begin() as connection:
            if new:
                connection.execute(ADD_EVENTS, [_row(tracker.sender_id, e) for e in new])
            last = _last_id(connection, tracker.sender_id)
        if not any(isinstance(e, SessionStarted) for e in new):  # after one only the new session's events count
            self._kept[tracker.sender_id] = (tracker, last)
            if len(self._kept) > KEPT_TRACKERS:
                self._kept.popitem(last=False)

    def _unchanged(self, sender_id: str, last: int) -> bool:
        with self.engine.connect() as connection:
            return _last_id(connection, sender_id) == last


def _last_id(connection: Any, sender_id: str) -> int:
    return connection.execute(LAST_ID, {"sender": sender_id}).scalar() or 0


def _row(sender_id: str, event_: Any) -> dict[str, Any]:
    """An event as Rasa's own store writes it."""
    data = event_.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event_.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _wal(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")
