"""Two dialogue processes on the same databases: what one may not do when the other has done it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from sqlalchemy import text

from bot import bootstrap
from bot.dialogue.server import create_app
from bot.dialogue.trackers import DirectSQLTrackerStore, Overtaken
from bot.records import messages
from bot.settings import ROOT
from bot.training import child_environment
from tests.dialogue.test_silent_turns import ANSWER, in_a_question, once_broken, raising

Stores = tuple[DirectSQLTrackerStore, DirectSQLTrackerStore]


@pytest.fixture
def stores(empty_url: str) -> Iterator[Stores]:
    """Two tracker stores on one database."""
    made = DirectSQLTrackerStore(empty_url, Domain.empty()), DirectSQLTrackerStore(empty_url, Domain.empty())
    yield made
    for store in made:
        store.engine.dispose()


async def say(store: DirectSQLTrackerStore, *texts: str) -> None:
    """A turn in which a person says something."""
    tracker = await store.get_or_create_tracker("person-1")
    for said in texts:
        tracker.update(UserUttered(said, message_id=said))
    await store.save(tracker)


def said(tracker: Any) -> list[str]:
    """What the person said."""
    return [e.text for e in tracker.events if isinstance(e, UserUttered)]


async def test_a_remembered_tracker_is_not_used_when_another_process_took_the_last_turn(stores: Stores) -> None:
    one, two = stores
    await say(one, "a")
    await say(two, "b")
    await say(one, "c")
    assert said(await two.retrieve("person-1")) == ["a", "b", "c"]


async def test_of_two_turns_at_once_one_is_saved_and_the_other_is_told(stores: Stores) -> None:
    one, two = stores
    await say(one, "a")
    late = await two.retrieve("person-1")
    await say(one, "b")
    late.update(UserUttered("too late"))
    with pytest.raises(Overtaken):
        await two.save(late)
    assert said(await two.retrieve("person-1")) == ["a", "b"]
    await say(two, "c")
    assert said(await one.retrieve("person-1")) == ["a", "b", "c"]


async def test_many_turns_at_once_leave_one_whole_conversation(stores: Stores) -> None:
    """From threads, as two processes would: each turn has two messages, and no other comes between them."""

    def turns(store: DirectSQLTrackerStore, name: str) -> list[str]:
        kept = []
        for n in range(30):
            try:
                asyncio.run(say(store, f"{name}{n}", f"{name}{n}+"))
                kept.append(f"{name}{n}")
            except Overtaken:
                continue
        return kept

    await say(stores[0], "start")
    kept = await asyncio.gather(*(asyncio.to_thread(turns, s, n) for s, n in zip(stores, "ab")))
    found = said(await DirectSQLTrackerStore(str(stores[0].engine.url), Domain.empty()).retrieve("person-1"))[1:]
    assert sorted(found[::2]) == sorted(kept[0] + kept[1])
    assert [f"{a}+" for a in found[::2]] == found[1::2]


async def test_what_was_said_is_found_though_the_session_began_by_a_clock_that_was_ahead(stores: Stores) -> None:
    one, two = stores
    ahead = time.time() + 86_400
    tracker = await one.get_or_create_tracker("person-1")
    tracker.update(SessionStarted(timestamp=ahead))
    tracker.update(UserUttered("first", message_id="m1", timestamp=ahead))
    tracker.update(BotUttered("hello", timestamp=ahead))
    await one.save(tracker)
    tracker = await one.retrieve("person-1")
    tracker.update(UserUttered("second", message_id="m2"))  # the clock is right again
    tracker.update(BotUttered("one"))
    tracker.update(BotUttered("two"))
    await one.save(tracker)
    for store in stores:
        assert [e.text for e in await store.said_to("person-1", "m1") or ()] == ["hello"]
        assert [e.text for e in await store.said_to("person-1", "m2") or ()] == ["one", "two"]
        assert await store.said_to("person-1", "m3") is None


def test_postgresql_finds_a_conversations_last_event_by_an_index(stores: Stores) -> None:
    engine = stores[0].engine
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite's index on the sender holds the id anyway")
    with engine.connect() as connection:
        names = "SELECT indexname FROM pg_indexes WHERE tablename = 'events'"
        assert "ix_events_sender_id_id" in connection.execute(text(names)).scalars().all()


async def test_a_process_that_died_after_saving_the_turn_leaves_its_replies_to_the_next(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn is not worked off a second time: the same replies, and the tracker holds it once."""
    await in_a_question(chat)
    real = chat.turns._keep
    kept: list[Any] = []
    monkeypatch.setattr(chat.turns, "_keep", lambda message, replies: kept.append(replies) or raising())
    messages.accept(chat.records, "died", chat.person_id, "test", ANSWER, None, bootstrap.utc_now())
    with pytest.raises(RuntimeError):
        await chat.turns.work_off("died", chat.person_id)
    monkeypatch.setattr(chat.turns, "_keep", real)
    calls = once_broken(monkeypatch, chat.turns.agent, "handle_message", raising)
    replies = (await chat.turns.work_off("died", chat.person_id)).replies
    assert calls == [] and replies == kept[0] and any(r.buttons for r in replies) == any(r.buttons for r in kept[0])
    assert messages.replies_to(chat.records, "died") == replies
    assert [a["message_id"] for a in chat.attempts()].count("died") == 1
    tracker = await chat.turns.agent.tracker_store.retrieve(f"person-{chat.person_id}")
    assert [e.message_id for e in tracker.events if isinstance(e, UserUttered)].count("died") == 1


async def test_a_message_that_another_process_answered_meanwhile_is_not_put_to_rasa_again(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was handed over first and comes late: whoever holds the claim may be gone by then."""
    await in_a_question(chat)
    messages.accept(chat.records, "late", chat.person_id, "test", ANSWER, None, bootstrap.utc_now())
    replies = (await chat.turns.work_off("late", chat.person_id)).replies
    calls = once_broken(monkeypatch, chat.turns.agent, "handle_message", raising)
    assert (await chat.turns.work_off("late", chat.person_id)).replies == replies
    assert calls == []


async def test_who_is_overtaken_gives_the_replies_of_the_other(
    chat: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes work on one message at once: one of them saves it, both have the same replies."""
    from bot.dialogue.turns import Turns

    await in_a_question(chat)
    messages.accept(chat.records, "both", chat.person_id, "test", ANSWER, None, bootstrap.utc_now())
    there = asyncio.Event()
    real = agent.tracker_store.save

    async def slow(tracker: Any) -> None:
        monkeypatch.setattr(agent.tracker_store, "save", real)
        there.set()
        other = DirectSQLTrackerStore(str(agent.tracker_store.engine.url), agent.domain)
        theirs = await other.retrieve(tracker.sender_id)
        theirs.update(UserUttered(ANSWER, message_id="both"))
        await other.save(theirs)
        await asyncio.to_thread(chat.turns._keep, messages.find_in(chat.records, "both"), [messages.Reply("theirs")])
        await real(tracker)

    monkeypatch.setattr(agent.tracker_store, "save", slow)
    worked = await Turns(agent, chat.records, bootstrap.utc_now).work_off("both", chat.person_id)
    assert there.is_set() and [r.text for r in worked.replies] == ["theirs"]
    assert [r.text for r in messages.replies_to(chat.records, "both")] == ["theirs"]
    assert await chat.say("hint")


async def test_who_is_overtaken_before_the_message_is_closed_says_so_and_it_counts_as_no_failure(
    chat: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process has saved the turn and not closed the message yet: 503, and then its replies."""

    async def overtaken(tracker: Any) -> None:
        raise Overtaken(tracker.sender_id)

    monkeypatch.setattr(agent.tracker_store, "save", overtaken)
    messages.accept(chat.records, "taken", chat.person_id, "test", "help", None, bootstrap.utc_now())
    transport = httpx.ASGITransport(app=create_app(chat.turns, "s3cret"))
    headers = {"authorization": "Bearer s3cret"}
    async with httpx.AsyncClient(transport=transport, base_url="http://dialogue", headers=headers) as client:
        asked = {"message_id": "taken", "person_id": chat.person_id}
        assert (await client.post("/turn", json=asked)).status_code == 503
        monkeypatch.undo()
        assert (await client.post("/turn", json=asked)).status_code == 200
    assert messages.replies_to(chat.records, "taken")


FORKS = r"""
import os, sys, time
from bot.dialogue.forking import run_in_forks

def serve(number):
    os.write(1, f"{number} {os.getpid()}\n".encode())  # in one piece
    while os.getppid() == parent:
        time.sleep(0.05)

parent = os.getpid()
run_in_forks(2, serve)
"""


def test_a_forked_process_that_dies_is_replaced_and_all_stop_together() -> None:
    env = child_environment(PYTHONPATH=str(ROOT))
    process = subprocess.Popen([sys.executable, "-c", FORKS], env=env, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        pids = dict(process.stdout.readline().split() for _ in range(2))
        assert set(pids) == {"0", "1"}
        os.kill(int(pids["1"]), signal.SIGKILL)
        number, pid = process.stdout.readline().split()
        assert number == "1" and pid != pids["1"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not any(Path(f"/proc/{each}").exists() for each in (pids["0"], pid))
    finally:
        process.kill()
        process.communicate()


def test_what_is_forked_has_one_thread(model: Path, tmp_path: Path) -> None:
    """A lock that another thread holds at the moment of the fork would stay locked for ever in the new process."""
    code = (
        "import os; from bot import bootstrap; from bot.dialogue.agent import build_agent, newest_model\n"
        "s = bootstrap.settings(); bootstrap.coach(); build_agent(newest_model(s.models), s.tracker_url, 1)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    env = child_environment(RAPPORT_DATA=str(tmp_path), PYTHONPATH=str(ROOT))
    for name in ("OMP_NUM_THREADS", "DATABASE_URL", "RAPPORT_TRACKER_URL"):
        env.pop(name, None)
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, text=True, capture_output=True)
    assert done.stdout.split()[-1:] == ["1"], done.stderr
