"""Health, readiness and figures."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.testclient import TestClient

from bot.web.health import HELP

TOKEN = "a-token-that-is-long-enough"


def test_readiness_names_the_part_that_is_away(browser, monkeypatch):
    answer = browser.get("/readyz")
    assert answer.status_code == 503 and answer.text == "database: ok\ndialogue: away\n"

    async def there(self, url, timeout):
        return httpx.Response(200)

    monkeypatch.setattr(httpx.AsyncClient, "get", there)
    assert browser.get("/readyz").status_code == 200


def test_one_of_two_dialogue_processes_is_enough_and_is_told(make_app, monkeypatch):
    async def one_is_there(self, url, timeout):
        return httpx.Response(200 if url == "http://127.0.0.2:5/healthz" else 503)

    app = make_app(RAPPORT_DIALOGUE_URL="http://127.0.0.1:5, http://127.0.0.2:5")
    monkeypatch.setattr(httpx.AsyncClient, "get", one_is_there)
    answer = TestClient(app).get("/readyz")
    assert (answer.status_code, answer.text) == (200, "database: ok\ndialogue: ok (1 of 2)\n")


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.0.0.1", {"x-forwarded-for": "9.9.9.9"}, 403),
        ("9.9.9.9", {}, 403),
        ("9.9.9.9", {"authorization": "Bearer wrong"}, 403),
        ("9.9.9.9", {"authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_figures_are_for_this_machine_or_with_the_token(make_app, client, headers, status):
    app = make_app(RAPPORT_METRICS_TOKEN=TOKEN)

    async def get():
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            return await http.get("/metrics", headers=headers)

    answer = asyncio.run(get())
    assert answer.status_code == status
    if status == 200:
        values = [line for line in answer.text.splitlines() if not line.startswith(("#", "rapport_turn_seconds"))]
        assert len(values) == len(HELP) and "rapport_queue_age_seconds 0" in values


def test_without_a_token_no_bearer_lets_anybody_in(make_app):
    assert TestClient(make_app()).get("/metrics", headers={"authorization": "Bearer "}).status_code == 403
