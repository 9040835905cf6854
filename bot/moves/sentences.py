"""Cutting a chat message into sentences: stops may be missing, capitals too; a comma never cuts."""

from __future__ import annotations

import re

MAX_CHARACTERS = 2_500
MAX_SENTENCES = 40
_ENDS = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+|(?<=[a-z]{2}[!?])(?=[A-Za-z])|(?<=[a-z]{3}\.)(?=[A-Z][a-z])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|no|approx|e\.g|i\.e|eg|ie|etc|vs|tel|ext|ref|inc|ltd|a\.m|p\.m)|\b[A-Za-z])\.$", re.I
)

_SIGNATURE = re.compile(
    r"[-–—^*/~]\s?[A-Za-z]{1,3}\.?|(?!OK|NO|HI|SO|GO|UP)[A-Z]{2}\.?|https?://\S+"
)  # at the end of a message


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a message, each stripped; () where there is nothing with a letter, digit or sign to read."""
    out: list[str] = []
    for piece in _pieces(text[:MAX_CHARACTERS]):
        if not piece:
            continue
        if out and (
            _ABBREVIATION.search(out[-1]) or not any(c.isalnum() for c in piece) or _SIGNATURE.fullmatch(piece)
        ):
            out[-1] = f"{out[-1]} {piece}"
        else:
            out.append(piece)
    return tuple(out[:MAX_SENTENCES])


def _pieces(text: str) -> list[str]:
    return [" ".join(piece.split()) for piece in _ENDS.split(text)]
