"""POST over kept connections to processes of our own: a tenth of what a general HTTP client takes for each."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from typing import Optional
from urllib.parse import urlsplit

CONNECT = 2.0  # seconds to reach a process
MOST_KEPT = 64  # connections to each that nobody uses now
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+) *\r\n", re.IGNORECASE)
LAST = re.compile(rb"\r\nconnection: *close *\r\n", re.IGNORECASE)

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Broken(Exception):
    """No answer: not reached, broken off, too late, or not understood. Whether it was worked off is not known."""


class Lines:
    """Connections to several processes, each used by one request at a time. `timeout` in seconds is for an answer."""

    def __init__(self, secret: str, timeout: float) -> None:
        self._authorization, self.timeout = f"Bearer {secret}", timeout
        self._idle: dict[str, list[Line]] = defaultdict(list)

    async def post(self, url: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to JSON; Broken where there is none."""
        where = urlsplit(url)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {where.netloc}\r\nauthorization: {self._authorization}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        line: Optional[Line] = None
        again = False
        try:
            line = self._kept(url)
            if line is None:
                line = await asyncio.wait_for(asyncio.open_connection(where.hostname, where.port or 80), CONNECT)
            reader, writer = line
            writer.write(head.encode() + body)
            status, answer, again = await asyncio.wait_for(_answer(reader), self.timeout)
            return status, answer
        except (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError) as error:
            raise Broken(type(error).__name__) from error
        finally:
            if line is not None and again and len(self._idle[url]) < MOST_KEPT:
                self._idle[url].append(line)
            elif line is not None:
                line[1].close()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for lines in self._idle.values():
            for _, writer in lines:
                writer.close()
        self._idle.clear()

    def _kept(self, url: str) -> Optional[Line]:
        """A connection that the other side has not closed meanwhile."""
        while self._idle[url]:
            line = self._idle[url].pop()
            if not line[0].at_eof() and not line[1].is_closing():
                return line
            line[1].close()
        return None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be used again."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 ") or length is None:
        raise ValueError("not an answer of a process of ours")
    return int(head[9:12]), await reader.readexactly(int(length[1])), LAST.search(head) is None
