from __future__ import annotations

import os
import shutil

import pytest

from bot.records import people
from tests.web.conftest import wait_for

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.chrome.service import Service  # noqa: E402  # after the check that selenium is there
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    # In CI a missing browser is a failure, not a skip.
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER) and os.environ.get("CI") != "true", reason="needs chromium and chromedriver"
    ),
]


@pytest.fixture(scope="module")
def driver():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=400,800"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def chat(driver, live, centre):
    """Lena's chat in a real browser."""
    sign_in(driver, live, centre, centre.learner)
    driver.get(f"{live.url}/chat")
    return driver


def sign_in(driver, live, centre, person):
    driver.get(f"{live.url}/healthz")
    driver.delete_all_cookies()
    token, _ = people.open_session(centre.records, person, centre.now)
    driver.add_cookie({"name": "rapport-session", "value": token, "path": "/"})


def texts(driver, selector):
    """The texts of all that match, in one step: the page changes between two."""
    return driver.execute_script("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector)


def bubbles(driver, kind="bubble"):
    return texts(driver, f"#log .{kind} .text")


def test_enter_sends_and_the_reply_comes_by_itself(chat, centre):
    """Shift+Enter makes a line, Enter sends, the focus stays, nothing typed runs."""
    box = chat.find_element(By.ID, "text")
    box.send_keys("<img src=x onerror=alert(1)>", Keys.SHIFT, Keys.ENTER)
    box.send_keys("second line", Keys.ENTER)
    assert bubbles(chat)[0] == "<img src=x onerror=alert(1)>\nsecond line"
    wait_for(lambda: len(bubbles(chat, "coach")) == 1)
    assert len(bubbles(chat, "mine")) == 1 and box.get_property("value") == ""
    assert chat.switch_to.active_element == box
    assert wait_for(lambda: texts(chat, ".mine .sent") == ["Sent"])
    assert wait_for(lambda: texts(chat, "#typing") == [""])
    assert centre.chat(centre.learner)[0]["text"].endswith("\nsecond line")


def test_only_the_last_buttons_are_there_and_one_press_is_one_message(chat, centre):
    """Buttons of before go when something newer is said."""
    chat.find_element(By.CSS_SELECTOR, "#quick button[value=hint]").click()
    wait_for(lambda: chat.find_elements(By.CSS_SELECTOR, ".choices button"))
    chat.find_element(By.CSS_SELECTOR, ".choices button").click()
    wait_for(lambda: len(bubbles(chat, "coach")) == 2)
    assert bubbles(chat, "mine") == ["hint", "Give me a hint"]
    assert len(chat.find_elements(By.CSS_SELECTOR, ".choices")) == 1
    chat.refresh()
    assert len(chat.find_elements(By.CSS_SELECTOR, ".choices")) == 1
    assert [m["direction"] for m in centre.chat(centre.learner)] == ["in", "out", "in", "out"]


def test_words_written_while_the_server_is_away_arrive_once_in_order(chat, live, centre):
    """They are shown as not sent yet and come through when it is back."""
    live.stop()
    box = chat.find_element(By.ID, "text")
    for text in ("one", "two"):
        box.send_keys(text, Keys.ENTER)
    wait_for(lambda: "Not sent yet" in texts(chat, ".mine .sent")[0])
    live.start()
    wait_for(lambda: len(bubbles(chat, "coach")) == 2, 20)
    assert bubbles(chat, "mine") == ["one", "two"]
    assert [m["text"] for m in centre.chat(centre.learner) if m["direction"] == "in"] == ["one", "two"]


def test_another_tab_shows_the_same_conversation(chat, live):
    """What is written in one tab appears in the other."""
    first = chat.current_window_handle
    chat.switch_to.new_window("tab")
    chat.get(f"{live.url}/chat")
    chat.find_element(By.ID, "text").send_keys("from the second tab", Keys.ENTER)
    wait_for(lambda: len(bubbles(chat, "coach")) == 1)
    chat.close()
    chat.switch_to.window(first)
    wait_for(lambda: bubbles(chat, "mine") == ["from the second tab"])


def test_signing_out_elsewhere_leads_to_the_sign_in_page(chat, centre):
    """A script call of an ended session does not lose the words without a trace."""
    chat.delete_all_cookies()
    chat.find_element(By.ID, "text").send_keys("too late", Keys.ENTER)
    wait_for(lambda: "/sign-in" in chat.current_url)
    assert centre.chat(centre.learner) == []


def test_the_matrix_is_filtered_while_typing(driver, live, centre):
    """Without loading the page anew, and the address can be kept."""
    centre.add("Zoe Zest", "learner", "zoe@example.org", "Spring")
    sign_in(driver, live, centre, centre.tutor)
    driver.get(f"{live.url}/coverage")
    driver.find_element(By.ID, "q").send_keys("zest")
    wait_for(lambda: texts(driver, ".matrix tbody th") == ["Zoe Zest"])
    assert "q=zest" in driver.current_url
    assert driver.find_element(By.ID, "q").get_property("value") == "zest"
