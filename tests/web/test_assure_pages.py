"""Quality assurance and audit: sampled by seed, marked blind, agreed or returned, read from outside by a link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from bot.records import assessment_tables as a
from bot.records import assuring
from bot.records import tables as t
from tests.web.test_assess_pages import assessor, caseload, decide, sent  # noqa: F401


def row(id, by=1, unit="d1", method="questioning", outcome="achieved"):
    return {"id": id, "by_id": by, "statement": f"{unit}/4.9", "method": method, "outcome": outcome}


def test_a_share_of_each_assessor_unit_and_method_is_drawn_one_at_least():
    found = [row(i) for i in range(20)] + [row(100, by=2), row(200, unit="b15"), row(300, method="portfolio")]
    chosen = assuring.draw(found, assuring.Rules(0.1, risk=False), 7, {})
    assert len([i for i in chosen if i < 20]) == 2 and {100, 200, 300} <= set(chosen)


def test_the_same_seed_draws_the_same_sample_and_another_another():
    found = [row(i) for i in range(50)]
    rules = assuring.Rules(0.2)
    assert assuring.draw(found, rules, 7, {}) == assuring.draw(found[::-1], rules, 7, {})
    assert assuring.draw(found, rules, 7, {}) != assuring.draw(found, rules, 8, {})


def test_what_differs_from_the_programs_proposal_is_a_risk_and_an_unsure_one_is_none():
    found = [row(i) for i in range(10)]
    chosen = assuring.draw(found, assuring.Rules(0.1), 7, dict.fromkeys(range(3), "not_yet") | {5: "not_sure"})
    assert {i for i, why in chosen.items() if why == "risk"} | set(chosen) >= {0, 1, 2}
    assert len(chosen) <= 4


@pytest.fixture
def assurer(assessor, sent):  # noqa: F811
    """Asa has decided; Quin assures Spring."""
    decide(assessor, sent)
    assessor.post("/sign-out")
    quin = sent.add("Quin Quality", "quality_assurer", "quin@example.org", None)
    with sent.records.begin() as tx:
        group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "Spring"))["id"]
        tx.connection.execute(insert(a.caseload).values(cohort_id=group, person_id=quin, role="quality_assurer"))
    assessor.sign_in("quin@example.org")
    assessor.get("/assure")
    return assessor


def plan(browser, centre, **form):
    day = f"{centre.now:%Y-%m-%d}"
    values = {"title": "November", "since": day, "until": day, "share": "50", "risk": "1", "seed": "7"}
    return browser.post("/assure", **{**values, **form})


def test_a_sample_is_marked_blind_then_returned_and_superseded(assurer, sent):  # noqa: F811
    path = plan(assurer, sent).headers["location"]
    assert "Lena Learner" in assurer.get(path).text
    page = assurer.get("/assure/sample/1").text
    assert "adverts &lt;b&gt;cost" in page and "Both points." not in page
    early = assurer.post("/assure/sample/1/close", result="agreed", reason="fine")
    assert early.status_code == 400 and "Mark it yourself first" in early.text
    assurer.post("/assure/sample/1/mark", outcome="more_needed", words="thin")
    assert "Both points." in assurer.get("/assure/sample/1").text
    assert assurer.post("/assure/sample/1/close", result="returned", reason=" ").status_code == 400
    assurer.post("/assure/sample/1/close", result="returned", reason="Trust is missing.")
    assurer.post("/sign-out")
    assurer.sign_in("asa@example.org")
    assert "Trust is missing." in assurer.get("/assess").text
    decide(assurer, sent, outcome="more_needed", reason="Right.", next_step="Say why they stay.")
    assert "Trust is missing." not in assurer.get("/assess").text


@pytest.mark.parametrize(
    "odd",
    [{"share": "0"}, {"share": "x"}, {"since": "soon"}, {"title": " "}, {"since": "2001-01-01", "until": "2001-02-01"}],
)
def test_a_plan_that_does_not_fit_says_why(assurer, sent, odd):  # noqa: F811
    assert plan(assurer, sent, **odd).status_code == 400


def test_an_external_link_reads_and_expires_and_is_withdrawn(assurer, sent, clock):  # noqa: F811
    path = plan(assurer, sent).headers["location"]
    page = assurer.post(f"{path}/link", name="Ext Assurer").text
    link = re.search(r'value="http://testserver(/external/[^"]+)"', page)[1]
    assurer.post("/sign-out")
    page = assurer.get(link).text
    assert "adverts &lt;b&gt;cost" in page and "read only" in page and "<form" not in page.split("<main")[1]
    clock.ahead = timedelta(days=31)
    assert assurer.get(link).status_code == 404
    assert assurer.get("/external/nonsense").status_code == 404


def test_plans_and_audit_are_not_for_others(assurer, sent):  # noqa: F811
    path = plan(assurer, sent).headers["location"]
    assert "made sampling plan" in assurer.get("/audit").text and "whole" in assurer.get("/audit?check=1").text
    assert "decided" in assurer.get("/audit.csv").text
    assurer.post("/sign-out")
    for who in ("lena", "tom", "asa"):
        assurer.sign_in(f"{who}@example.org")
        assert {assurer.get(p).status_code for p in (path, "/assure", "/audit", "/audit.csv", "/assure/sample/1")} == {
            403
        }
        assurer.post("/sign-out")


def test_the_audit_chain_is_not_for_demo_people(browser, centre):
    centre.add("Dora", "quality_assurer", "dora@example.org", None, demo=True)
    browser.sign_in("dora@example.org")
    assert {browser.get(p).status_code for p in ("/audit", "/audit.csv")} == {404}
