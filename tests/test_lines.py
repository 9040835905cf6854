"""POST over kept connections, against a real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Optional

import pytest

from bot.lines import Broken, Lines
from bot.up import free_port

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"more":false}'


class Standing:
    """Answers each request with the next of `answers`, None: by breaking off; notes requests and connections."""

    def __init__(self) -> None:
        self.answers: list[Optional[bytes]] = []
        self.asked: list[bytes] = []
        self.connections = 0
        self.wait = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.asked.append(head + await reader.readexactly(length))
                await asyncio.sleep(self.wait)
                answer = self.answers.pop(0)
                if answer is None:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@pytest.fixture
async def there() -> AsyncIterator[tuple[Standing, str]]:
    standing, port = Standing(), free_port()
    server = await asyncio.start_server(standing.serve, "127.0.0.1", port)
    yield standing, f"http://127.0.0.1:{port}"
    server.close()


async def test_a_connection_is_kept_and_carries_secret_and_body(there: tuple[Standing, str]) -> None:
    standing, url = there
    standing.answers = [OK, OK]
    lines = Lines("s3cret", 5)
    for _ in range(2):
        assert await lines.post(url, "/turn", '{"text":"é"}'.encode()) == (200, b'{"more":false}')
    lines.close()
    assert standing.connections == 1 and standing.asked[0] == standing.asked[1]
    assert standing.asked[0].startswith(b"POST /turn HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nauthorization: Bearer s3cret\r\n" in standing.asked[0] and standing.asked[0].endswith('"é"}'.encode())


async def test_several_at_once_have_a_connection_each(there: tuple[Standing, str]) -> None:
    standing, url = there
    standing.answers, standing.wait = [OK] * 5, 0.05
    lines = Lines("s", 5)
    assert [s for s, _ in await asyncio.gather(*(lines.post(url, "/turn", b"{}") for _ in range(5)))] == [200] * 5
    lines.close()
    assert standing.connections == 5


async def test_what_is_broken_off_too_late_or_odd_is_said_and_not_used_again(there: tuple[Standing, str]) -> None:
    standing, url = there
    lines = Lines("s", 0.2)
    odd = [
        None,
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"",
    ]
    standing.answers = list(odd)
    for _ in odd:
        with pytest.raises(Broken):
            await lines.post(url, "/turn", b"{}")
    assert standing.connections == len(odd)
    lines.close()


async def test_a_connection_that_the_other_side_closed_is_opened_anew(there: tuple[Standing, str]) -> None:
    standing, url = there
    standing.answers = [OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), OK, OK]
    lines = Lines("s", 5)
    for _ in range(3):
        assert (await lines.post(url, "/turn", b"{}"))[0] == 200
    lines.close()
    assert standing.connections == 2


async def test_nobody_there_is_broken() -> None:
    with pytest.raises(Broken, match="Connect|OSError"):
        await Lines("s", 1).post(f"http://127.0.0.1:{free_port()}", "/turn", b"{}")
