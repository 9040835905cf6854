"""The dialogue processes as a channel sees them: which are there, and which one works a message off.

A person's messages go to the same process as long as it is there, as it remembers the conversation. Nothing depends on
it: the records and the tracker store hold the truth, and any process can take any message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Optional
from urllib.parse import urlsplit

import httpx
import msgspec

from bot.errors import DialogueUnavailable
from bot.lines import Broken, Lines
from bot.records.messages import Queued

LOOK_EVERY = 2.0  # seconds; a process that is back is found no later than this
PATIENCE = 5.0  # seconds for a process to say that it is ready


class Answer(msgspec.Struct):
    """What of a process's answer to a turn counts here."""

    more: Optional[bool] = None


class Turn(msgspec.Struct):
    """What a process is asked: to work off a kept message. The message itself it reads from the records."""

    message_id: str
    person_id: int


class Process:
    """One dialogue process at `url`."""

    def __init__(self, url: str, client: httpx.AsyncClient, lines: Lines) -> None:
        self.url, self._client, self._lines = url, client, lines
        self.ready = False
        self.busy = 0  # turns that it works on for us

    async def look(self) -> None:
        """Ask whether it is ready. One that works for us is judged by its turns, however slow it is to answer."""
        if not (self.ready and self.busy):
            self.ready = await is_ready(self._client, self.url)

    async def work_off(self, message: Queued) -> Optional[bool]:
        """Hand over one message; whether the person has more that wait.

        DialogueUnavailable with `failed` when it was reached and the turn failed.
        """
        turn = Turn(message.message_id, message.person_id)
        self.busy += 1
        try:
            status, body = await self._lines.post(self.url, "/turn", msgspec.json.encode(turn))
        except Broken as error:
            self.ready = False
            raise DialogueUnavailable(f"{self.url} does not answer ({error}).") from error
        finally:
            self.busy -= 1
        if status != 200:
            failed = ("failed",) if status == 500 else ()
            raise DialogueUnavailable(f"The turn failed ({status}).", *failed)
        try:
            return msgspec.json.decode(body, type=Answer).more
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


class Dialogues:
    """All processes behind `urls`: a host name with several addresses stands for a process at each of them."""

    def __init__(self, urls: Sequence[str], secret: str, timeout: float) -> None:
        self.urls = urls
        self._client = httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}, trust_env=False)
        self._lines = Lines(secret, timeout + 10)
        self._known: dict[str, Process] = {}
        self._look: Optional[asyncio.Task[None]] = None
        self._watch: Optional[asyncio.Task[None]] = None

    async def work_off(self, message: Queued) -> Optional[bool]:
        """Hand over to a process that is ready; DialogueUnavailable if none is, or if it fails."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._keep_looking())
        if not any(process.ready for process in self._known.values()):
            await self.look()
        process = self._choose(message.person_id)
        if process is None:
            raise DialogueUnavailable("The dialogue process does not answer.")
        return await process.work_off(message)

    async def look(self) -> None:
        """Find the processes and ask each whether it is ready; who comes meanwhile waits for the same look."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_at_all())
        await asyncio.shield(self._look)

    async def close(self) -> None:
        """Close the connections."""
        tasks = [task for task in (self._watch, self._look) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lines.close()
        await self._client.aclose()

    def _choose(self, person_id: int) -> Optional[Process]:
        """The person's own process, unless it is away or has two turns more in hand than another."""
        every = list(self._known.values())
        ready = [process for process in every if process.ready]
        if not ready:
            return None
        own = every[person_id % len(every)]
        idlest = min(ready, key=lambda process: process.busy)
        return own if own.ready and own.busy <= idlest.busy + 1 else idlest

    async def _look_at_all(self) -> None:
        there = await addresses(self.urls)
        self._known = {url: self._known.get(url) or Process(url, self._client, self._lines) for url in there}
        await asyncio.gather(*(process.look() for process in self._known.values()))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()


async def addresses(urls: Sequence[str]) -> list[str]:
    """`urls` with each host name replaced by its addresses, in a fixed order; what cannot be resolved is left out."""
    loop = asyncio.get_running_loop()
    found: dict[str, None] = {}
    for url in urls:
        parts = urlsplit(url)
        port = parts.port or 80
        try:
            resolved = await loop.getaddrinfo(parts.hostname or "", port)
        except OSError:
            continue
        for host in sorted({str(where[0]) for *_, where in resolved}):
            found[f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"] = None
    return list(found)


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    """Whether the process at `url` says that it is ready."""
    try:
        return (await client.get(f"{url}/healthz", timeout=PATIENCE)).status_code == 200
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
