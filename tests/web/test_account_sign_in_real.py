"""Sign-in through a real OpenID provider process, in a real Chromium.

The provider is on "localhost", our pages on 127.0.0.1: another site for the browser, as in life.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.records import tables as t
from bot.web.serve import server
from tests.web.conftest import wait_for
from tests.web.test_browser import CHROMIUM, DRIVER, driver  # noqa: F401

from selenium.common.exceptions import WebDriverException  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip

BUTTON = "Sign in with your centre's account"
PACKAGE = "oidc-provider@9.13.3"
MISSING = [name for name, there in (("npm", shutil.which("npm")), ("chromium", CHROMIUM and DRIVER)) if not there]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(MISSING) and os.environ.get("CI") != "true", reason=f"needs {' and '.join(MISSING)}"),
]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with the provider installed."""
    folder = tmp_path_factory.mktemp("provider")
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", PACKAGE]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        why = f"{PACKAGE} cannot be installed: {done.stderr[-300:]}"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    shutil.copy(Path(__file__).with_name("real_provider.mjs"), folder)
    return folder


@pytest.fixture
def site(package, make_app, centre):
    """Our pages and the provider, both running; the address of ours."""
    ours, theirs = free_port(), free_port()
    url = f"http://127.0.0.1:{ours}"
    log = (package / "log").open("w")
    command = ["node", "real_provider.mjs", str(theirs), f"{url}/sign-in/account/back"]
    process = subprocess.Popen(command, cwd=package, stdout=log, stderr=subprocess.STDOUT)
    app = make_app(
        RAPPORT_OIDC_ISSUER=f"http://localhost:{theirs}",
        RAPPORT_OIDC_CLIENT_ID="rapport",
        RAPPORT_OIDC_CLIENT_SECRET="a-secret-of-the-centre-that-is-long",
    )
    running = server(app, "127.0.0.1", ours)
    thread = threading.Thread(target=running.run, daemon=True)
    try:
        wait_for(lambda: "ready" in (package / "log").read_text(), 60)
        thread.start()
        wait_for(lambda: running.started, 60)
        yield url
    finally:
        running.handle_exit(2, None)
        process.kill()
        process.wait()
        log.close()
        if thread.is_alive():
            thread.join(20)


def press(driver, site, name):  # noqa: F811
    """Press our button; at the provider sign in as `name` where asked and agree, until we are back."""
    driver.get(f"{site}/sign-in")
    driver.find_element(By.LINK_TEXT, BUTTON).click()

    def back():
        if driver.current_url.startswith(site):
            return driver.current_url != f"{site}/sign-in"
        try:
            if found := driver.find_elements(By.NAME, "login"):
                found[0].send_keys(name)
                driver.find_element(By.NAME, "password").send_keys("any")
            driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        except WebDriverException:  # the page changed meanwhile
            pass
        return False

    wait_for(back, 60)


def read(driver, words):  # noqa: F811
    """Wait until the page says so."""
    wait_for(lambda: words in driver.page_source, 30)


def test_a_learner_comes_in_goes_out_and_comes_in_again(driver, site, centre):  # noqa: F811
    press(driver, site, "lena")
    assert driver.current_url == f"{site}/chat"
    with centre.records.reading() as tx:
        tied = [dict(r) for r in tx._all(select(t.sign_in_account))]
    assert [(x["subject"], x["person_id"]) for x in tied] == [("lena", centre.learner)]
    driver.find_element(By.XPATH, "//button[text()='Sign out']").click()
    read(driver, "signed out of Rapport")
    driver.get(f"{site}/chat")
    assert driver.current_url == f"{site}/sign-in?next=/chat"
    press(driver, site, "lena")  # still signed in there
    assert driver.current_url == f"{site}/chat"


def test_somebody_whom_the_centre_did_not_add_is_told_the_way_out(driver, site):  # noqa: F811
    press(driver, site, "nobody")
    read(driver, "Ask your tutor to add you")
    driver.get(f"{site}/chat")
    assert "/sign-in" in driver.current_url


def test_going_back_at_the_provider_is_told(driver, site):  # noqa: F811
    driver.get(f"{site}/sign-in")
    driver.find_element(By.LINK_TEXT, BUTTON).click()
    wait_for(lambda: driver.find_elements(By.LINK_TEXT, "[ Cancel ]"), 30)[0].click()
    read(driver, "did not let you through")
