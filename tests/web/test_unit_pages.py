"""The administrator's pages about units, and what follows on others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from starlette.testclient import TestClient

from bot.records import unit_versions
from tests.web.conftest import Browser


def other_words(syllabus, words="Explain it otherwise"):
    unit = syllabus.units["d1"]
    criteria = [msgspec.structs.replace(c, text=words) if c.id == "4.9" else c for c in unit.criteria]
    return replace(syllabus, units={"d1": msgspec.structs.replace(unit, criteria=tuple(criteria))}, version="def456")


@pytest.fixture
def admin(browser, centre):
    browser.sign_in("ada@example.org")
    browser.get("/units")
    return browser


def test_a_unit_is_taken_off_offer_and_put_back(admin, centre):
    assert "✓ Offered" in admin.get("/units").text
    admin.post("/units/d1/offered", offered="0")
    assert "○ Not offered" in admin.get("/units").text
    assert "Not offered" in admin.get(f"/people/{centre.learner}").text
    assert 'name="unit-d1"' not in admin.get("/invite").text
    assert '<option value="d1/4.9">' not in admin.get("/practice").text
    admin.get(f"/people/{centre.tutor}")
    answer = admin.post(f"/people/{centre.tutor}/units", **{"unit-d1": "1"})
    assert answer.status_code == 400 and "Not offered any more" in answer.text
    admin.post("/sign-out")
    admin.sign_in("lena@example.org")
    page = admin.get("/progress").text
    assert "Not offered for practice any more" in page and "Develop customer relationships" in page
    admin.post("/sign-out")
    admin.sign_in("ada@example.org")
    admin.get("/units")
    admin.post("/units/d1/offered", offered="1")
    assert 'name="unit-d1"' in admin.get("/invite").text


def test_versions_say_what_changed_and_keep_the_old_words(admin, centre, syllabus):
    assert "Nothing is noted yet" in admin.get("/units/d1").text
    unit_versions.note_content(centre.records, syllabus, centre.now)
    centre.attempt(centre.learner, "you pay", "m-1")
    unit_versions.note_content(centre.records, other_words(syllabus), centre.now + timedelta(days=1))
    page = admin.get("/units/d1").text
    assert "1 statement has other words" in page and "Explain the cost of new customers" in page
    assert "Explain it otherwise" in page and "1 answer · 0 decisions" in page
    first = unit_versions.history(centre.records, "d1")[-1].hash
    old = admin.get(f"/units/d1/{first}").text
    assert "Explain the cost of new customers" in old and "Why does a new customer cost more?" in old


@pytest.mark.parametrize("path", ["/units/xx", "/units/d1/000000000000", "/units/xx/000000000000"])
def test_a_unit_or_version_that_is_not_there_is_said(admin, path):
    assert admin.get(path).status_code == 404


def test_words_of_a_file_are_shown_and_not_run(admin, centre, syllabus):
    unit_versions.note_content(centre.records, syllabus, centre.now)
    unit_versions.note_content(centre.records, other_words(syllabus, "<script>alert(1)</script>"), centre.now)
    assert "<script>alert(1)" not in admin.get("/units/d1").text


def test_a_closed_unit_says_so_on_every_page_that_shows_it(make_app, centre, records, syllabus, monkeypatch):
    closed = msgspec.structs.replace(syllabus.units["d1"], expired="2017-12-31")
    with TestClient(make_app(), raise_server_exceptions=False) as client:
        web = client.app.state.web
        client.app.state.web = replace(web, syllabus=replace(syllabus, units={"d1": closed}))
        browser, lena = Browser(client), centre.learner
        centre.attempt(lena, "you pay", "m-1")
        centre.add("Asa", "assessor", "asa@example.org", None)
        centre.add("Quin", "quality_assurer", "quin@example.org", None)
        pages = {
            "lena": ["/progress", "/evidence/d1"],
            "tom": ["/coverage", f"/coverage/{lena}/d1/4.9", f"/learners/{lena}", "/insights", "/invite"],
            "asa": ["/assess/new"],
            "quin": ["/assure"],
            "ada": ["/units", "/units/d1", f"/people/{lena}"],
        }
        for who, paths in pages.items():
            client.cookies.clear()
            browser.sign_in(f"{who}@example.org")
            for path in paths:
                assert "losed 31 Dec 2017" in browser.get(path).text, path
