"""Keeps the bot's token and the webhook's secret out of everything that is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Optional

from bot.logs import log_lines

TOKEN = re.compile(r"\b\d{3,20}:[A-Za-z0-9_-]{20,}|(?<=/bot)[^/\s]{10,}(?=/)")
HIDDEN = "<hidden>"


def hide(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets and without anything that looks like a bot token."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    return TOKEN.sub(HIDDEN, text)


def log_safely(*secrets: str, level: int = logging.WARNING) -> None:
    """Set up logging of this process, and what an uncaught error prints."""
    formatter = log_lines("telegram", level, lambda line: hide(line, secrets))
    for name in ("httpx", "httpcore"):  # they log every address, and the token is part of it
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("telegram.ext.AIORateLimiter", "telegram.Bot"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a full traceback for each flood limit; we handle it

    def uncaught(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        print(hide(formatter.formatException((kind, error, trace)), secrets), file=sys.stderr)

    sys.excepthook = uncaught
