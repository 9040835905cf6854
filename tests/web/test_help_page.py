"""Help: on the same place of every page, with the centre's own contact."""

from __future__ import annotations

import pytest


def test_help_is_there_without_signing_in_and_names_whom_to_ask(browser, centre):
    page = browser.get("/help").text
    assert "Whom to ask" in page and "Ask your tutor" in page and "For learners" in page
    assert "For tutors" not in page and "<form" not in page.split("<main")[1]
    assert 'href="/help"' in browser.get("/sign-in").text


@pytest.mark.parametrize(
    ("who", "there", "not_there"),
    [
        ("lena@example.org", ["For learners"], ["For tutors", "For assessors"]),
        ("tom@example.org", ["For tutors"], ["For learners", "For administrators"]),
    ],
)
def test_the_how_tos_are_those_of_ones_own_roles(browser, centre, who, there, not_there):
    browser.sign_in(who)
    page = browser.get("/help").text
    assert all(words in page for words in there) and not [words for words in not_there if words in page]


def test_an_administrator_writes_whom_to_ask_and_everybody_reads_it(browser, centre):
    browser.sign_in("ada@example.org")
    browser.get("/help")
    assert browser.post("/help/contact", contact="Front desk <b>01 23</b>").status_code == 303
    assert "set help contact" in browser.get("/audit").text
    browser.post("/sign-out")
    assert "Front desk &lt;b&gt;01 23&lt;/b&gt;" in browser.get("/help").text
    browser.sign_in("ada@example.org")
    browser.get("/help")
    browser.post("/help/contact", contact=" ")
    assert "Ask your tutor" in browser.get("/help").text


def test_only_administrators_write_it(browser, centre):
    browser.sign_in("tom@example.org")
    browser.get("/help")
    assert browser.post("/help/contact", contact="me").status_code == 403
