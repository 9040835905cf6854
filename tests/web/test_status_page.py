"""The status page: what it says, that it is nobody's business but administrators', and that it keeps itself new."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from bot.records import audit, messages, telegram
from tests.web.conftest import wait_for

from tests.web.test_browser import driver, pytestmark as needs_chromium, sign_in  # noqa: F401  # isort: skip


@pytest.fixture
def admin(browser, centre):
    browser.sign_in("ada@example.org")
    return browser


def test_it_says_what_is_there_and_what_is_away(admin, centre, clock, monkeypatch):
    page = admin.get("/status").text
    assert "▲ Away" in page and "messages wait and are not lost" in page and "Telegram was never started here" in page
    telegram.note_seen(centre.records, clock())

    async def there(self, url, timeout):
        return httpx.Response(200)

    monkeypatch.setattr(httpx.AsyncClient, "get", there)
    assert "▲ Away" not in admin.get("/status").text
    clock.ahead = timedelta(minutes=5)
    page = admin.get("/status").text
    assert page.count("▲ Away") == 1 and "Telegram gateway" in page


def test_a_long_queue_a_late_backup_and_versions_are_told(admin, centre, clock):
    page = admin.get("/status").text
    assert "none known" in page and "No turn yet" in page and centre.syllabus.version in page
    messages.accept(centre.records, "w-1", centre.learner, "web", "a secret sentence", None, clock())
    with centre.records.begin() as tx:
        audit.note(tx, None, "backed up", "databases", clock())
    clock.ahead = timedelta(minutes=2)
    page = admin.get("/status").text
    assert "the oldest for 12" in page and "too long" in page and "none known" not in page
    assert "rapport backup" not in page
    clock.ahead = timedelta(days=3)
    admin.client.cookies.clear()
    admin.sign_in("ada@example.org")
    assert "rapport backup" in admin.get("/status").text


def test_nothing_on_it_is_about_a_person(admin, centre, clock):
    messages.accept(centre.records, "w-1", centre.learner, "web", "a secret sentence", None, clock())
    centre.attempt(centre.learner, "another secret", "a-1")
    fragment = admin.get("/status/now").text
    assert not [x for x in ("secret", "Lena", "lena@", "Ada") if x in fragment]
    assert "<html" not in fragment


@pytest.mark.parametrize("who", ["lena", "tom"])
def test_it_is_for_administrators(browser, who):
    browser.sign_in(f"{who}@example.org")
    assert browser.get("/status").status_code == browser.get("/status/now").status_code == 403


class TestInChromium:
    """The page left open."""

    pytestmark = needs_chromium

    def test_it_keeps_itself_new_without_being_loaded_again(self, driver, live, centre, monkeypatch):  # noqa: F811
        monkeypatch.setattr("bot.web.status.EVERY", 1)
        sign_in(driver, live, centre, centre.admin)
        driver.get(f"{live.url}/status")
        driver.execute_script("window.same = true")
        first = driver.execute_script("return document.getElementById('as-of').innerText")
        wait_for(lambda: driver.execute_script("return document.getElementById('as-of').innerText") != first, 30)
        assert driver.execute_script("return window.same") is True
