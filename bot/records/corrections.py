"""A message that its writer has edited: may the new wording still count, and which button of which message is that?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Optional

import msgspec
from sqlalchemy import select

from bot.records import tables as t
from bot.records.store import Records, Tx

Fate = Literal["open", "closed", "same", "unknown"]
M = t.message.c


class Pressed(msgspec.Struct, frozen=True):
    """A button as it was offered; `newest`: no later message of the coach has buttons."""

    title: str
    payload: str
    newest: bool


def fate(records: Records, person_id: int, message_id: str, text: str) -> Fate:
    """Whether an edited message may be answered anew.

    "open": it (or its last edited version) is the learner's last answer, and its question is still open. "same": the
    words did not change. "unknown": no such message. "closed": all else.
    """
    with records.reading() as tx:
        first = tx._one(select(M.text).where(M.message_id == message_id, M.person_id == person_id))
        if first is None:
            return "unknown"
        versions = _versions(tx, person_id, message_id)
        if (versions[-1][1] if versions else first["text"]).strip() == text.strip():
            return "same"
        ids = {message_id, *(v[0] for v in versions)}
        last = tx.last_attempt(person_id)
        opened = tx._one(
            select(t.exercise.c.id, t.exercise.c.kind, t.exercise.c.state).where(
                t.exercise.c.person_id == person_id, t.exercise.c.closed_at.is_(None)
            )
        )
    if last is None or last["message_id"] not in ids or opened is None or opened["id"] != last["exercise_id"]:
        return "closed"
    state = opened["state"]
    still = state.get("question") == last["question_id"] and not state.get("paused")
    return "open" if still else "closed"


def later_versions(tx: Tx, message_ids: Sequence[str]) -> set[str]:
    """Those of the messages that are a later version of another one."""
    rows = tx._all(select(M.message_id, M.extra).where(M.message_id.in_(message_ids)))
    return {r["message_id"] for r in rows if (r["extra"] or {}).get("corrects")}


def _versions(tx: Tx, person_id: int, message_id: str) -> list[tuple[str, str]]:
    """Later versions of a message, oldest first: id and text."""
    rows = tx._all(
        select(M.message_id, M.text, M.extra)
        .where(M.person_id == person_id, M.direction == "in", M.extra.is_not(None))
        .order_by(M.id)
    )
    return [(r["message_id"], r["text"]) for r in rows if (r["extra"] or {}).get("corrects") == message_id]


def pressed(records: Records, person_id: int, row_id: int, index: int) -> Optional[Pressed]:
    """Button `index` of the person's message `row_id`; None if there is no such button."""
    with records.reading() as tx:
        row = tx._one(select(M.extra).where(M.id == row_id, M.person_id == person_id, M.direction == "out"))
        later = tx._all(select(M.extra).where(M.person_id == person_id, M.direction == "out", M.id > row_id).limit(200))
    buttons = ((row["extra"] or {}).get("buttons") or []) if row else []
    if not 0 <= index < len(buttons):
        return None
    newest = not any((r["extra"] or {}).get("buttons") for r in later)
    return Pressed(buttons[index]["title"], buttons[index]["payload"], newest)
