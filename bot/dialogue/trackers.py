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
from rasa.shared.core.events import BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import bindparam, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from bot.records.prepared import Insert, Prepared

KEPT_TRACKERS = 500

EVENTS = SQLTrackerStore.SQLEvent.__table__
ADD_EVENTS = Insert(EVENTS)
OF_SENDER = EVENTS.c.sender_id == bindparam("sender")
LAST_ID = Prepared(select(func.max(EVENTS.c.id).label("last")).where(OF_SENDER))
SINCE = Prepared(
    select(func.max(EVENTS.c.id).label("last"), func.count().label("added")).where(
        OF_SENDER, EVENTS.c.id > bindparam("last")
    )
)
HEARD = Prepared(
    select(EVENTS.c.id, EVENTS.c.data)
    .where(OF_SENDER, EVENTS.c.type_name == UserUttered.type_name)
    .order_by(EVENTS.c.id.desc())
    .limit(5)  # a message is worked off before the person's next: it is the last, if it is there
)
LATER = Prepared(
    select(EVENTS.c.type_name, EVENTS.c.data).where(OF_SENDER, EVENTS.c.id > bindparam("last")).order_by(EVENTS.c.id)
)
# PostgreSQL: one writer of a conversation at a time, until the transaction ends. SQLite has one writer anyway.
ONE_WRITER = text("SELECT pg_advisory_xact_lock(hashtextextended(:sender, 0))")
BY_SENDER = text("CREATE INDEX IF NOT EXISTS ix_events_sender_id_id ON events (sender_id, id)")


class Overtaken(Exception):
    """Another dialogue process has saved a turn of this conversation since ours began; ours is not saved."""


class DirectSQLTrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store for several processes; kept connections, on SQLite in WAL mode with waiting writers.

    The tracker of the last turn is kept in memory and used again if no other event was stored since. It is taken out
    while a turn runs and put back when the turn is saved, so a turn that fails leaves nothing behind.
    """

    def __init__(self, url: str, domain: Optional[Domain] = None, broker: Optional[EventBroker] = None) -> None:
        self._kept: OrderedDict[str, tuple[DialogueStateTracker, int]] = OrderedDict()
        self._began: dict[str, tuple[int, int]] = {}  # events that were stored when the turn began, id of the last
        parsed = make_url(url)
        self._postgres = parsed.get_backend_name() != "sqlite"
        if not self._postgres:
            Path(parsed.database or ".").parent.mkdir(parents=True, exist_ok=True)
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
        self.engine.dispose()
        self.engine: Any
        if self._postgres:
            self.engine = create_engine(url, pool_pre_ping=True)
            with self.engine.begin() as connection:
                connection.execute(ONE_WRITER, {"sender": "all"})  # of several processes that start, one makes it
                connection.execute(BY_SENDER)
        else:
            # SQLAlchemy 1.4 opens a SQLite file anew for every transaction unless told otherwise.
            connect = {"timeout": 15, "check_same_thread": False}
            self.engine = create_engine(url, poolclass=QueuePool, connect_args=connect)
            event.listen(self.engine, "connect", _wal)
        self.sessionmaker = sessionmaker(bind=self.engine)

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The tracker of the latest session; None for a new conversation."""
        kept = self._kept.pop(sender_id, None)
        with self.engine.connect() as connection:
            last = _last_id(connection, sender_id)  # before the events: what comes between them is noticed when saving
        tracker: Optional[DialogueStateTracker]
        if kept is not None and kept[1] == last:
            tracker = kept[0]
        else:
            tracker = await super().retrieve(sender_id)
        self._began[sender_id] = (len(tracker.events) if tracker is not None else 0, last)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Add the events that are new since `retrieve`; Overtaken if others were added meanwhile."""
        began = self._began.pop(tracker.sender_id, None)
        if began is None:
            await super().save(tracker)
            return
        stored, before = began
        await self.stream_events(tracker)
        new = list(itertools.islice(tracker.events, stored, None))
        with self.engine.begin() as connection:
            if self._postgres:
                connection.execute(ONE_WRITER, {"sender": tracker.sender_id})
            ADD_EVENTS.add_all(connection, [_row(tracker.sender_id, e) for e in new])
            since = SINCE.one(connection, {"sender": tracker.sender_id, "last": before}) or {}
            if since["added"] != len(new):
                raise Overtaken(tracker.sender_id)
        self._kept[tracker.sender_id] = (self._of_session(tracker, new), since["last"] or before)
        if len(self._kept) > KEPT_TRACKERS:
            self._kept.popitem(last=False)

    def _of_session(self, tracker: DialogueStateTracker, new: list[Any]) -> DialogueStateTracker:
        """The tracker with the latest session's events alone, as it would be loaded; `new` are those of this turn."""
        starts = [place for place, event_ in enumerate(new) if isinstance(event_, SessionStarted)]
        if not starts or self.domain is None:
            return tracker
        return DialogueStateTracker.from_events(tracker.sender_id, new[starts[-1] :], self.domain.slots)

    async def said_to(self, sender_id: str, message_id: str) -> Optional[list[BotUttered]]:
        """What the bot said to this message, if the turn was saved already, by whatever process.

        By the order of the events, not by their times as Rasa's own look for a session: a clock may have been wrong.
        """
        with self.engine.connect() as connection:
            heard = HEARD.all(connection, {"sender": sender_id})
            it = json.dumps(message_id)  # hardly any of them holds it: the others need not be read
            found = next(
                (e["id"] for e in heard if it in e["data"] and json.loads(e["data"]).get("message_id") == message_id),
                None,
            )
            if found is None:
                return None
            later = LATER.all(connection, {"sender": sender_id, "last": found})
        answers = itertools.takewhile(lambda each: each["type_name"] != UserUttered.type_name, later)
        events = [Event.from_parameters(json.loads(each["data"])) for each in answers]
        return [each for each in events if isinstance(each, BotUttered)]


def _last_id(connection: Any, sender_id: str) -> int:
    found = LAST_ID.one(connection, {"sender": sender_id}) or {}
    return found["last"] or 0


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
