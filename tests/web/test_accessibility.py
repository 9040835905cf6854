"""Every page holds WCAG 2.2 A and AA by axe-core, on a phone and a desk, light and dark; screenshots are kept."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.store import Turn
from bot.records.unit_versions import note_content
from tests.web.test_assess_pages import assessor, caseload, decide, sent  # noqa: F401
from tests.web.test_browser import driver, pytestmark, sign_in  # noqa: F401
from tests.web.test_unit_pages import other_words

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (360, 1440)
# Everything open and nothing moving: this axe-core takes what a closed <details> hides for shown.
STILL = """
const still = new CSSStyleSheet();
still.replaceSync("* { transition: none !important; animation: none !important }");
document.adoptedStyleSheets = [still];
document.querySelectorAll("details").forEach(d => d.open = true);
"""


@pytest.fixture(scope="module")
def axe():
    """axe-core's script."""
    found = find_spec("axe_playwright_python")
    assert found is not None and found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def busy(assessor, sent):  # noqa: F811
    """A centre in which every page has something to show."""
    decide(assessor, sent)
    attempt = sent.attempt(sent.learner, "you pay for adverts", "a-1")
    quin = sent.add("Quin", "quality_assurer", "quin@example.org", None)
    with sent.records.begin() as tx:
        tx.add_dispute(Turn("d-1", sent.learner, "web", "I did say trust"), attempt, sent.now)
        tx.ask_tutor(Turn("r-1", sent.learner, "web", "when is the test?"), "question", None, sent.now)
        group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "Spring"))["id"]
        tx.connection.execute(insert(a.caseload).values(cohort_id=group, person_id=quin, role="quality_assurer"))
    sent.quin = quin
    for content in (sent.syllabus, other_words(sent.syllabus)):
        note_content(sent.records, content, sent.now)
    assessor.post("/sign-out")
    assessor.sign_in("quin@example.org")
    assessor.get("/assure")
    day = f"{sent.now:%Y-%m-%d}"
    assessor.post("/assure", title="Sample", since=day, until=day, share="100", seed="7")
    return sent


def pages(centre):
    """Role → the pages it works on."""
    lena = centre.learner
    return {
        centre.learner: ("/chat", "/progress", "/evidence/d1"),
        centre.tutor: ("/work", "/coverage", f"/coverage/{lena}/d1/4.9", f"/learners/{lena}", "/insights", "/practice",
                       "/invite"),
        centre.assessor: ("/assess", "/assess/new", f"/assess/{centre.set}", centre.page,
                          f"/learners/{lena}/evidence/d1"),
        centre.quin: ("/assure", "/assure/1", "/assure/sample/1", "/audit"),
        centre.admin: ("/people", f"/people/{lena}", "/groups", "/units", "/units/d1", "/status"),
        None: ("/sign-in",),
    }  # fmt: skip


def findings(driver, axe):  # noqa: F811
    driver.execute_script(axe)
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}})"
        ".then(r => done(r.violations), e => done([{id: String(e), nodes: []}]))",
        TAGS,
    )
    return [(v["id"], [n["html"][:140] for n in v["nodes"][:3]]) for v in found]


def test_every_page_holds_wcag_aa_on_phone_and_desk_light_and_dark(driver, axe, live, busy):  # noqa: F811
    kept = Path(os.environ.get("RAPPORT_CI_OUTPUT", "tests/output")) / "pages"
    kept.mkdir(parents=True, exist_ok=True)
    wrong = []
    for person, addresses in pages(busy).items():
        if person is None:
            driver.delete_all_cookies()
        else:
            sign_in(driver, live, busy, person)
        for address in addresses:
            for width in WIDTHS:
                size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                driver.get(live.url + address)
                driver.execute_script(STILL)
                for scheme in ("light", "dark"):
                    feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
                    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
                    name = address.strip("/").replace("/", "-") or "home"
                    driver.save_screenshot(str(kept / f"{name}-{width}-{scheme}.png"))
                    wrong += [(address, width, scheme, *f) for f in findings(driver, axe)]
                wide = driver.execute_script("return document.documentElement.scrollWidth")
                if wide > width:
                    wrong.append((address, width, "scrolls sideways", wide))
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert not wrong, "\n".join(map(str, wrong))
