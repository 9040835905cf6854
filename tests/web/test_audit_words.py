"""The audit in words: names for numbers, no JSON on the page."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from bot.records.audit import Entry
from bot.web.audit_words import people_in, shown
from bot.web.pages import Pages

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)
NAMES = {3: "Lena", 4: "Tom <b>"}


def entry(subject: str, **detail: Any) -> Entry:
    return Entry(1, 4, "x", subject, json.dumps(detail), NOW, "")


@pytest.mark.parametrize(
    ("made", "about", "details"),
    [
        (entry("person/3", cohort="Spring", role="learner"), "Lena (no. 3)", [("group", "Spring"), ("as", "learner")]),
        (
            entry(
                "decision/12",
                person=3,
                statement="d1/4.9",
                outcome="achieved",
                hash="0123456789abcdef01",
                supersedes=None,
            ),
            "decision no. 12",
            [("learner", "Lena (no. 3)"), ("criterion", "D1 4.9"), ("outcome", "met"), ("hash", "0123456789abcdef…")],
        ),
        (
            entry("set/1", people=[3, 9], live=False),
            "question set no. 1",
            [("learners", "Lena (no. 3), no. 9"), ("live", "no")],
        ),
        (
            entry("plan/2", seed=7, rules={"share": 0.2, "risk": True, "unit": ""}),
            "sampling plan no. 2",
            [("drawn by", "share: 20%, risk: yes"), ("seed", "7")],
        ),
        (entry("statement/d1/4.9", people=[4]), "D1 4.9", [("learners", "Tom <b> (no. 4)")]),
        (entry("newly/1", odd_thing="<i>"), "newly no. 1", [("odd thing", "<i>")]),
        (Entry(1, None, "x", "chats", "not json", NOW, ""), "chats", [("", "not json")]),
        (entry("unit/d1"), "unit d1", []),
    ],
)
def test_an_entry_is_read_in_words(made: Entry, about: str, details: list[tuple[str, str]]) -> None:
    found = shown(made, NAMES, Pages(False).word)
    assert (found.about, list(found.details)) == (about, details)


def test_everybody_an_entry_speaks_of_is_looked_up() -> None:
    entries = [entry("person/3"), entry("set/1", people=[5, 6]), entry("decision/1", person=7)]
    assert people_in(entries) == {3, 4, 5, 6, 7}
