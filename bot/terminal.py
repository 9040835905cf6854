"""The same coach in a terminal, against a running system."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any, Optional, TextIO

from bot import bootstrap
from bot.dialogues import Dialogues
from bot.errors import BadInput, DialogueUnavailable
from bot.records import messages, people
from bot.records.store import Records
from bot.relay import Relay
from bot.relay_texts import relay_texts
from bot.settings import Settings, run_file

PATIENCE = 120.0  # seconds to wait for one reply


def find_learner(records: Records, who: Optional[str]) -> int:
    """The learner named `who`, or the demo learner."""
    if who is None:
        return bootstrap.demo_people(records)["learner"]
    found = [p for p in people.named(records, who) if "learner" in p.roles]
    if len(found) != 1:
        count = "no learner" if not found else f"{len(found)} learners"
        raise BadInput(f"There is {count} called {who!r}. `rapport people list` shows all with their ids.")
    return found[0].id


def chat(settings: Settings, who: Optional[str], lines: TextIO, out: TextIO) -> None:
    """Send each line, print what comes back."""
    try:
        run = json.loads(run_file(settings.data).read_text())
    except (OSError, ValueError):
        raise DialogueUnavailable("Rapport is not running here. Start it in another terminal: make run") from None
    records = bootstrap.records()
    person_id = find_learner(records, who)
    asyncio.run(_chat(records, run, settings, person_id, lines, out))


async def _chat(
    records: Records, run: dict[str, Any], settings: Settings, person_id: int, lines: TextIO, out: TextIO
) -> None:
    dialogue = Dialogues(run["dialogue_urls"], run["dialogue_secret"], settings.turn_timeout)
    relay = Relay(records, dialogue, bootstrap.utc_now, relay_texts(), settings.notice_after)
    interactive = lines.isatty()
    recent = messages.history(records, person_id, limit=1)
    last = int(recent[-1]["id"]) if recent else 0
    if interactive:
        print("Type to the coach; Ctrl-D ends. Try: quiz me on the cost of new customers", file=out)
    try:
        while True:
            if interactive:
                print("> ", end="", file=out, flush=True)
            line = await asyncio.to_thread(lines.readline)
            if not line:
                return
            text = line.strip()
            if not text:
                continue
            if not interactive:
                print(f"> {text}", file=out)
            message_id = f"terminal-{person_id}-{uuid.uuid4().hex}"
            await relay.accept(person_id, "terminal", message_id, text)
            last = await _print_until_done(records, relay, person_id, message_id, last, out)
    finally:
        await relay.stop()
        await dialogue.close()


async def _print_until_done(
    records: Records, relay: Relay, person_id: int, message_id: str, last: int, out: TextIO
) -> int:
    """Print what is new until the message is closed and all its replies are out; the last id printed."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        new = messages.history(records, person_id, after=last)
        row = messages.find(records, message_id)
        if row["status"] != "queued":
            new = messages.history(records, person_id, after=last)
        for message in new:
            last = message["id"]
            if message["direction"] == "out":
                print(message["text"], file=out)
                for letter, button in zip("abcde", message["buttons"]):
                    if str(button["payload"]).startswith("/choose"):
                        print(f"  {letter}) {button['title']}", file=out)
        out.flush()
        if row["status"] != "queued":
            return last
        if loop.time() > deadline:
            raise DialogueUnavailable("No reply yet. Your message is kept and will be answered; look again later.")
        await relay.changed(person_id, 0.2)


def stdin() -> TextIO:
    """Standard input as UTF-8, whatever the terminal says."""
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    return sys.stdin
