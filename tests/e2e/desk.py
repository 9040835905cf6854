"""One person at a time in front of a real Chromium; every page they meet is photographed at both widths."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import httpx
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

PHONE, DESK = 360, 1440
PRESSABLE = "//*[self::button or self::a or self::summary][normalize-space()=$]"
LEADS_AWAY = """
const it = arguments[0], form = it.form;
return it.href ? !it.getAttribute("href").startsWith("#") : !!form && !form.closest("[hx-post], #talk");
"""
TEXT = """
const page = document.querySelector("main") || document.body;
let text = page.innerText;  // which lists the options of every select, chosen or not
page.querySelectorAll("select").forEach(s => { text = text.replace(s.innerText, s.selectedOptions[0]?.text || ""); });
return text;
"""
LABEL = "//label[starts-with(normalize-space(), $)] | //*[@aria-label=$]"


class Desk:
    """`width` is of the person's own screen; pages are found by the words on them, as people do."""

    def __init__(self, driver: Any, url: str, album: Path) -> None:
        self.driver, self.url, self.album, self.photos = driver, url, album, 0
        album.mkdir(parents=True, exist_ok=True)
        self.wear(DESK)

    # Going about --------------------------------------------------------------------------------------------------

    def open(self, address: str) -> None:
        """Go to a page of the site, or to a link somebody was given."""
        self.driver.get(address if "://" in address else self.url + address)

    def press(self, words: str, within: str = "") -> None:
        """Press the button or link of these words; `within`: the first card or row that has those words."""
        self._until(lambda: self._pressed(words, within), f"nothing to press: {words!r} {within!r}")

    def _pressed(self, words: str, within: str) -> bool:
        root = self.card(within) if within else self.driver
        path = _with(PRESSABLE, words)
        found = [e for e in root.find_elements(By.XPATH, f".{path}" if within else path) if e.is_displayed()]
        if not found:
            return False
        page = self.driver.find_element(By.TAG_NAME, "html")
        leads_away = self.driver.execute_script(LEADS_AWAY, found[0])
        found[0].click()
        if leads_away:
            self._until(lambda: _is_gone(page), f"{words!r} leads nowhere")
        return True

    def unfold(self, words: str) -> None:
        """Open the part of the page whose heading begins with these words."""
        self.driver.find_element(By.XPATH, f"//summary[starts-with(normalize-space(), {_quoted(words)})]").click()

    def card(self, words: str) -> Any:
        """The innermost card, form or row that shows these words."""
        path = "//*[contains(@class, 'card') or self::article or self::li or self::tr or self::details or self::form]"
        found = self.driver.find_elements(By.XPATH, f"{path}[contains(normalize-space(), {_quoted(words)})]")
        assert found, f"no card with {words!r} on\n{self.text()}"
        return found[-1]

    def fill(self, within: str = "", **fields: str) -> None:
        """Type into fields by their labels: `fill(**{"E-mail": "a@example.org"})`."""
        for label, value in fields.items():
            field = self.field(label, within)
            if field.tag_name == "select":
                Select(field).select_by_visible_text(value)
            elif field.get_attribute("type") in ("checkbox", "radio"):
                if field.is_selected() != bool(value):
                    field.click()
            elif field.get_attribute("type") == "date":
                self.driver.execute_script("arguments[0].value = arguments[1]", field, value)
            else:
                field.clear()
                field.send_keys(value)

    def tick(self, *labels: str, within: str = "") -> None:
        """Tick boxes and choose options by their labels."""
        self.fill(within, **dict.fromkeys(labels, "yes"))

    def field(self, label: str, within: str = "") -> Any:
        """The field that a label names."""
        root = self.card(within) if within else self.driver
        path = _with(LABEL, label)
        if within:
            path = " | ".join(f".{p}" for p in path.split(" | "))
        for found in root.find_elements(By.XPATH, path):
            if found.tag_name != "label":
                inside = [found]
            elif found.get_attribute("for"):
                inside = root.find_elements(By.ID, found.get_attribute("for"))
            else:
                inside = found.find_elements(By.CSS_SELECTOR, "input, select, textarea")
            if inside and inside[0].is_displayed():
                return inside[0]
        raise AssertionError(f"no field {label!r} {within!r} on\n{self.text()}")

    # Seeing -------------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """What the page's main part shows."""
        return str(self.driver.execute_script(TEXT))

    def sees(self, *words: str, patience: float = 40) -> str:
        """Wait until the page shows all of these; what it shows."""
        self._until(lambda: all(w in self.text() for w in words), lambda: f"{words} not on\n{self.text()}", patience)
        return self.text()

    def value(self, label: str) -> str:
        """What a field holds."""
        return str(self.field(label).get_property("value"))

    def fetch(self, address: str) -> httpx.Response:
        """A file of the site, as whoever is signed in."""
        cookies = {c["name"]: c["value"] for c in self.driver.get_cookies()}
        return httpx.get(self.url + address, cookies=cookies, trust_env=False, timeout=60)

    def address(self, words: str) -> str:
        """Where the link of these words leads on this site."""
        found = self.driver.find_element(By.XPATH, _with(PRESSABLE, words))
        return str(found.get_attribute("href")).replace(self.url, "")

    # Signing in ---------------------------------------------------------------------------------------------------

    def set_password(self, link: str, password: str) -> None:
        """Open an invitation and choose a password."""
        self.leave()
        self.open(link)
        self.fill(**{"Password": password, "The same password again": password})
        self.press("Save and go on")

    def sign_in(self, email: str, password: str, width: int = DESK) -> None:
        """Somebody else sits down."""
        self.leave()
        self.wear(width)
        self.open("/sign-in")
        self.fill(**{"E-mail": email, "Password": password})
        self.press("Sign in")
        self.sees("")

    def leave(self) -> None:
        """Sign out, where somebody is signed in."""
        if self.driver.current_url.startswith(self.url) and self.driver.find_elements(By.CSS_SELECTOR, ".who button"):
            self.press("Sign out")
            self.sees("Sign in")

    # The chat -----------------------------------------------------------------------------------------------------

    def say(self, text: str, *expect: str) -> str:
        """Write in the chat and press Enter; what the coach says after it, once that has all of `expect`."""
        before = len(self._said())
        self.driver.find_element(By.ID, "text").send_keys(text, Keys.ENTER)
        return self.hears(*expect, after=before)

    def tap(self, title: str, *expect: str) -> str:
        """Press a button of the chat; what the coach says after it."""
        before = len(self._said())
        self.press(title)
        return self.hears(*expect, after=before)

    def hears(self, *expect: str, after: int = 0) -> str:
        """Wait until the coach's bubbles from number `after` on have all of `expect`."""

        def heard() -> str:
            return "\n".join(self._said()[after:])

        self._until(lambda: heard() and all(e in heard() for e in expect), lambda: f"{expect} not in\n{heard()}")
        return heard()

    def _said(self) -> list[str]:
        script = "return [...document.querySelectorAll('#log .bubble:not(.mine)')].map(b => b.innerText)"
        return list(self.driver.execute_script(script))

    # Photographs --------------------------------------------------------------------------------------------------

    def wear(self, width: int) -> None:
        """Take a phone or a desk's screen."""
        self.width = width
        self._screen(width)

    def photo(self, name: str) -> None:
        """The whole page on a phone and on a desk, in the album; nothing may scroll sideways."""
        self.photos += 1
        for width in (PHONE, DESK):
            self._screen(width)
            wide = self.driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} pixels wide at {width}"
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1}
            shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
            (self.album / f"{self.photos:02}-{name}-{width}.png").write_bytes(base64.b64decode(shot["data"]))
        self._screen(self.width)

    def _screen(self, width: int) -> None:
        size = {"width": width, "height": 780 if width == PHONE else 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def _until(self, done: Callable[[], Any], problem: Any, patience: float = 40) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                if done():
                    return
                wrong: Optional[Exception] = None
            except WebDriverException as error:  # the page has just changed
                wrong = error
            assert time.monotonic() < deadline, (problem() if callable(problem) else problem, wrong)
            time.sleep(0.1)


def _is_gone(element: Any) -> bool:
    try:
        element.is_enabled()
    except WebDriverException:  # stale, or of another document, as Chromium puts it
        return True
    return False


def _with(path: str, words: str) -> str:
    return path.replace("$", _quoted(words))


def _quoted(words: str) -> str:
    """As a string of XPath, which knows no escapes."""
    return f'"{words}"' if '"' not in words else f"'{words}'"
