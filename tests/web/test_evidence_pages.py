"""The evidence planner and the printed records."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, select

from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import tables as t
from tests.web.test_assess_pages import assessor, caseload, decide, sent  # noqa: F401


def rows(centre, table):
    with centre.records.reading() as tx:
        return [dict(r) for r in tx._all(select(table))]


def enter(browser, centre, **form):
    values = {"title": "A <refund>", "kind": "witness", "setting": "real_work", "happened_on": f"{centre.now:%Y-%m-%d}",
              "reference": "folder 3", "customer": "regular", "c-1.1": "1"}  # fmt: skip
    return browser.post("/evidence/d1", **{**values, **form})


@pytest.fixture
def learner(browser, caseload):  # noqa: F811
    browser.sign_in("lena@example.org")
    browser.get("/evidence/d1")
    return browser


def test_a_learner_enters_evidence_of_their_own(learner, caseload):  # noqa: F811
    assert enter(learner, caseload).status_code == 303
    page = learner.get("/evidence/d1").text
    assert "A &lt;refund&gt;" in page and "folder 3" in page
    assert rows(caseload, a.portfolio_item)[0]["statements"] == ["d1/1.1"]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"setting": "simulation"}, "cannot be evidence for D1"),
        ({"happened_on": "2999-01-01"}, "future"),
        ({"happened_on": "soon"}, "Give the day"),
        ({"reference": " "}, "is needed"),
        ({"kind": "role-play"}, "kind of evidence"),
        ({"c-1.1": "0"}, "at least one criterion"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(learner, caseload, odd, said):  # noqa: F811
    answer = enter(learner, caseload, **odd)
    assert answer.status_code == 400 and said in answer.text and "A &lt;refund&gt;" in answer.text
    assert rows(caseload, a.portfolio_item) == []


def test_a_performance_criterion_is_achieved_by_an_assessor_on_evidence_from_work(learner, caseload):  # noqa: F811
    enter(learner, caseload)
    learner.post("/sign-out")
    learner.sign_in("asa@example.org")
    path = f"/learners/{caseload.learner}/evidence/d1"
    page = learner.get(path).text
    assert "A &lt;refund&gt;" in page and "Sign" in page
    form = {"statement": "d1/1.1", "outcome": "achieved", "reason": "Seen.", "signed_name": "Asa Assessor",
            "valid": "1", "authentic": "1", "current": "1", "sufficient": "1"}  # fmt: skip
    assert "needs evidence" in learner.post(f"{path}/decide", **form).text
    assert learner.post(f"{path}/decide", **form, **{"i-1": "1"}).status_code == 303
    assert rows(caseload, a.decision)[0]["method"] == "portfolio"


def test_the_page_of_a_foreign_learner_is_not_there_and_tutors_do_not_decide(browser, caseload):  # noqa: F811
    browser.sign_in("asa@example.org")
    browser.get("/assess")
    assert browser.get(f"/learners/{caseload.stranger}/evidence/d1").status_code == 404
    assert browser.get(f"/learners/{caseload.learner}/evidence/zz").status_code == 404
    browser.post("/sign-out")
    browser.sign_in("tom@example.org")
    browser.get("/work")
    assert browser.get(f"/learners/{caseload.learner}/evidence/d1").status_code == 200
    assert browser.post(f"/learners/{caseload.learner}/evidence/d1/decide", statement="d1/1.1").status_code == 403


def pages_of(pdf: bytes) -> int:
    """How many pages; the words are glyphs of a subset font."""
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_the_record_of_questioning_is_a_pdf_that_the_audit_knows_of(assessor, sent):  # noqa: F811
    decide(assessor, sent)
    answer = assessor.get(f"{sent.page}/record.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF") and pages_of(answer.content) >= 1
    assert audit.newest(sent.records)[0].action == "printed"


def test_any_text_a_person_typed_can_be_printed(assessor, sent):  # noqa: F811
    with sent.records.begin() as tx:
        for odd in ("<b>bold</b> & <script>alert(1)</script>", "日本語 😀 \u202e", "x" * 3000, "{{ 7 * 7 }} %s"):
            tx.connection.execute(
                insert(a.portfolio_item).values(
                    person_id=sent.learner, by_id=sent.learner, unit_id="d1", title=odd[:200], kind="other",
                    setting="real_work", reference=odd[:500], happened_on=sent.now.date(), occasion="", customer="",
                    statements=["d1/1.1"], requirements=[], made_at=sent.now,
                )
            )  # fmt: skip
    answer = assessor.get(f"/learners/{sent.learner}/evidence/d1/checklist.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")


def test_a_learner_prints_their_own_checklist_and_nobody_elses(learner, caseload):  # noqa: F811
    assert learner.get("/evidence/d1/checklist.pdf").content.startswith(b"%PDF")
    assert learner.get(f"/learners/{caseload.learner}/evidence/d1/checklist.pdf").status_code == 403
    assert rows(caseload, t.attempt) == []


@pytest.fixture
def at_work(assessor, caseload):  # noqa: F811
    """Asa at Lena's planner of D1, with the forms filled in."""
    caseload.path = f"/learners/{caseload.learner}/evidence/d1"
    caseload.record = {"title": "Refused a discount", "kind": "observation", "setting": "real_work", "c-1.1": "1",
                       "happened_on": f"{caseload.now:%Y-%m-%d}", "reference": "notes, p. 4"}  # fmt: skip
    caseload.decision = {"statement": "d1/1.1", "outcome": "achieved", "reason": "Seen.", "signed_name": "Asa Assessor",
                         "valid": "1", "authentic": "1", "current": "1", "sufficient": "1", "i-1": "1"}  # fmt: skip
    return assessor


def test_an_observation_that_an_assessor_records_can_be_the_method_of_a_decision(at_work, caseload):  # noqa: F811
    said = at_work.post(f"{caseload.path}/decide", **caseload.decision, method="observation")
    assert said.status_code == 400 and "Record the observation first" in said.text
    assert at_work.post(f"{caseload.path}/record", **caseload.record).status_code == 303
    assert rows(caseload, a.portfolio_item)[0]["by_id"] == caseload.assessor
    assert at_work.post(f"{caseload.path}/decide", **caseload.decision, method="observation").status_code == 303
    assert rows(caseload, a.decision)[0]["method"] == "observation"
    assert "observation at work" in at_work.get(caseload.path).text


def test_what_a_learner_enters_is_no_observation_of_an_assessors(learner, caseload):  # noqa: F811
    enter(learner, caseload, kind="observation")
    learner.post("/sign-out")
    learner.sign_in("asa@example.org")
    path = f"/learners/{caseload.learner}/evidence/d1"
    learner.get(path)
    form = {"statement": "d1/1.1", "outcome": "achieved", "i-1": "1", "method": "observation", "reason": "My <reason>"}
    said = learner.post(f"{path}/decide", **form)
    assert "Record the observation first" in said.text and "My &lt;reason&gt;" in said.text


def test_a_discussion_alone_decides_knowledge_and_no_performance_criterion(at_work, caseload):  # noqa: F811
    talk = {**caseload.record, "kind": "discussion", "c-4.9": "1"}
    assert at_work.post(f"{caseload.path}/record", **talk).status_code == 303
    said = at_work.post(f"{caseload.path}/decide", **caseload.decision, method="discussion")
    assert said.status_code == 400 and "a discussion alone cannot achieve it" in said.text
    knowledge = {**caseload.decision, "statement": "d1/4.9"}
    assert at_work.post(f"{caseload.path}/decide", **knowledge, method="discussion").status_code == 303
    assert rows(caseload, a.decision)[0]["method"] == "discussion"


@pytest.mark.parametrize(
    ("odd", "said"), [({"kind": "witness"}, "observation, or professional"), ({"setting": "simulation"}, "for D1")]
)
def test_an_assessor_records_only_what_they_were_there_for_and_never_practice(at_work, caseload, odd, said):  # noqa: F811
    answer = at_work.post(f"{caseload.path}/record", **{**caseload.record, **odd})
    assert answer.status_code == 400 and said in answer.text and "notes, p. 4" in answer.text
    assert rows(caseload, a.portfolio_item) == []


def test_an_unknown_method_is_said(at_work, caseload):  # noqa: F811
    said = at_work.post(f"{caseload.path}/decide", **caseload.decision, method="guess")
    assert said.status_code == 400 and "how it was assessed" in said.text
