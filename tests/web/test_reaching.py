"""The Telegram link and the reminders on "My progress"."""

from __future__ import annotations

import re

from bot.records import reminders, telegram


def test_a_learner_gets_a_link_of_their_own_that_works_once_and_for_an_hour(browser, centre, records):
    """The token ties an account to this learner, and to nobody's password."""
    browser.sign_in("lena@example.org")
    assert "has not set up Telegram" in browser.get("/progress").text
    telegram.note_bot(records, "rapport_bot")
    assert "Connect Telegram" in browser.get("/progress").text
    page = browser.post("/progress/telegram").text
    token = re.search(r"https://t\.me/rapport_bot\?start=([A-Za-z0-9_-]{1,64})\"", page)[1]
    assert telegram.invited(records, token, centre.now).person_id == centre.learner
    assert telegram.join(records, "77", token, "v1", centre.now) == centre.learner
    assert telegram.invited(records, token, centre.now) is None
    assert "✓ Connected" in browser.get("/progress").text
    fragment = browser.post("/progress/telegram", headers={"hx-request": "true"}).text
    assert fragment.strip().startswith("<form") and "start=" in fragment


def test_the_link_is_kept_by_no_cache_and_needs_the_forms_token(browser, records):
    """It is a key: no-store, and 403 without the token of the form."""
    telegram.note_bot(records, "rapport_bot")
    browser.sign_in("lena@example.org")
    assert browser.post("/progress/telegram").headers["cache-control"] == "no-store"
    assert browser.client.post("/progress/telegram", data={"csrf": "x"}).status_code == 403


def test_reminders_are_chosen_with_and_without_script(browser, centre, records):
    """A zone or an hour that is none is said so and changes nothing."""
    browser.sign_in("lena@example.org")
    form = {"wanted": "1", "time_zone": "Europe/Paris", "quiet_from": "20", "quiet_to": "9"}
    page = browser.post("/progress/reminder", follow=True, **form).text
    assert "✓ Saved." in page and 'value="Europe/Paris"' in page
    assert reminders.wish_of(records, centre.learner) == reminders.Reminder(True, "Europe/Paris", 20, 9)
    for wrong in ({"time_zone": "<b>"}, {"quiet_from": "99"}, {"quiet_to": "x"}):
        fragment = browser.post("/progress/reminder", headers={"hx-request": "true"}, **{**form, **wrong}).text
        assert "Not saved" in fragment and "<b>" not in fragment
    assert reminders.wish_of(records, centre.learner) == reminders.Reminder(True, "Europe/Paris", 20, 9)
    browser.post("/progress/reminder", **{**form, "wanted": ""})
    assert not reminders.wish_of(records, centre.learner).wanted


def test_a_tutor_has_neither(browser):
    """Both are for learners."""
    browser.sign_in("tom@example.org")
    assert browser.post("/progress/telegram").status_code == 403
    assert browser.post("/progress/reminder").status_code == 403


def test_an_invited_learner_also_gets_a_telegram_link_once_a_bot_was_started(browser, centre, records):
    """On the tutor's page and in the file of links."""
    telegram.note_bot(records, "rapport_bot")
    browser.sign_in("tom@example.org")
    group = re.search(r'<option value="(\d+)"[^>]*>Spring', browser.get("/invite").text)[1]
    form = {"name": "Nia New", "email": "nia@example.org", "cohort": group, "unit-d1": "1"}
    page = browser.post("/invite", **form).text
    token = re.search(r"https://t\.me/rapport_bot\?start=([\w-]+)", page)[1]
    assert telegram.invited(records, token, centre.now).name == "Nia New"
    fields = {"csrf": browser.csrf, "cohort": group, "unit-d1": "1", "form": "csv"}
    content = b"name,email\nBo Two,bo@example.org"
    answer = browser.client.post("/invite/file", data=fields, files={"file": ("group.csv", content, "text/csv")})
    assert "https://t.me/rapport_bot?start=" in answer.text and "Telegram" in answer.text.splitlines()[0]
