"""Any request to any route, signed out and in each role, on both databases: an answer, never a server error."""

from __future__ import annotations

import os
import random
import re
from urllib.parse import quote

import pytest

from bot.records.store import Records
from bot.web.app import ROUTES
from tests.web.crawling import crawl
from tests.web.test_accessibility import busy  # noqa: F401
from tests.web.test_admin_pages import CALLS, PUBLIC
from tests.web.test_assess_pages import assessor, caseload, sent  # noqa: F401

REQUESTS = int(os.environ.get("RAPPORT_FUZZ", "250"))  # for each role and database; raise it for a long search
SEED = int(os.environ.get("RAPPORT_FUZZ_SEED", "7"))
# An endless answer; and 503 is what it must say where no dialogue process runs.
LEFT_OUT = {"/chat/stream", "/readyz"}
OPEN = [(m, r.path) for r in ROUTES if getattr(r, "path", None) in PUBLIC for m in (r.methods or ()) if m != "HEAD"]
EVERY = sorted(c for c in {*CALLS, *OPEN} if c[1] not in LEFT_OUT)

ODD = (
    *("0", "-1", "1", "007", "2147483647", "2147483648", "9" * 19, "9" * 400, "1e9", "٣", "²", "NaN"),
    *(
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "2026-11-24T10:00",
        "1900-01-01T00:00",
        "9999-12-31T23:59",
        "10000-01-01",
    ),
    *("", " \t\n", "\x00", "a\x00b", "\x1b[31m", "\u202eabc", "\ufeff", "𝕏" * 50, "é" * 5000, "\ud7ff\uffff", "\x85"),
    *("' OR 1=1 --", "'; DROP TABLE person; --", "%", "_%\\", "{{ 7 * 7 }}", "{organisation}", "${jndi:ldap://x}"),
    *(
        "=HYPERLINK(1)",
        "../../etc/passwd",
        "%2e%2e%2f",
        "//example.org",
        "javascript:alert(1)",
        "<script>alert(1)</script>",
    ),
    *("d1/4.9", "d1/9.9", "zz/4.9", "d1/1.1", "/", "::::", "None", "[]", '{"a": 1}', "a@b", "@"),
)
HEADERS: tuple[dict[str, object], ...] = (
    *({},) * 12,
    {"x-requested-with": "fetch"},
    {"hx-request": "true"},
    {"accept": "text/event-stream"},
    {"content-type": "application/json"},
    {"content-type": "multipart/form-data; boundary=x"},
    {"content-type": "multipart/form-data"},
    {"content-type": "text/plain; charset=klingon"},
    {"x-csrf-token": b"\xfc"},
    {"cookie": b"rapport-session=\xff; rapport-form="},
    {"x-forwarded-for": "not an address"},
    {"host": "[::1"},
    {"range": "bytes=5-1"},
)


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request):
    """On both: PostgreSQL refuses texts and numbers that SQLite takes."""
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    return Records(request.getfixturevalue(name))


def person_of(centre, role):
    return {
        "learner": "lena@example.org",
        "tutor": "tom@example.org",
        "assessor": "asa@example.org",
        "quality_assurer": "quin@example.org",
        "admin": "ada@example.org",
    }.get(role)


def known_fields(browser):
    """Every name that a form on a page this person sees would send, with values that it may have."""
    known: dict[str, set[str]] = {"q": {"lena"}, "page": {"1"}, "next": {"/chat"}, "units": {"d1"}}
    for _, page in crawl(browser, "/"):
        for form in page.forms:
            for control in form.fields:
                known.setdefault(control.name, set()).update({control.value, *control.options})
    known.pop("csrf", None)
    return {name: sorted(values) or [""] for name, values in known.items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ["nobody", "learner", "tutor", "assessor", "quality_assurer", "admin"])
def test_no_request_makes_a_server_error(busy, browser, role):  # noqa: F811
    centre = busy
    browser.post("/sign-out")
    email = person_of(centre, role)
    if email:
        assert browser.sign_in(email).status_code == 303
    known = known_fields(browser)
    chance = random.Random(SEED)
    wrong = []
    for _ in range(REQUESTS):
        method, path = chance.choice(EVERY)
        if path == "/sign-out" and email:
            continue
        address = re.sub(r"\{\w+(?::(\w+))?\}", lambda found: segment(chance, found[1], centre), path)
        sends = {
            name: chance.choice(known[name] if chance.random() < 0.5 else ODD)
            for name in chance.sample(sorted(known), chance.randrange(min(12, len(known))))
        }
        headers = chance.choice(HEADERS)
        if method == "GET":
            answer = browser.client.get(address, params=sends, headers=headers, follow_redirects=False)
        else:
            if chance.random() < 0.9:
                sends["csrf"] = browser.csrf
            answer = browser.client.post(address, data=sends, headers=headers, follow_redirects=False)
        if answer.status_code >= 500:
            wrong.append((answer.status_code, method, address[:80], {k: v[:30] for k, v in sends.items()}, headers))
    assert not wrong, f"seed {SEED}:\n" + "\n".join(map(str, wrong[:20]))


def segment(chance, kind, centre):
    """Something for one part of an address that the route takes, whether it is there or not."""
    if kind == "int":
        return str(chance.choice((1, 2, centre.learner, centre.stranger, centre.set, 0, 2**31, 10**30)))
    if kind == "file_form":
        return chance.choice(("csv", "xlsx"))
    return chance.choice(("d1", "4.9", "nos", quote(chance.choice(ODD).replace("/", "")[:200]) or "x"))
