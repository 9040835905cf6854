from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.records import people
from bot.records import tables as t
from bot.web.app import ROUTES
from bot.web.throttle import Throttle
from tests.web.conftest import PASSWORD, Browser


def test_each_role_comes_to_its_page(browser, centre):
    """A learner lands in the chat, a tutor on the work list, a stranger on sign-in."""
    assert browser.get("/", follow_redirects=False).headers["location"] == "/sign-in"
    assert browser.get("/chat", follow_redirects=False).headers["location"] == "/sign-in?next=/chat"
    browser.sign_in("lena@example.org")
    assert browser.get("/", follow_redirects=False).headers["location"] == "/chat"
    browser.post("/sign-out")
    browser.sign_in("TOM@example.org ")
    assert browser.get("/", follow_redirects=False).headers["location"] == "/work"


def test_wrong_password_says_so_and_keeps_the_address(browser):
    """Wrong and unknown look the same, and what was typed is shown escaped."""
    wrong = browser.sign_in("lena@example.org", "nope nope nope")
    unknown = browser.sign_in('"><b>x@example.org', "nope nope nope")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not go together" in wrong.text and "do not go together" in unknown.text
    assert "<b>x@" not in unknown.text


def test_guessing_is_slowed_down_and_waiting_helps(browser, clock):
    """After five failures even the right password has to wait; ten minutes later it works."""
    for _ in range(5):
        assert browser.sign_in("lena@example.org", "wrong wrong wrong").status_code == 401
    refused = browser.sign_in("lena@example.org")
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert "Please wait" in refused.text
    assert browser.sign_in("tom@example.org").status_code == 303
    browser.client.cookies.clear()
    clock.ahead = timedelta(minutes=11)
    assert browser.sign_in("lena@example.org").status_code == 303


def test_one_client_cannot_try_many_addresses(browser):
    """The thirtieth failure of one client stops it, whatever addresses it tried."""
    browser.get("/sign-in")
    throttle = browser.client.app.state.web.throttle
    for i in range(30):
        throttle.failed(f"nobody{i}@example.org", "testclient")
    assert browser.sign_in("lena@example.org").status_code == 429


def test_failures_count_for_all_web_processes_and_leave_only_hashes(browser, records, clock):
    """Another process is another throttle on the same records; what is older than ten minutes is dropped."""
    for _ in range(5):
        browser.sign_in("lena@example.org", "wrong wrong wrong")
    other = Throttle(records, clock)
    assert other.wait("lena@example.org", "elsewhere") > 0 and other.wait("tom@example.org", "elsewhere") == 0
    with records.reading() as tx:
        rows = tx._all(select(t.failed_sign_in))
    assert len(rows) == 10 and all(len(row["whose"]) == 64 for row in rows)
    clock.ahead = timedelta(minutes=11)
    other.failed("tom@example.org", "elsewhere")
    with records.reading() as tx:
        assert len(tx._all(select(t.failed_sign_in))) == 2


def test_cookie_is_out_of_scripts_reach_and_the_session_new_each_time(browser):
    """HttpOnly, SameSite=Lax; the token of before the sign-in is worth nothing after it."""
    first = browser.sign_in("lena@example.org").headers["set-cookie"]
    assert "HttpOnly" in first and "SameSite=lax" in first and "Secure" not in first
    old = browser.client.cookies["rapport-session"]
    browser.post("/sign-out")
    browser.sign_in("lena@example.org")
    assert browser.client.cookies["rapport-session"] != old
    browser.client.cookies.clear()
    browser.client.cookies.set("rapport-session", old)
    assert browser.get("/chat", follow_redirects=False).status_code == 303


def test_https_is_to_be_kept_to_once_it_was_used(make_app, centre):
    """Over http nothing is said: a machine tried out by its address has no certificate."""
    with TestClient(make_app(), base_url="https://testserver") as client:
        assert "max-age=31536000" in client.get("/sign-in").headers["strict-transport-security"]
    with TestClient(make_app()) as client:
        assert "strict-transport-security" not in client.get("/sign-in").headers


def test_cookie_is_secure_over_https(make_app, centre):
    """Over https the cookie is Secure and bound to its host."""
    with TestClient(make_app(), base_url="https://testserver") as client:
        cookie = Browser(client).sign_in("lena@example.org").headers["set-cookie"]
    assert cookie.startswith("__Host-rapport-session=") and "Secure" in cookie


def test_sign_out_ends_the_session_everywhere(browser, records, clock):
    """The token is gone from the records, not only from the browser."""
    browser.sign_in("lena@example.org")
    token = browser.client.cookies["rapport-session"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert people.session_of(records, token, clock()) is None


def test_session_runs_out(browser, clock):
    """After twelve hours one signs in again."""
    browser.sign_in("lena@example.org")
    clock.ahead = timedelta(hours=13)
    assert browser.get("/chat", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_after_sign_in_nobody_is_sent_to_another_site(browser, after):
    """Only paths of this site are followed."""
    browser.get("/sign-in")
    answer = browser.post("/sign-in", email="lena@example.org", password=PASSWORD, next=after)
    assert answer.headers["location"] == "/"


PUBLIC_POSTS = {"/sign-in", "/sign-in/demo", "/invitation/{token}"}
POSTS_OF = {
    "tom": ("/work/", "/coverage/", "/practice", "/invite"),
    "asa": ("/assess", "/learners"),
    "quin": ("/assure",),
    "ada": ("/people", "/units", "/groups", "/retention", "/help"),
}
POSTS = [r.path for r in ROUTES if isinstance(r, Route) and "POST" in (r.methods or ())]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("csrf", ["", "wrong"])
def test_every_post_refuses_a_missing_or_wrong_token(browser, centre, path, csrf):
    """No form or script call is taken without its token, signed in or not."""
    centre.add("Asa", "assessor", "asa@example.org", None)
    centre.add("Quin", "quality_assurer", "quin@example.org", None)
    if path in PUBLIC_POSTS:
        browser.get("/sign-in")
    else:
        who = next((name for name, starts in POSTS_OF.items() if path.startswith(starts)), "lena")
        browser.sign_in(f"{who}@example.org")
    answer = browser.post(re.sub(r"\{\w+(:int)?\}", "1", path), csrf=csrf, role="learner", text="hello")
    assert answer.status_code == 403
    assert "out of date" in answer.text


def test_demo_signs_in_without_a_password_and_is_marked(browser, centre):
    """The demo button leads to the demo person of that role."""
    centre.add("Dina", "learner", "dina@example.org", None, demo=True)
    browser.get("/sign-in")
    page = browser.post("/sign-in/demo", role="learner", follow=True)
    assert page.status_code == 200 and "Dina" in page.text and 'class="demo"' in page.text
    browser.client.cookies.clear()
    browser.get("/sign-in")
    assert browser.post("/sign-in/demo", role="admin").status_code == 404
    assert "no demo people" in browser.post("/sign-in/demo", role="tutor").text


def test_demo_off_hides_the_buttons_and_refuses(make_app, centre):
    """With the demo off there is no such door."""
    centre.add("Dina", "learner", "dina@example.org", None, demo=True)
    with TestClient(make_app(demo=False)) as client:
        browser = Browser(client)
        assert "demo" not in browser.get("/sign-in").text.lower()
        assert browser.post("/sign-in/demo", role="learner").status_code == 404


def test_invitation_sets_a_password_once(browser, centre, records):
    """Short and different passwords are explained; then it works, and only once."""
    person = people.add_person(records, "Nia <New>", ["learner"], centre.now, "nia@example.org")
    path = f"/invitation/{people.invite(records, person, centre.now)}"
    assert "Nia &lt;New&gt;" in browser.get(path).text
    assert "12 to 200" in browser.post(path, password="short", again="short").text
    assert "not the same" in browser.post(path, password=PASSWORD, again=PASSWORD + "x").text
    assert browser.post(path, password=PASSWORD, again=PASSWORD).headers["location"] == "/"
    browser.client.cookies.clear()
    assert browser.get(path).status_code == 404
    assert browser.sign_in("nia@example.org").status_code == 303
