"""Odd messages and dying processes: an ordinary reply, nothing lost, nothing twice."""

from __future__ import annotations

import html
import time

import pytest

from bot.records import messages, people
from bot.relay_texts import relay_texts
from tests.e2e.conftest import Learner, System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ODD = [
    "x" * 10_000,
    "😀👍🎉",
    "Je ne sais pas, les clients sont importants pour nous",
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE attempt; --",
    "**bold** _it_ [a](javascript:alert(1)) `code`",
    "a\x00b\x07c\x1b[31m\u202e\ufeff",
    "{organisation} {0[slot]} {{7*7}} %s ${HOME}",
    "/stop/../../etc/passwd",
    "\u0627\u0644\u0639\u0645\u0644\u0627\u0621",
]


def demo_learner(system: System) -> int:
    """The demo learner's id."""
    person = people.demo_person(system.records(), "learner")
    assert person
    return person.id


def wait_until_quiet(system: System, person_id: int, patience: float = 60) -> list[dict]:  # type: ignore[type-arg]
    """All messages once none is waiting."""
    deadline = time.monotonic() + patience
    while True:
        rows = messages.history(system.records(), person_id, limit=500)
        if not any(r["status"] == "queued" for r in rows):
            return rows
        assert time.monotonic() < deadline, [r for r in rows if r["status"] == "queued"]
        time.sleep(0.1)


def test_odd_messages_get_an_ordinary_reply_and_are_shown_escaped(system: System) -> None:
    """In mid-question: each is answered, none is an error, all are shown as typed."""
    person_id = demo_learner(system)
    learner = Learner(system.url)
    learner.send("quiz me on 4.9")
    for text in ODD:
        learner.send(text)
    rows = wait_until_quiet(system, person_id)
    for row in rows:
        if row["direction"] == "in":
            assert row["status"] == "done", row
            assert messages.replies_to(system.records(), row["message_id"])
    page = learner.client.get("/chat").text
    assert "<script>alert" not in page and "onerror=alert(1)>" not in page
    assert html.escape("<script>alert('x')</script>", quote=False)[:12] in page
    learner.send("stop")


def test_a_killed_dialogue_process_loses_and_doubles_nothing(system: System) -> None:
    """Told within 5 s, kept, worked off once after the restart, and the conversation goes on where it was."""
    person_id = demo_learner(system)
    learner = Learner(system.url)
    learner.send("quiz me on 4.10")
    wait_until_quiet(system, person_id)
    system.kill_dialogue()
    sent = time.monotonic()
    learner.send("i would ask my manager because i am not allowed to change the price")
    last_in = [r for r in messages.history(system.records(), person_id) if r["direction"] == "in"][-1]
    notices = set(relay_texts().values())
    while True:
        rows = messages.history(system.records(), person_id)
        if any(r["in_reply_to"] == last_in["message_id"] and r["text"] in notices for r in rows):
            break
        assert time.monotonic() - sent < 5
        time.sleep(0.1)
    rows = wait_until_quiet(system, person_id, 90)
    real = [r for r in rows if r["in_reply_to"] == last_in["message_id"] and r["kind"] != "notice"]
    assert real
    from sqlalchemy import select

    from bot.records import tables as t

    with system.records().reading() as tx:
        found = tx._all(select(t.attempt).where(t.attempt.c.message_id == last_in["message_id"]))
    assert len(found) <= 1
    assert "Hint" in learner.send("hint") or "Hint" in str(wait_until_quiet(system, person_id)[-1])
