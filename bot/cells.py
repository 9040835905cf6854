"""Cells of a spreadsheet: what people typed must never be run as a formula."""

from __future__ import annotations


def harmless(text: str) -> str:
    """`text` that a spreadsheet will not take for a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@", "|", "%"} or text[:1] in {"\t", "\r", "\n"} else text
