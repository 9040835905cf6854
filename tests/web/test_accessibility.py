"""Every page holds WCAG 2.2 A and AA by axe-core, on a phone and a desk, light and dark; screenshots are kept.

What axe-core cannot see is looked at here: the focus is visible and not covered, a password may be pasted, nothing has
to be dragged or typed twice, and the ways around stand in one order.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bot.records import assessment_tables as a
from bot.records import people
from bot.records import tables as t
from bot.records.store import Turn
from bot.records.unit_versions import note_content
from bot.web.pages import HERE
from tests.web.conftest import wait_for
from tests.web.test_assess_pages import assessor, caseload, decide, make, sent  # noqa: F401
from tests.web.test_browser import By, Keys, driver, pytestmark, sign_in, webdriver  # noqa: F401
from tests.web.test_evidence_pages import enter
from tests.web.test_unit_pages import other_words

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (360, 1440)
# Everything open and nothing moving.
STILL = """
const still = new CSSStyleSheet();
still.replaceSync("* { transition: none !important; animation: none !important }");
document.adoptedStyleSheets = [still];
document.querySelectorAll("details").forEach(d => d.open = true);
"""
# Each thing that can have the focus: is it marked, and can any of it be seen? (2.4.7, 2.4.11)
FOCUS = """
const wrong = [];
const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
for (const it of document.querySelectorAll(all)) {
  if (it.disabled || !it.checkVisibility({visibilityProperty: true})) continue;
  it.focus();
  if (document.activeElement !== it) continue;
  const look = getComputedStyle(it), box = it.getBoundingClientRect();
  const html = it.outerHTML.slice(0, 120);
  if (look.outlineStyle === "none" || parseFloat(look.outlineWidth) < 2) wrong.push(["no mark", html]);
  const spots = [];
  for (const x of [0.1, 0.5, 0.9]) for (const y of [0.1, 0.5, 0.9])
    spots.push(document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
  if (!spots.some(e => e && (it.contains(e) || e.contains(it)))) wrong.push(["covered", html]);
}
return wrong;
"""


@pytest.fixture(scope="module")
def axe():
    """axe-core's script, out of a package that brings it."""
    found = find_spec("axe_playwright_python")
    assert found is not None and found.origin is not None, "axe-playwright-python is missing: run `make sync`"
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def busy(assessor, sent):  # noqa: F811
    """A centre in which every page has something to show."""
    decide(assessor, sent)
    sent.draft = make(assessor, sent, title="A draft").headers["location"]
    assessor.post(f"{sent.draft}/question", question="d1-4.9-cost")
    live = make(assessor, sent, title="Asked live", live="1").headers["location"]
    assessor.post(f"{live}/send")
    assessor.post(f"{live}/{sent.learner}/ask", statement="d1/4.9", words="What does a new customer cost?")
    sent.live_set = f"{live}/{sent.learner}"
    attempt = sent.attempt(sent.learner, "you pay for adverts", "a-1")
    sent.quin = sent.add("Quin", "quality_assurer", "quin@example.org", None)
    with sent.records.begin() as tx:
        tx.add_dispute(Turn("d-1", sent.learner, "web", "I did say trust"), attempt, sent.now)
        tx.ask_tutor(Turn("r-1", sent.learner, "web", "when is the test?"), "question", None, sent.now)
        group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "Spring"))["id"]
        values = {"cohort_id": group, "person_id": sent.quin, "role": "quality_assurer"}
        tx.connection.execute(insert(a.caseload).values(**values))
    for content in (sent.syllabus, other_words(sent.syllabus)):
        note_content(sent.records, content, sent.now)
    switch(assessor, "lena@example.org", "/evidence/d1")
    enter(assessor, sent)
    assessor.get("/chat")
    assessor.post("/chat/messages", text="a hint please")
    wait_for(lambda: sent.chat(sent.learner)[-1]["buttons"], 20)
    switch(assessor, "quin@example.org", "/assure")
    day = f"{sent.now:%Y-%m-%d}"
    assessor.post("/assure", title="Sample", since=day, until=day, share="100", seed="7")
    sent.outside = re.search(r"/external/[\w-]+", assessor.post("/assure/1/link", name="Exa").text)[0]
    sent.invitation = "/invitation/" + people.invite(sent.records, sent.stranger, sent.now)
    return sent


def switch(browser, email, page):
    browser.post("/sign-out")
    browser.sign_in(email)
    browser.get(page)


def pages(centre):
    """Role → the pages it works on."""
    lena = centre.learner
    return {
        centre.learner: ("/chat", "/progress", "/evidence/d1", "/work", "/nowhere"),
        centre.tutor: ("/work", "/coverage", f"/coverage/{lena}/d1/4.9", f"/learners/{lena}", "/insights", "/practice",
                       f"/practice?person={lena}", "/invite"),
        centre.assessor: ("/assess", "/assess/new", centre.draft, f"/assess/{centre.set}", centre.page,
                          centre.live_set, f"/learners/{lena}/evidence/d1"),
        centre.quin: ("/assure", "/assure/1", "/assure/sample/1", "/audit", "/audit?check=1"),
        centre.admin: ("/people", f"/people/{lena}", "/groups", "/units", "/units/d1", "/retention", "/status",
                       "/help"),
        None: ("/sign-in", "/help", centre.invitation, centre.outside, "/invitation/nobody"),
    }  # fmt: skip


# A form that is refused, filled in and sent: person, page, the form's address, fields.
def refused(centre):
    """Forms filled in so that they are refused: the pages with what is wrong, and with what was typed."""
    return (
        (None, "/sign-in", "/sign-in", {"email": "lena@example.org", "password": "not this one"}),
        (None, centre.invitation, centre.invitation, {"password": "four plain words here", "again": "other words"}),
        (centre.tutor, "/invite", "/invite", {"name": "Lou", "email": "lena@example.org"}),
        (centre.tutor, "/practice", "/practice", {"target": "nothing", "note": "For Friday"}),
        (centre.assessor, "/assess/new", "/assess/new", {"title": "No learner"}),
        (centre.assessor, centre.draft, f"{centre.draft}/question", {"words": "Is it good?"}),
        (centre.learner, "/evidence/d1", "/evidence/d1", {"title": "A refund", "reference": "folder"}),
        (centre.assessor, centre.page, f"{centre.page}/ask", {"words": "Is it good?"}),
        (
            centre.assessor,
            f"/learners/{centre.learner}/evidence/d1",
            f"/learners/{centre.learner}/evidence/d1/record",
            {"title": "Seen", "reference": "notes"},
        ),
        (centre.admin, "/people", "/people", {"name": "Lou", "email": "lena@example.org"}),
    )


def fill_in(driver, action, fields):  # noqa: F811
    """Type into the form that goes to `action`, and send it past what the browser itself would refuse."""
    form = next(
        f for f in driver.find_elements(By.CSS_SELECTOR, f'form[action="{action}"]')
        if all(f.find_elements(By.NAME, name) for name in fields)
    )  # fmt: skip
    driver.execute_script("for (let d = arguments[0]; (d = d.parentElement?.closest('details')); ) d.open = true", form)
    for name, value in fields.items():
        field = form.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)
    driver.execute_script("arguments[0].noValidate = true; arguments[0].requestSubmit()", form)
    wait_for(lambda: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"), 20)


def come(driver, live, centre, person, address):  # noqa: F811
    """Somebody, or nobody, opens a page."""
    if person is None:
        driver.get(live.url + "/healthz")
        driver.delete_all_cookies()
    else:
        sign_in(driver, live, centre, person)
    driver.get(live.url + address)


def look(driver, axe, name):  # noqa: F811
    """What is wrong with the page that is open, at both widths, light and dark; its pictures are kept."""
    kept = Path(os.environ.get("RAPPORT_CI_OUTPUT", "tests/output")) / "pages"
    kept.mkdir(parents=True, exist_ok=True)
    driver.execute_script(STILL)
    driver.execute_script(axe)
    wrong = []
    for width in WIDTHS:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        for scheme in ("light", "dark"):
            feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
            driver.save_screenshot(str(kept / f"{name}-{width}-{scheme}.png"))
            wrong += [(name, width, scheme, *f) for f in findings(driver)]
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        if wide > width:
            wrong.append((name, width, "scrolls sideways", wide))
        wait_for(lambda: tabbed(driver))
        wrong += [(name, width, *f) for f in driver.execute_script(FOCUS)]
        driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    return wrong


def tabbed(driver):  # noqa: F811
    """Press Tab; whether the focus is shown as a keyboard's, as it is from then on."""
    webdriver.ActionChains(driver).send_keys(Keys.TAB).perform()
    return driver.execute_script("return !!document.querySelector(':focus-visible')")


def findings(driver):  # noqa: F811
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}})"
        ".then(r => done(r.violations), e => done([{id: String(e), nodes: []}]))",
        TAGS,
    )
    return [(v["id"], [n["html"][:140] for n in v["nodes"][:3]]) for v in found]


def test_every_page_holds_wcag_22_aa_on_phone_and_desk_light_and_dark(driver, axe, live, busy):  # noqa: F811
    wrong = []
    for person, addresses in pages(busy).items():
        for address in addresses:
            come(driver, live, busy, person, address)
            name = re.sub(r"\W+", "-", address.replace(busy.invitation, "/invitation")).strip("-")[:40]
            wrong += look(driver, axe, name)
    assert not wrong, "\n".join(map(str, wrong))


def test_a_refused_form_holds_it_too_and_keeps_what_was_typed(driver, axe, live, busy):  # noqa: F811
    """Redundant entry (3.3.7): nothing but a password has to be typed again."""
    wrong = []
    for number, (person, address, action, fields) in enumerate(refused(busy)):
        come(driver, live, busy, person, address)
        fill_in(driver, action, fields)
        for name, value in fields.items():
            there = [e.get_property("value") for e in driver.find_elements(By.NAME, name)]
            if (value in there) is (name in ("password", "again")):
                wrong.append((action, name, there))
        wrong += look(driver, axe, f"refused-{number}")
    assert not wrong, "\n".join(map(str, wrong))


def test_the_check_sees_small_targets_and_a_covered_or_unmarked_focus(driver, axe, live, busy):  # noqa: F811
    """A check that finds nothing must be able to find something."""
    come(driver, live, busy, None, "/sign-in")
    driver.execute_script(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<p>"
        + "<button aria-label=a class=tiny></button><button aria-label=b class=tiny></button>" * 2
        + "</p>'); const s = new CSSStyleSheet(); s.replaceSync('.tiny { all: unset; width: 9px; height: 9px; display:"
        " inline-block } header.top { position: fixed; inset: 0; z-index: 99 }');"
        "document.adoptedStyleSheets = [s]; document.body.dataset.kept = 1"
    )
    driver.execute_script(axe)
    assert "target-size" in [f[0] for f in findings(driver)]
    driver.execute_script(
        "document.querySelectorAll('.tiny').forEach(b => b.style.setProperty('outline', 'none', 'important'))"
    )
    found = {f[0] for f in driver.execute_script(FOCUS)}
    assert found == {"no mark", "covered"}


def test_signing_in_lets_a_password_be_pasted_and_asks_for_nothing_else(driver, live, busy):  # noqa: F811
    """Accessible authentication (3.3.8): password managers know the fields, and there is no puzzle."""
    for address, names in (("/sign-in", ["username", "current-password"]), (busy.invitation, ["new-password"] * 2)):
        come(driver, live, busy, None, address)
        fields = driver.find_elements(By.CSS_SELECTOR, "main form:not([action$=demo]) input:not([type=hidden])")
        assert [f.get_attribute("autocomplete") for f in fields] == names
        for field in fields:
            field.click()
            pasted = "arguments[0].dispatchEvent(new ClipboardEvent('paste', {cancelable: true, bubbles: true}))"
            assert driver.execute_script(f"return {pasted}", field), "the page stops pasting"


def test_the_ways_around_stand_in_one_order_on_every_page(driver, live, busy):  # noqa: F811
    """Consistent navigation and help (3.2.3, 3.2.6): what a page shows at its top, it shows in the same order."""
    for person, addresses in pages(busy).items():
        if person is not None:
            orders = set()
            for address in addresses:
                come(driver, live, busy, person, address)
                script = (
                    "return [...document.querySelectorAll('header.top a, header.top button')].map(e => e.innerText)"
                )
                orders.add(tuple(driver.execute_script(script)))
            assert len(orders) == 1, orders


def test_nothing_has_to_be_dragged():
    """Dragging movements (2.5.7): our pages and scripts know none."""
    own = [*HERE.glob("templates/*.html"), *HERE.glob("static/*.js")]
    assert own and [p.name for p in own if re.search(r"\bdrag|ondrop|pointermove|mousemove", p.read_text())] == []
