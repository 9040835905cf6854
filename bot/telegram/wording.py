"""Text as Telegram takes it: HTML-escaped, cut at sentences below its limit, buttons as a keyboard. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Optional

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

LONGEST = 4096  # UTF-16 units, as Telegram counts
LONGEST_TITLE = 60
SENTENCE_END = re.compile(r"[.!?…]['”’\")]*\s+|\n+")
PRESS = re.compile(r"b:(\d{1,18}):(\d{1,3})")


def escape(text: str) -> str:
    """`text` so that Telegram's HTML shows it as it is."""
    return html.escape(text, quote=False)


def length(text: str) -> int:
    """The length that counts: UTF-16 units of the escaped text."""
    return len(escape(text).encode("utf-16-le")) // 2


def parts(text: str, longest: int = LONGEST) -> list[str]:
    """`text` in pieces no longer than `longest` once escaped, cut after a sentence, else a word, else anywhere."""
    found = []
    rest = text.strip()
    while length(rest) > longest:
        cut = _cut(rest, longest)
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*found, rest] if rest else found


def _cut(text: str, longest: int) -> int:
    low, high = 1, min(len(text), longest)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text[:middle]) <= longest else (low, middle - 1)
    fits = low
    sentence = max((m.end() for m in SENTENCE_END.finditer(text, 0, fits + 1) if m.end() > fits // 4), default=0)
    return sentence or max(text.rfind(" ", fits // 4, fits + 1), 0) or fits


def keyboard(row_id: int, buttons: Sequence[dict[str, str]]) -> Optional[InlineKeyboardMarkup]:
    """The buttons of a message, each known by the message's row and its place; two in a line where they are short."""
    if not buttons:
        return None
    made = [InlineKeyboardButton(_title(b["title"]), callback_data=f"b:{row_id}:{i}") for i, b in enumerate(buttons)]
    wide = 1 if any(len(b["title"]) > 16 for b in buttons) else 2
    return InlineKeyboardMarkup([made[i : i + wide] for i in range(0, len(made), wide)])


def _title(text: str) -> str:
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1].rstrip() + "…"


def press(data: str) -> Optional[tuple[int, int]]:
    """The message's row and the button's place in callback data of ours."""
    found = PRESS.fullmatch(data)
    return (int(found[1]), int(found[2])) if found else None
