"""Scripts typed into every field there is: none runs on any page in a real Chromium, the content policy taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from selenium.webdriver.common.by import By
from sqlalchemy import update

from bot.records import sittings
from bot.records import tables as t
from bot.records.store import Turn
from bot.web import middleware
from tests.web.conftest import wait_for
from tests.web.crawling import crawl, pattern
from tests.web.test_accessibility import busy  # noqa: F401
from tests.web.test_assess_pages import assessor, caseload, sent  # noqa: F401
from tests.web.test_browser import driver, pytestmark, sign_in  # noqa: F401

SCRIPTS = (
    "<img src=x onerror=window.ran=1>zq1",
    '"><svg onload=window.ran=1>zq2',
    "' autofocus onfocus=window.ran=1 x='zq3",
    "</textarea></title><script>window.ran=1</script>zq4",
    "javascript:window.ran=1//zq5",
    "<details open ontoggle=window.ran=1>zq6 {{ 7 * 191 }} {% raise %}",
    '<b hx-on::load="window.ran=1" hx-get="/zq7" hx-trigger="load">',
    '=HYPERLINK("javascript:window.ran=1")zq8',
)
LEAVES_THINGS_BROKEN = ("/sign-out", "/people/#/active", "/people/#/roles", "/assess/#/withdraw", "/assure/#/withdraw")
PLAIN = {
    "email": "someone{n}@example.org",
    "date": "2030-01-0{n}",
    "datetime-local": "2030-01-0{n}T10:00",
    "number": "{n}",
}
MADE = "img[src=x], svg[onload], [onfocus], [ontoggle], [hx-get^='/zq'], a[href^=javascript]"
OPENED = """
document.querySelectorAll("details").forEach(d => d.open = true);
return document.documentElement.outerHTML;
"""
ROLES = ("lena", "tom", "asa", "quin", "ada")


def filled(form, turn):
    """What the form sends with a script in every field that takes words, and something fitting in all others."""
    sends = {}
    for n, control in enumerate(form.fields):
        if control.kind in ("text", "textarea", "search") or (control.kind == "hidden" and control.name == "text"):
            sends[control.name] = SCRIPTS[(n + turn) % len(SCRIPTS)]
        elif control.kind in PLAIN:
            sends[control.name] = PLAIN[control.kind].format(n=turn + 1)
        elif control.kind == "select":
            real = [option for option in control.options if option]
            sends[control.name] = real[turn % len(real)] if real else ""
        elif control.kind != "file":
            sends[control.name] = control.value or ("1" if control.kind == "checkbox" else "")
    return sends


@pytest.fixture
def poisoned(busy, browser):  # noqa: F811
    """A centre where whatever a person may type was such a script; how many forms took one."""
    centre, taken = busy, set()
    lena = centre.learner
    for n, script in enumerate(SCRIPTS):
        attempt = centre.attempt(lena, script, f"x-{n}")
        with centre.records.begin() as tx:
            tx.add_dispute(Turn(f"xd-{n}", lena, "web", script), attempt, centre.now)
            tx.ask_tutor(Turn(f"xr-{n}", lena, "web", script), "question", None, centre.now)
    with centre.records.begin() as tx:
        tx.connection.execute(update(t.person).where(t.person.c.id == lena).values(name=SCRIPTS[0]))
        tx.connection.execute(update(t.person).where(t.person.c.id == centre.tutor).values(name=SCRIPTS[1]))
        tx.connection.execute(update(t.cohort).where(t.cohort.c.name == "Spring").values(name=SCRIPTS[2]))
    browser.post("/sign-out")
    for who in ROLES:
        browser.sign_in(f"{who}@example.org")
        for turn in range(2):
            seen = set()
            for path, page in list(crawl(browser, "/")):
                for form in page.forms:
                    kind = (pattern(form.action), tuple(control.name for control in form.fields))
                    if kind in seen or form.method != "POST" or kind[0] in LEAVES_THINGS_BROKEN:
                        continue
                    seen.add(kind)
                    browser.get(path)
                    answer = browser.post(form.action, **filled(form, turn))
                    assert answer.status_code < 500, (form.action, answer.status_code)
                    if answer.status_code < 400 and any("zq" in str(v) for v in filled(form, turn).values()):
                        taken.add(kind)
        browser.get("/")
        browser.post("/sign-out")
    with centre.records.begin() as tx:
        for due in sittings.due(tx, lena, centre.now + timedelta(minutes=2)):
            for question in sittings.questions(tx, due.sitting):
                turn = Turn(f"xv-{question.id}", lena, "web", SCRIPTS[0])
                sittings.add_answer(tx, turn, due.sitting, question.id, centre.now, centre.now)
    return centre, taken


@pytest.mark.timeout(900)
def test_no_typed_script_runs_on_any_page(driver, live, poisoned, browser, monkeypatch):  # noqa: F811
    centre, taken = poisoned
    assert len(taken) >= 12, sorted(taken)
    policy = "content-security-policy"
    monkeypatch.delitem(middleware.SAFE_HEADERS, policy)  # escaping alone must do it; the policy is the second wall
    assert policy not in browser.get("/sign-in").headers
    driver.get("data:text/html,<img src=x onerror=window.ran=1>")
    assert wait_for(lambda: driver.execute_script("return window.ran"))  # what is looked for can be seen
    visited, shown, wrong = 0, set(), []
    people = {
        "lena": centre.learner,
        "tom": centre.tutor,
        "asa": centre.assessor,
        "quin": centre.quin,
        "ada": centre.admin,
    }
    for who, person in people.items():
        browser.sign_in(f"{who}@example.org")
        addresses = [path for path, _ in crawl(browser, "/", each=2)]
        browser.get("/")
        browser.post("/sign-out")
        sign_in(driver, live, centre, person)
        for path in addresses:
            driver.get(live.url + path)
            html = driver.execute_script(OPENED)
            visited += 1
            shown |= {n for n in range(1, 9) if f"zq{n}" in html}
            made = driver.find_elements(By.CSS_SELECTOR, MADE)
            if made or driver.execute_script("return window.ran"):
                wrong.append((who, path))
            if "1337" in html:
                wrong.append((who, path, "a template ran"))
    assert not wrong
    assert visited > 25 and shown >= {1, 2, 3, 4, 5, 6}, (visited, shown)
