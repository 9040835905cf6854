from __future__ import annotations

import re
import threading
import time
from datetime import datetime, timezone

import httpx

from bot.records import messages, people
from bot.records.messages import Reply


class Listener:
    """Reads an event stream in a thread; `.events` are (id, name, data)."""

    def __init__(self, url, token, after=0, last=None):
        self.events, self.ended, self.client = [], threading.Event(), httpx.Client(trust_env=False, timeout=30)
        headers = {"cookie": f"rapport-session={token}", **({"last-event-id": str(last)} if last else {})}
        self.request = self.client.stream("GET", f"{url}/chat/stream?after={after}", headers=headers)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            with self.request as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                text = ""
                for piece in answer.iter_text():
                    *blocks, text = (text + piece).split("\n\n")
                    for block in blocks:
                        fields = [entry.partition(": ") for entry in block.split("\n")]
                        data = "\n".join(v for k, _, v in fields if k == "data")
                        values = {k: v for k, _, v in fields}
                        if "event" in values:
                            self.events.append((values.get("id"), values["event"], data))
        except httpx.HTTPError:
            pass
        self.ended.set()

    def wait(self, n, name="message", seconds=6):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [e for e in self.events if e[1] == name]
            if len(found) >= n:
                return found
            time.sleep(0.02)
        raise AssertionError(f"only {self.events}")


def _session(centre, person):
    return people.open_session(centre.records, person, centre.now)


def test_stream_delivers_both_directions_at_once(live, centre):
    """What is posted comes back with the coach's reply, as escaped fragments with ids, within a second or two."""
    token, csrf = _session(centre, centre.learner)
    listener = Listener(live.url, token)
    listener.wait(1, "waiting")
    begun = time.monotonic()
    httpx.post(
        f"{live.url}/chat/messages",
        data={"text": "<b>hi</b>\nsecond\u2028line", "message_id": "12345678"},
        headers={"cookie": f"rapport-session={token}", "x-csrf-token": csrf, "x-requested-with": "fetch"},
        trust_env=False,
    ).raise_for_status()
    mine, reply = listener.wait(2)
    assert time.monotonic() - begun < 2
    assert "&lt;b&gt;hi&lt;/b&gt;\nsecond\u2028line" in mine[2]
    assert f'data-key="web-{centre.learner}-12345678"' in mine[2]
    assert "You said" in reply[2] and f'id="m-{reply[0]}"' in reply[2] and 'name="payload"' in reply[2]
    assert csrf in reply[2]


def test_stream_shows_what_other_channels_bring(live, centre):
    """A message kept by another process is there within a few seconds."""
    token, _ = _session(centre, centre.learner)
    listener = Listener(live.url, token)
    listener.wait(1, "waiting")
    with centre.records.begin() as tx:
        messages._out(tx, "t-1", centre.learner, "telegram", Reply("from the phone"), "x", datetime.now(timezone.utc))
        messages._out(tx, "t-2", centre.stranger, "telegram", Reply("not for Lena"), "x", datetime.now(timezone.utc))
    (found,) = listener.wait(1)
    assert "from the phone" in found[2] and "Telegram" in found[2]


def test_stream_goes_on_after_the_last_event(live, centre):
    """After a lost connection nothing is missing and nothing comes twice."""
    with centre.records.begin() as tx:
        for i in range(3):
            reply = Reply(f"number {i}")
            messages._out(tx, f"n-{i}", centre.learner, "web", reply, "x", datetime.now(timezone.utc))
    ids = [m["id"] for m in centre.chat(centre.learner)]
    token, _ = _session(centre, centre.learner)
    listener = Listener(live.url, token, after=0, last=ids[1])
    (found,) = listener.wait(1)
    assert found[0] == str(ids[2]) and "number 2" in found[2]


def test_a_stop_ends_open_streams_at_once(live, centre):
    """Ctrl-C does not wait for browsers."""
    token, _ = _session(centre, centre.learner)
    listener = Listener(live.url, token)
    listener.wait(1, "waiting")
    assert live.stop() < 3
    assert listener.ended.wait(2)


def test_the_waiting_line_comes_and_goes(live, centre, dialogue):
    """It is on while a reply is awaited and off after it."""
    token, csrf = _session(centre, centre.learner)
    listener = Listener(live.url, token)
    listener.wait(1, "waiting")
    messages.accept(centre.records, "slow-1", centre.learner, "telegram", "hello", None, datetime.now(timezone.utc))
    listener.wait(2)
    time.sleep(0.2)
    assert re.sub(r"\s", "", listener.wait(1, "waiting")[-1][2]) == ""
