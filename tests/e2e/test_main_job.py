"""The main job, with real processes and a real Chromium: a learner is quizzed, the tutor sees it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.e2e.conftest import OUTPUT, System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HALF_RIGHT = "you hav to pay for adverts to get new custmers in"
THE_REST = [
    "the old custmers allready know you and trust you so they dont need much convinsing",
    "you hav to give new peple discounts and speshal offers to tempt them in",
    "it takes staff time to set up a new customer and explain evrything to them",
]


def coach_texts(browser: Any) -> str:
    """Everything in the log."""
    return str(browser.find_element(By.ID, "log").text)


def say(browser: Any, text: str) -> str:
    """Type and press Enter; wait for what the coach says after it."""
    box = browser.find_element(By.ID, "text")
    before = len(browser.find_elements(By.CSS_SELECTOR, "#log .bubble:not(.mine)"))
    box.send_keys(text, Keys.ENTER)
    wait(lambda: len(browser.find_elements(By.CSS_SELECTOR, "#log .bubble:not(.mine)")) > before)
    time.sleep(0.6)
    return "\n".join(b.text for b in browser.find_elements(By.CSS_SELECTOR, "#log .bubble:not(.mine)")[before:])


def wait(done: Any, patience: float = 20) -> None:
    """Wait until `done()`."""
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def shot(browser: Any, name: str, width: int, height: int) -> None:
    """A screenshot kept as CI output."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    browser.set_window_size(width, height)
    time.sleep(0.4)
    browser.save_screenshot(str(OUTPUT / f"{name}-{width}.png"))


@pytest.mark.browser
def test_a_learner_is_quizzed_in_the_browser_and_the_tutor_sees_the_attempt(system: System, browser: Any) -> None:
    """Question on 4.9, half right in poor spelling, credited in the learner's words, hint, completed, recap, log."""
    browser.set_window_size(400, 820)
    browser.get(system.url + "/sign-in")
    shot(browser, "sign-in", 400, 820)
    browser.find_element(By.CSS_SELECTOR, "button[value=learner]").click()
    wait(lambda: browser.find_elements(By.ID, "composer"))
    assert "new customer" in say(browser, "quiz me on the cost of new customers")
    credited = say(browser, HALF_RIGHT)
    assert "Partly right" in credited or "part of it" in credited
    assert "adverts to get new custmers" in credited and "✓" in credited
    assert "Hint:" in say(browser, "hint")
    shot(browser, "chat-phone", 400, 820)
    for answer in THE_REST:
        after = say(browser, answer)
        if "Recap:" in after:
            break
    else:
        pytest.fail("the question was not completed:\n" + coach_texts(browser))
    assert "D1 4.9" in after
    assert len(after.split("Next question:")[1].split()) > 8
    shot(browser, "chat", 400, 820)
    shot(browser, "chat", 1440, 900)
    browser.get(system.url + "/progress")
    assert "Practising" in browser.find_element(By.TAG_NAME, "main").text
    shot(browser, "progress", 400, 820)
    shot(browser, "progress", 1440, 900)
    browser.delete_all_cookies()
    browser.get(system.url + "/sign-in")
    browser.find_element(By.CSS_SELECTOR, "button[value=tutor]").click()
    wait(lambda: "/work" in browser.current_url)
    shot(browser, "work", 400, 820)
    browser.get(system.url + "/coverage")
    shot(browser, "coverage", 400, 820)
    shot(browser, "coverage", 1440, 900)
    cell = next(
        a for a in browser.find_elements(By.CSS_SELECTOR, "a[href*='/coverage/']")
        if a.get_attribute("href").split("?")[0].endswith("/d1/4.9") or "/d1/d1/4.9" in a.get_attribute("href")
    )  # fmt: skip
    browser.get(cell.get_attribute("href"))
    page = browser.find_element(By.TAG_NAME, "main").text
    assert HALF_RIGHT in page and "hint" in page.lower()
    assert any("adverts" in m.text for m in browser.find_elements(By.TAG_NAME, "mark"))
    shot(browser, "answers", 400, 820)
    shot(browser, "answers", 1440, 900)


def test_the_same_goes_through_the_terminal_with_a_piped_script(system: System) -> None:
    """`rapport chat < script.txt`, as a learner of one's own."""
    added = system.rapport("people", "add", "Terminal Learner", "--unit", "d1")
    assert added.returncode == 0, added.stderr
    script = "\n".join(["quiz me on the cost of new customers", HALF_RIGHT, "", "hint", *THE_REST, "stop", "progress"])
    done = system.rapport("chat", "--learner", "Terminal Learner", input=script + "\n")
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert "Why does it usually cost a business more to win a new customer" in out
    assert "✓" in out and "adverts to get new custmers" in out
    assert "Hint:" in out and "Recap:" in out and "resume" in out
    covered = system.rapport("coverage", "--learner", "Terminal Learner", "--format", "csv")
    assert any("d1/4.9" in line and "practising" in line for line in covered.stdout.splitlines())


def test_the_workplace_is_told_in_a_piped_script_and_held_against_the_answers(system: System) -> None:
    """A newcomer fills in the profile, leaves a part, answers, and meets the profile in the feedback."""
    added = system.rapport("people", "add", "Nia Newcomer", "--unit", "d1")
    assert added.returncode == 0, added.stderr
    script = ["quiz me on 4.10", "I work at Greenway Garage", "repairs and tyres", "skip", "Kim, the duty manager"]
    script += ["ask a manager because they have the authority, and check the rules and the limits first"]
    done = system.rapport("chat", "--learner", "Nia Newcomer", input="\n".join([*script, "stop"]) + "\n")
    assert done.returncode == 0, done.stderr
    said = done.stdout.split("> ")
    assert "Where do you work or volunteer" in said[1] and "I'll use Greenway Garage" in said[2]
    assert "limits at Greenway Garage" in said[3] and "Whom do you ask" in said[4]
    assert "at Greenway Garage" in said[5] and "?" in said[5]
    assert "✓" in said[6] or "yet" in said[6] or "art" in said[6], said[6]


def test_the_terminal_names_a_learner_who_is_not_there(system: System) -> None:
    """One clear sentence and exit code 1."""
    done = system.rapport("chat", "--learner", "Nobody At All", input="hi\n")
    assert done.returncode == 1
    assert "no learner called 'Nobody At All'" in done.stderr
