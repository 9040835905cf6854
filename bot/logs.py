"""Logs as one JSON object a line, without anything that a person typed.

Keys: at (UTC), level, part (dialogue, web, telegram), logger, conversation (the person's number, where one is worked
on), says, error (its kind), trace (file:line of each call, no values: a database's error names the row it was about).
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any, Optional

CONVERSATION: ContextVar[Optional[int]] = ContextVar("conversation", default=None)


class Lines(logging.Formatter):
    """Makes the lines of one `part`; `hide` has the last word on each."""

    def __init__(self, part: str, hide: Callable[[str], str] = str) -> None:
        super().__init__()
        self.part, self.hide = part, hide

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        made: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": self.part,
            "logger": record.name,
            "conversation": CONVERSATION.get(),
            "says": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            made["error"] = record.exc_info[0].__name__
            made["trace"] = [f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(record.exc_info[2])]
        return self.hide(json.dumps({k: v for k, v in made.items() if v is not None}, ensure_ascii=False))


def log_lines(part: str, level: int = logging.WARNING, hide: Callable[[str], str] = str) -> Lines:
    """Set up the logging of this process; servers of uvicorn must be made with `log_config=None`."""
    handler, lines = logging.StreamHandler(), Lines(part, hide)
    handler.setFormatter(lines)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    return lines
