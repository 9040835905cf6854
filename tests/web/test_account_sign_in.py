"""Sign-in with the centre's own accounts (OpenID Connect), against a provider that can lie."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.errors import SettingsError
from bot.records import accounts, audit, erasing, people
from bot.records import tables as t
from bot.settings import read_settings
from tests.web.conftest import PASSWORD, Browser, wait_for
from tests.web.standin_provider import CLIENT, SECRET, StandIn


@pytest.fixture
def provider():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = StandIn(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(made.app, "127.0.0.1", port, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, 30)
    yield made
    server.should_exit = True
    thread.join(10)


def env(provider, **more):
    return {
        "RAPPORT_OIDC_ISSUER": provider.url,
        "RAPPORT_OIDC_CLIENT_ID": CLIENT,
        "RAPPORT_OIDC_CLIENT_SECRET": SECRET,
        **more,
    }


@pytest.fixture
def browser(make_app, centre, provider):
    with TestClient(make_app(**env(provider)), raise_server_exceptions=False, follow_redirects=False) as client:
        yield Browser(client)


def away(browser, path="/sign-in/account"):
    """Press the button; where the provider sends the browser back to."""
    there = browser.client.get(path)
    assert there.status_code == 303, there.text
    return httpx.get(there.headers["location"], trust_env=False).headers["location"]


def come_in(browser, path="/sign-in/account"):
    return browser.client.get(away(browser, path))


def linked(centre):
    with centre.records.reading() as tx:
        return [dict(r) for r in tx._all(select(t.sign_in_account))]


def test_the_first_sign_in_ties_the_account_by_its_checked_address_and_gives_no_role(browser, centre, provider):
    assert "Sign in with your centre" in browser.get("/sign-in").text
    assert come_in(browser).headers["location"] == "/"
    assert browser.get("/", follow_redirects=True).url.path == "/chat"
    assert [(x["subject"], x["person_id"]) for x in linked(centre)] == [("s-1", centre.learner)]
    assert people.find(centre.records, centre.learner).roles == {"learner"}
    assert audit.length(centre.records) == 1


def test_afterwards_the_subject_counts_and_not_the_address(browser, centre, provider):
    come_in(browser)
    browser.get("/chat")
    assert browser.post("/sign-out").headers["location"] == "/sign-in?left=1"
    assert "signed out of Rapport" in browser.get("/sign-in?left=1").text
    provider.person = {"sub": "s-1", "email": "tom@example.org", "email_verified": True}
    come_in(browser)
    assert "Lena" in browser.get("/chat").text and len(linked(centre)) == 1


@pytest.mark.parametrize("later", [{"email_verified": False}, {"email_verified": None}, {"email": None}])
def test_the_address_needs_to_be_checked_at_the_first_sign_in_only(browser, centre, provider, later):
    come_in(browser)
    browser.client.cookies.clear()
    provider.person.update(later)
    assert come_in(browser).headers["location"] == "/" and "Lena" in browser.get("/chat").text


def test_the_address_may_come_from_the_userinfo_of_the_same_subject(browser, centre, provider):
    provider.email_in_token = False
    assert come_in(browser).headers["location"] == "/"
    assert linked(centre)[0]["person_id"] == centre.learner


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"email_verified": False}, "is checked"),
        ({"email_verified": "true"}, "is checked"),
        ({"email_verified": None}, "is checked"),
        ({"email": None}, "is checked"),
        ({"email": "nobody@example.org"}, "Ask your tutor to add you"),
    ],
)
def test_who_is_not_known_is_refused_with_the_way_out_and_nobody_is_added(browser, centre, provider, person, words):
    provider.person.update(person)
    before = len(people.everybody(centre.records))
    answer = come_in(browser)
    assert answer.status_code == 403 and words in answer.text and "rapport-session" not in browser.client.cookies
    assert linked(centre) == [] and len(people.everybody(centre.records)) == before


def test_a_deactivated_person_is_refused_tied_or_not(browser, centre, provider):
    come_in(browser)
    browser.client.cookies.clear()
    with centre.records.begin() as tx:
        tx.connection.execute(t.person.update().where(t.person.c.id == centre.learner).values(active=False))
    assert "not active here" in come_in(browser).text
    provider.person["sub"] = "s-2"
    assert "not active here" in come_in(browser).text


def test_a_second_account_with_the_address_does_not_take_the_person_over(browser, centre, provider):
    """An address that the centre gave to somebody else later must not open the first one's record."""
    come_in(browser)
    browser.client.cookies.clear()
    provider.person["sub"] = "s-2"
    assert "another account" in come_in(browser).text
    admin = people.find(centre.records, centre.admin)
    accounts.untie(centre.records, admin, centre.learner, centre.now)
    assert come_in(browser).headers["location"] == "/"


def test_a_made_up_person_is_nobody_s_account(browser, centre, provider):
    centre.add("Dina", "learner", "dina@example.org", None, demo=True)
    provider.person["email"] = "dina@example.org"
    assert "Nobody here" in come_in(browser).text


def test_an_administrator_sees_the_account_and_takes_it_away(browser, centre, provider):
    come_in(browser)
    browser.client.cookies.clear()
    browser.sign_in("ada@example.org")
    assert provider.url in browser.get(f"/people/{centre.learner}").text
    browser.post(f"/people/{centre.learner}/untie")
    assert linked(centre) == [] and provider.url not in browser.get(f"/people/{centre.learner}").text


# What must not be believed -----------------------------------------------------------------------------------------


def refused(browser, answer):
    assert answer.status_code in (400, 403, 503), answer.headers.get("location")
    assert browser.client.cookies.get("rapport-session") is None
    assert 'role="alert"' in answer.text
    return True


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "somebody-else"},
        {"aud": "somebody-else", "azp": CLIENT},
        {"exp": 1000},
        {"exp": None},
        {"iat": 99999999999},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_an_id_token_with_a_wrong_claim_is_refused(browser, centre, provider, lie):
    provider.lie = lie
    assert refused(browser, come_in(browser)) and linked(centre) == []


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_an_unsigned_token_or_one_signed_with_the_shared_secret_is_refused(browser, centre, provider, alg):
    """Even where the provider says that it would use such algorithms."""
    provider.metadata = {"id_token_signing_alg_values_supported": ["RS256", "none", "HS256"]}
    provider.header = {"alg": alg}
    assert refused(browser, come_in(browser)) and linked(centre) == []


def test_a_token_signed_with_another_key_is_refused(browser, centre, provider):
    provider.other_key = True
    assert refused(browser, come_in(browser)) and linked(centre) == []


def test_userinfo_about_somebody_else_is_refused(browser, centre, provider):
    provider.email_in_token, provider.userinfo = False, {"sub": "s-9", "email": "tom@example.org"}
    assert refused(browser, come_in(browser)) and linked(centre) == []


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(browser, centre, provider, make_app):
    """Nobody can sign another browser in as themselves (login CSRF), nor use a code they caught."""
    with TestClient(make_app(**env(provider)), follow_redirects=False) as other:
        caught = away(Browser(other))
    assert refused(browser, browser.client.get(caught))
    away(browser)
    assert refused(browser, browser.client.get(caught))


def test_a_caught_code_is_worth_nothing_under_ones_own_state(browser, provider, make_app):
    """PKCE: the code belongs to the verifier of the browser that asked."""
    with TestClient(make_app(**env(provider)), follow_redirects=False) as other:
        code = parse_qs(urlsplit(away(Browser(other))).query)["code"][0]
    mine = urlsplit(away(browser))
    state = parse_qs(mine.query)["state"][0]
    assert refused(browser, browser.client.get(f"{mine.path}?code={code}&state={state}&iss={provider.url}"))


def test_an_answer_counts_once(browser, provider):
    back = away(browser)
    kept = dict(browser.client.cookies)
    assert browser.client.get(back).headers["location"] == "/"
    browser.client.cookies.clear()
    assert refused(browser, browser.client.get(back))
    for name, value in kept.items():  # even with the cookie of before: the provider took the code once
        browser.client.cookies.set(name, value)
    assert refused(browser, browser.client.get(back))


@pytest.mark.parametrize("iss", ["&iss=https://evil.example", ""])
def test_an_answer_of_another_provider_is_not_taken_to_this_one(browser, provider, iss):
    """Mix-up: this provider names itself in its answers (RFC 9207); one without its name is not its."""
    back = away(browser).split("&iss=")[0] + iss
    assert refused(browser, browser.client.get(back))


def test_a_description_by_somebody_else_is_refused(browser, provider):
    provider.metadata = {"issuer": "https://evil.example"}
    assert refused(browser, browser.client.get("/sign-in/account"))


def test_a_session_of_before_does_not_live_on(browser, centre, provider, clock):
    """Fixation: whatever session cookie a browser came with, the one after sign-in is new and the old one is closed."""
    planted, _ = people.open_session(centre.records, centre.stranger, clock())
    back = away(browser)
    browser.client.cookies.set("rapport-session", planted)
    cookie = browser.client.get(back).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and planted not in cookie
    assert people.session_of(centre.records, planted, clock()) is None


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0aSet-Cookie:x"])
def test_nobody_is_sent_to_another_site(browser, provider, after):
    answer = browser.client.get(away(browser, f"/sign-in/account?next={after}"))
    assert answer.headers["location"] == "/" and "x" not in browser.client.cookies


def test_one_comes_to_the_page_one_wanted(browser, provider):
    assert come_in(browser, "/sign-in/account?next=/progress").headers["location"] == "/progress"


def test_a_refusal_of_the_provider_is_told_without_its_words(browser, provider):
    state = parse_qs(urlsplit(away(browser)).query)["state"][0]
    said = "error=access_denied&error_description=<script>alert(1)</script>"
    answer = browser.client.get(f"/sign-in/account/back?state={state}&iss={provider.url}&{said}")
    assert "did not let you through" in answer.text and "alert(1)" not in answer.text


def test_a_provider_that_is_away_is_told_and_passwords_go_on(make_app, centre):
    settings = {"RAPPORT_OIDC_ISSUER": "http://127.0.0.1:9", "RAPPORT_OIDC_CLIENT_ID": "x"}
    with TestClient(make_app(**settings, RAPPORT_OIDC_CLIENT_SECRET="y"), follow_redirects=False) as client:
        browser = Browser(client)
        answer = browser.get("/sign-in/account")
        assert answer.status_code == 503 and "cannot be reached" in answer.text
        assert browser.sign_in("lena@example.org").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in/account", "/sign-in/account/back?code=x&state=y"])
def test_without_a_provider_there_is_no_such_door(make_app, centre, path):
    with TestClient(make_app()) as client:
        assert client.get(path).status_code == 404 and "centre&#39;s account" not in client.get("/sign-in").text


@pytest.mark.parametrize("cookie", ["", "rubbish", "e30=", "bnVsbA==", "é"])
def test_a_broken_cookie_is_as_good_as_none(browser, provider, cookie):
    back = away(browser)
    browser.client.cookies.clear()
    headers = {"cookie": f"rapport-flow={cookie}".encode()} if cookie else {}
    assert refused(browser, browser.client.get(back, headers=headers))


# Passwords for administrators only ---------------------------------------------------------------------------------


def test_passwords_can_be_for_administrators_only(make_app, centre, provider):
    with TestClient(make_app(**env(provider, RAPPORT_PASSWORDS="admins")), follow_redirects=False) as client:
        browser = Browser(client)
        assert "Administrators: sign in with a password" in browser.get("/sign-in").text
        assert browser.sign_in("lena@example.org").status_code == 401
        assert browser.sign_in("ada@example.org").status_code == 303
        client.cookies.clear()
        person = people.add_person(centre.records, "Nia", ["learner"], centre.now, "nia@example.org")
        path = f"/invitation/{people.invite(centre.records, person, centre.now)}"
        page = browser.get(path).text
        assert "centre&#39;s account" in page and 'type="password"' not in page
        browser.get("/sign-in")
        answer = browser.post(path, password=PASSWORD, again=PASSWORD)
        assert answer.status_code == 400 and people.check_password(centre.records, "nia@example.org", PASSWORD) is None


def test_a_provider_needs_all_its_settings_and_tls(tmp_path):
    base = {"RAPPORT_OIDC_ISSUER": "https://id.example.org/", "RAPPORT_OIDC_CLIENT_ID": "x"}
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    made = read_settings({**base, "RAPPORT_OIDC_CLIENT_SECRET_FILE": str(file)})
    assert made.oidc_client_secret == "from a file" and made.oidc_issuer == "https://id.example.org"
    described = {**base, "RAPPORT_OIDC_ISSUER": "https://id.example.org/.well-known/openid-configuration"}
    assert read_settings({**described, "RAPPORT_OIDC_CLIENT_SECRET": "s"}).oidc_issuer == "https://id.example.org"
    for wrong, name in (
        (base, "RAPPORT_OIDC_CLIENT_SECRET"),
        (
            {"RAPPORT_OIDC_ISSUER": "https://id.example.org", "RAPPORT_OIDC_CLIENT_SECRET": "s"},
            "RAPPORT_OIDC_CLIENT_ID",
        ),
        ({**base, "RAPPORT_OIDC_ISSUER": "http://id.example.org"}, "RAPPORT_OIDC_ISSUER"),
        ({**base, "RAPPORT_OIDC_ISSUER": "http://localhost.evil.example"}, "RAPPORT_OIDC_ISSUER"),
        ({**base, "RAPPORT_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "RAPPORT_OIDC_CLIENT_SECRET_FILE"),
        ({"RAPPORT_PASSWORDS": "admins"}, "RAPPORT_PASSWORDS"),
        ({"RAPPORT_PASSWORDS": "nobody"}, "RAPPORT_PASSWORDS"),
    ):
        with pytest.raises(SettingsError, match=name):
            read_settings(wrong)
    assert "from a file" not in repr(made)


def test_the_tie_is_erased_with_the_person(centre):
    accounts.enter(centre.records, "https://id", "s", "lena@example.org", centre.now)
    erasing.erase(centre.records, None, centre.learner, centre.now + timedelta(seconds=1))
    assert linked(centre) == []
    assert accounts.enter(centre.records, "https://id", "s", "lena@example.org", centre.now) == "unknown"
