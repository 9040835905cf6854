"""When a claim on a message or a delivery holds: one rule for all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_

BELIEVED = timedelta(minutes=5)  # a claim that reaches farther ahead was made by a clock that went wrong


def free(until: Any) -> Any:
    """The condition that nobody holds it: never claimed, no longer, or not to be believed; with the values of `at`."""
    return or_(until.is_(None), until <= bindparam("now"), until > bindparam("far"))


def at(now: datetime) -> dict[str, datetime]:
    """The values that `free` needs."""
    return {"now": now, "far": now + BELIEVED}
