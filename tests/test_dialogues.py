"""Which dialogue process gets a message: the person's own, one that is there, one that has time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest

from bot import dialogues as module
from bot.dialogues import Dialogues, addresses
from bot.errors import DialogueUnavailable
from bot.lines import Broken
from bot.records.messages import Queued
from tests.conftest import Clock

URLS = ["http://127.0.0.1:5001", "http://127.0.0.1:5002"]


class Cluster:
    """The processes behind URLS: `away` ones refuse connections, `status` is what a turn answers."""

    def __init__(self) -> None:
        self.away: set[int] = set()
        self.status = 200
        self.turns: list[int] = []  # ports, in the order of the turns
        self.bodies: list[bytes] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """As a dialogue process answers."""
        port = request.url.port or 0
        if port in self.away:
            raise httpx.ConnectError("refused")
        if request.url.path == "/healthz":
            return httpx.Response(200)
        self.turns.append(port)
        self.bodies.append(request.content)
        await self.go_on.wait()
        if port in self.away:
            raise httpx.ReadError("died")
        return httpx.Response(self.status)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
async def dialogues(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dialogues]:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)
    made = Dialogues(URLS, "secret", 1)
    made._client = client = httpx.AsyncClient(transport=httpx.MockTransport(cluster.answer), timeout=5)

    async def post(url: str, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            answer = await client.post(url + path, content=body)
        except httpx.HTTPError as error:
            raise Broken(type(error).__name__) from error
        return answer.status_code, answer.content

    monkeypatch.setattr(made._lines, "post", post)
    yield made
    await made.close()


@pytest.fixture
def queued(clock: Clock) -> Callable[..., Queued]:
    return lambda person=1: Queued("m1", person, "web", "hello", None, 0, clock())


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def test_a_person_stays_with_one_process_and_people_are_spread_over_all(
    dialogues: Dialogues, cluster: Cluster, queued: Callable[..., Queued]
) -> None:
    for person in (1, 2, 1, 2, 1):
        await dialogues.work_off(queued(person))
    assert cluster.turns == [5002, 5001, 5002, 5001, 5002]
    assert msgspec.json.decode(cluster.bodies[0]) == {"message_id": "m1", "person_id": 1}


async def test_a_process_that_is_away_is_left_out_and_taken_again_when_it_is_back(
    dialogues: Dialogues, cluster: Cluster, queued: Callable[..., Queued]
) -> None:
    await dialogues.work_off(queued())
    cluster.away = {5002}
    with pytest.raises(DialogueUnavailable, match="does not answer") as caught:
        await dialogues.work_off(queued())
    assert "failed" not in caught.value.args
    await dialogues.work_off(queued())
    assert cluster.turns == [5002, 5001]
    cluster.away = set()
    await until(lambda: all(process.ready for process in dialogues._known.values()))
    await dialogues.work_off(queued())
    assert cluster.turns == [5002, 5001, 5002]


async def test_a_process_that_dies_in_a_turn_is_left_out(
    dialogues: Dialogues, cluster: Cluster, queued: Callable[..., Queued]
) -> None:
    cluster.go_on.clear()
    turn = asyncio.create_task(dialogues.work_off(queued()))
    await until(lambda: cluster.turns)
    cluster.away = {5002}
    cluster.go_on.set()
    with pytest.raises(DialogueUnavailable):
        await turn
    await dialogues.work_off(queued())
    assert cluster.turns == [5002, 5001]


async def test_who_would_wait_behind_two_is_taken_by_the_process_that_has_time(
    dialogues: Dialogues, cluster: Cluster, queued: Callable[..., Queued]
) -> None:
    cluster.go_on.clear()
    turns = []
    for person in (1, 3, 5):
        turns.append(asyncio.create_task(dialogues.work_off(queued(person))))
        await until(lambda: len(cluster.turns) == len(turns))
    cluster.go_on.set()
    await asyncio.gather(*turns)
    assert cluster.turns == [5002, 5002, 5001]


async def test_with_no_process_there_it_says_so_and_finds_the_first_that_comes(
    dialogues: Dialogues, cluster: Cluster, queued: Callable[..., Queued]
) -> None:
    cluster.away = {5001, 5002}
    with pytest.raises(DialogueUnavailable, match="does not answer") as caught:
        await dialogues.work_off(queued())
    assert "failed" not in caught.value.args
    cluster.away = {5002}
    await dialogues.work_off(queued())
    assert cluster.turns == [5001]


@pytest.mark.parametrize(("status", "kind"), [(500, "failed"), (503, "down"), (404, "down"), (401, "down")])
async def test_only_500_means_that_the_turn_failed(
    dialogues: Dialogues, cluster: Cluster, queued: Callable[..., Queued], status: int, kind: str
) -> None:
    cluster.status = status
    with pytest.raises(DialogueUnavailable) as caught:
        await dialogues.work_off(queued())
    assert ("failed" in caught.value.args) == (kind == "failed")


async def test_a_name_stands_for_a_process_at_each_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int) -> list[Any]:
        known = {"dialogue": ["10.0.0.6", "10.0.0.5", "10.0.0.6"], "six": ["fd00::5"]}
        if host not in known:
            raise OSError("no such name")
        return [(None, None, None, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    urls = ["http://dialogue:5005", "http://gone:5005", "http://six:5006"]
    assert await addresses(urls) == ["http://10.0.0.5:5005", "http://10.0.0.6:5005", "http://[fd00::5]:5006"]
