"""Retention: an administrator sees how long things are kept and changes it, knowing what a shorter time does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bot.records import audit, messages, retention_times
from bot.web import tidying
from tests.web.conftest import wait_for
from tests.web.test_accessibility import axe, come, fill_in, look  # noqa: F401

from tests.web.test_browser import By, driver, pytestmark as needs_chromium  # noqa: F401  # isort: skip


@pytest.fixture
def admin(browser, centre):
    browser.sign_in("ada@example.org")
    browser.get("/retention")
    return browser


@pytest.fixture
def web(browser, tmp_path):
    """What the handlers use, with a tracker store of its own."""
    app = browser.client.app
    settings = msgspec.structs.replace(app.state.web.settings, tracker_url=f"sqlite:///{tmp_path / 'tracker.sqlite'}")
    app.state.web = replace(app.state.web, settings=settings)
    return app.state.web


def old_message(centre, key, days):
    when = centre.now - timedelta(days=days)
    messages.accept(centre.records, key, centre.learner, "web", f"words of {key}", None, when)
    with centre.records.begin() as tx:
        messages.finish(tx, key, [], when)


def chats(web):
    return retention_times.in_force(web.records, 180)["chats"].words


def test_it_shows_the_times_in_force_what_they_mean_and_their_limits(admin):
    page = admin.get("/retention").text
    assert "Chats: 180 days" in page and "Assessment records: 3 years after “achieved”" in page
    assert "RAPPORT_KEEP_CHAT_DAYS" in page and 'min="7" max="1095"' in page and 'min="3" max="10"' in page
    assert "until the person is erased" in page and "outside of what" not in page


def test_a_longer_time_is_saved_at_once_with_its_reason(admin, web):
    answer = admin.post("/retention", time="chats", amount="365", was="180.0", reason="a <b>long</b> course")
    assert answer.status_code == 303 and chats(web) == "365 days"
    page = admin.get(answer.headers["location"]).text
    assert "Saved" in page and "Chosen by Ada Admin" in page and "a &lt;b&gt;long&lt;/b&gt; course" in page
    log = admin.get("/audit").text
    assert "changed retention time" in log and "retention time: chats" in log and "180 days" in log
    assert "Chats are kept for</dt><dd>365 days" in admin.get("/status/now").text


def test_a_shorter_time_tells_first_what_would_go_and_wants_to_be_confirmed(admin, web, centre):
    for key, days in (("a", 200), ("b", 100), ("c", 40), ("d", 1)):
        old_message(centre, key, days)
    page = admin.post("/retention", time="chats", amount="60", was="180.0", reason="less <i>").text
    assert "would remove <strong>2 records</strong>" in page and "With 180 days it would be 1" in page
    assert "<i>" not in page and chats(web) == "180 days"
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split("<main")[1]))
    assert admin.post("/retention", **form).status_code == 303 and chats(web) == "60 days"
    tidying.once(web)
    assert [m["text"] for m in centre.chat(centre.learner)] == ["words of c", "words of d"]
    assert (audit.newest(centre.records)[0].action, web.settings.keep_chat_days) == ("removed old chats", 180)


def test_a_confirmation_is_for_the_time_it_was_shown_for(admin, web):
    answer = admin.post("/retention", time="chats", amount="30", was="180.0", reason="x", confirmed="60")
    assert answer.status_code == 200 and chats(web) == "180 days"


def test_a_shorter_time_for_assessment_records_removes_none(admin, web):
    admin.post("/retention", time="assessments", amount="6", was="3.0", reason="the body wants six")
    page = admin.post("/retention", time="assessments", amount="4", was="6.0", reason="four is enough").text
    assert "<strong>no records</strong>" in page and "0 people" in page
    assert retention_times.in_force(web.records, 180)["assessments"].words == "6 years"


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"amount": ""}, "whole number of days, from 7 to 1095"),
        ({"amount": "ten"}, "whole number"),
        ({"amount": "-30"}, "whole number"),
        ({"amount": "9.5"}, "whole number"),
        ({"amount": "٣٠"}, "whole number"),
        ({"amount": "9" * 400}, "whole number"),
        ({"amount": "6"}, "write 7 to 1095"),
        ({"amount": "2000"}, "write 7 to 1095"),
        ({"reason": " \x00 "}, "Give a reason"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"was": "x"}, "Somebody has changed it"),
        ({"was": "90"}, "Somebody has changed it"),
        ({"amount": "180"}, "already"),
        ({"time": "assessments", "amount": "2", "was": "3.0"}, "write 3 to 10"),
    ],
)
def test_what_does_not_fit_is_said_on_the_form_and_changes_nothing(admin, web, odd, said):
    form = {"time": "chats", "amount": "90", "was": "180.0", "reason": "less", "confirmed": "90", **odd}
    answer = admin.post("/retention", **form)
    assert answer.status_code == 400 and said in answer.text and '<details class="act" open>' in answer.text
    assert all(time.chosen is None for time in retention_times.in_force(web.records, 180).values())


def test_another_time_than_these_is_not_there(admin):
    assert admin.post("/retention", time="audit", amount="9", was="9", reason="x").status_code == 404


def test_a_default_outside_of_the_limits_is_said(browser, centre, web):
    settings = msgspec.structs.replace(web.settings, keep_chat_days=3650.0)
    browser.client.app.state.web = replace(web, settings=settings)
    browser.sign_in("ada@example.org")
    page = browser.get("/retention").text
    assert "Chats: 3650 days" in page and "outside of what can be chosen here" in page


@pytest.mark.parametrize("who", ["lena", "tom"])
def test_it_is_for_administrators(browser, centre, who):
    browser.sign_in(f"{who}@example.org")
    assert browser.get("/retention").status_code == 403
    form = {"time": "chats", "amount": "90", "was": "180.0", "reason": "x", "confirmed": "90"}
    assert browser.post("/retention", **form).status_code == 403
    assert retention_times.in_force(centre.records, 180)["chats"].chosen is None


class TestInChromium:
    """The pages as they are seen and used by keyboard."""

    pytestmark = needs_chromium

    def test_its_pages_are_accessible_and_lead_to_the_change(self, driver, live, centre, axe):  # noqa: F811
        for key, days in (("a", 200), ("b", 100)):
            old_message(centre, key, days)
        come(driver, live, centre, centre.admin, "/retention")
        wrong = look(driver, axe, "retention")
        fill_in(driver, "/retention", {"amount": "3", "reason": "less"})
        wrong += look(driver, axe, "retention-refused")
        fill_in(driver, "/retention", {"amount": "60", "reason": "less"})
        assert "would remove 2 records" in driver.find_element(By.CSS_SELECTOR, "[role=alert]").text
        wrong += look(driver, axe, "retention-confirm")
        driver.find_element(By.CSS_SELECTOR, "main form button").click()
        wait_for(lambda: "Chats: 60 days" in driver.page_source)
        assert wrong == []
