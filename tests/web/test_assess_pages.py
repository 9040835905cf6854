"""The assessor's pages: a set made, sent and read; decisions signed; what others may not see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.records import assessment_tables as a
from bot.records import sittings
from bot.records import tables as t
from bot.records.store import Turn


@pytest.fixture
def caseload(centre):
    """Asa assesses Spring, in which Lena is."""
    centre.assessor = centre.add("Asa Assessor", "assessor", "asa@example.org", None)
    with centre.records.begin() as tx:
        group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "Spring"))["id"]
        values = {"cohort_id": group, "person_id": centre.assessor, "role": "assessor"}
        tx.connection.execute(insert(a.caseload).values(**values))
    return centre


@pytest.fixture
def assessor(browser, caseload):
    browser.sign_in("asa@example.org")
    browser.get("/assess")
    return browser


def rows(centre, table):
    with centre.records.reading() as tx:
        return [dict(r) for r in tx._all(select(table))]


def make(browser, centre, **form):
    values = {"title": "Costs <1>", "unit": "d1", "person": str(centre.learner), "hide_proposal": "1", **form}
    return browser.post("/assess/new", **values)


@pytest.fixture
def sent(assessor, caseload):
    """A set of two questions, sent; Lena has answered the first twice and handed in."""
    path = make(assessor, caseload).headers["location"]
    assessor.post(f"{path}/question", question="d1-4.9-cost")
    assessor.post(f"{path}/question", statement="d1/4.10", words="Who do you ask when a customer wants more?")
    assessor.post(f"{path}/send")
    caseload.set = int(path.rsplit("/", 1)[1])
    records, now = caseload.records, caseload.now
    with records.begin() as tx:
        due = sittings.due(tx, caseload.learner, now + timedelta(minutes=1))[0]
        asked = sittings.questions(tx, due.sitting)
        for i, text in enumerate(("adverts", "adverts <b>cost</b> a lot")):
            sittings.add_answer(tx, Turn(f"v{i}", caseload.learner, "web", text), due.sitting, asked[0].id, now, now)
        sittings.note(tx, due.sitting, "started", now, "web")
        sittings.note(tx, due.sitting, "sent", now, "web")
    caseload.page = f"{path}/{caseload.learner}"
    return caseload


def test_a_draft_is_made_filled_and_sent_and_the_learner_is_told(assessor, caseload):
    path = make(assessor, caseload).headers["location"]
    assessor.post(f"{path}/question", question="d1-4.9-cost")
    page = assessor.get(path).text
    assert "Costs &lt;1&gt;" in page and "Why does a new customer cost more?" in page
    assert assessor.post(f"{path}/send").status_code == 303
    message = rows(caseload, t.message)[-1]
    assert message["person_id"] == caseload.learner and "“Costs <1>”" in message["text"]
    assert assessor.post(f"{path}/send").status_code == 400


def test_a_question_of_the_bank_is_decided_on_its_criterion_and_offered_once(assessor, caseload):
    """Its bullet is read beside it; nothing stays to be decided after the criterion is."""
    path = make(assessor, caseload).headers["location"]
    assert "D1 4.9 – Explain the cost" in (page := assessor.get(path).text) and page.count('value="d1-4.9-cost"') == 1
    assessor.post(f"{path}/question", question="d1-4.9-cost")
    assert rows(caseload, a.set_question)[0]["statements"] == ["d1/4.9"]
    page = assessor.get(path).text
    assert "✓ Added" in page and 'value="d1-4.9-cost"' not in page


def test_a_planned_question_is_for_one_learner_alone(assessor, caseload):
    caseload.add("Lou Learner", "learner", "lou@example.org", "Spring")
    group = str(rows(caseload, a.caseload)[0]["cohort_id"])
    path = make(assessor, caseload, person="", cohort=group).headers["location"]
    words = "Who do you ask when a customer wants more?"
    assessor.post(f"{path}/question", statement="d1/4.10", words=words, person=str(caseload.learner))
    assert "only for Lena Learner" in assessor.get(path).text
    assert assessor.post(f"{path}/question", question="d1-4.9-cost", person=str(caseload.stranger)).status_code == 404
    assessor.post(f"{path}/send")
    late = assessor.post(f"{path}/question", question="d1-4.9-cost", person=str(caseload.learner))
    assert late.status_code == 400 and len(rows(caseload, a.set_question)) == 1


def test_questions_to_begin_stay_at_the_top_of_the_learners_pages(assessor, caseload):
    """However much is said after the message that told of them; not before they are sent, nor to others."""
    path = make(assessor, caseload).headers["location"]
    assessor.post(f"{path}/question", question="d1-4.9-cost")
    for sent in (False, True):
        if sent:
            assessor.sign_in("asa@example.org")
            assessor.get("/assess")
            assessor.post(f"{path}/send")
        for email, begins in (("lena@example.org", sent), ("stan@example.org", False)):
            assessor.post("/sign-out")
            assessor.sign_in(email)
            page = assessor.get("/chat").text
            assert ("Questions from Asa Assessor: <strong>Costs &lt;1&gt;</strong>" in page) is begins
            assert ("Go to the chat to begin" in assessor.get("/progress").text) is begins
        assessor.post("/sign-out")


def test_own_wording_is_looked_at_before_it_is_added(assessor, caseload):
    path = make(assessor, caseload).headers["location"]
    form = {"statement": "d1/4.9", "words": "Is it cheaper to keep people?"}
    answer = assessor.post(f"{path}/question", **form)
    assert answer.status_code == 400 and "answered with yes or no" in answer.text
    assert "Is it cheaper to keep people?" in answer.text and rows(caseload, a.set_question) == []
    assert assessor.post(f"{path}/question", anyway="1", **form).status_code == 303


def test_a_performance_criterion_is_refused_in_the_units_words(assessor, caseload):
    path = make(assessor, caseload).headers["location"]
    answer = assessor.post(f"{path}/question", statement="d1/1.1", words="How do you behave?")
    assert answer.status_code == 400 and "shown at work" in answer.text


@pytest.mark.parametrize(
    "odd",
    [{"person": ""}, {"title": " "}, {"unit": "zz"}, {"closes_at": "2020-01-01T00:00"}, {"closes_at": "soon"}],
)
def test_a_set_that_does_not_fit_is_said_on_the_form(assessor, caseload, odd):
    answer = make(assessor, caseload, **odd)
    assert answer.status_code == 400 and rows(caseload, a.question_set) == []


def test_the_answers_are_read_word_for_word_with_all_versions(assessor, sent):
    page = assessor.get(sent.page).text
    assert "adverts &lt;b&gt;cost&lt;/b&gt; a lot" in page and "Earlier versions" in page and "No answer." in page
    assert sent.page in assessor.get("/assess").text


def decide(browser, centre, **form):
    values = {"statement": "d1/4.9", "outcome": "achieved", "reason": "Both points.", "signed_name": "Asa Assessor",
              "valid": "1", "authentic": "1", "current": "1", "sufficient": "1"}  # fmt: skip
    return browser.post(f"{centre.page}/decide", **{**values, **form})


def test_a_signed_decision_shows_on_every_page_and_the_learner_acknowledges_it(assessor, sent):
    assert decide(assessor, sent).status_code == 303
    assert "Achieved" in assessor.get("/coverage").text.split("<tbody>")[1]
    assert "decided on D1 4.9: met. Reason: Both points." in rows(sent, t.message)[-1]["text"]
    assessor.post("/sign-out")
    assessor.sign_in("lena@example.org")
    page = assessor.get("/progress").text
    assert "Both points." in page and "★" in page
    assessor.post("/progress/decisions", decision=str(rows(sent, a.decision)[0]["id"]))
    assert "seen by the learner" in assessor.get("/progress").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sufficient": "0"}, "all four ticks"),
        ({"signed_name": "Tom Tutor"}, "your own name"),
        ({"outcome": "more_needed"}, "next step"),
        ({"outcome": ""}, "met, or more needed"),
        ({"statement": "d1/1.1"}, "performance criterion"),
        ({"statement": "zz/1"}, "Choose the criterion"),
        ({"statement": "d1/4.10"}, "needs evidence"),
    ],
)
def test_an_unfit_decision_is_said_and_nothing_typed_is_lost(assessor, sent, change, said):
    answer = decide(assessor, sent, **change)
    assert answer.status_code == 400 and said in answer.text and rows(sent, a.decision) == []


def test_a_later_decision_supersedes(assessor, sent):
    decide(assessor, sent)
    decide(assessor, sent, outcome="more_needed", reason="Second reading.", next_step="Give an example.")
    assert "More needed" in assessor.get("/coverage").text.split("<tbody>")[1]
    assert "supersedes no. 1" in assessor.get(sent.page).text and len(rows(sent, a.decision)) == 2


def test_submitted_shows_until_it_is_decided(assessor, sent):
    assert "Submitted" in assessor.get("/coverage").text.split("<tbody>")[1]


def test_the_proposal_is_hidden_until_a_first_view_is_noted(assessor, sent):
    from bot.marking.model import Marking, Match

    answer = rows(sent, a.assessed_answer)[-1]["id"]
    with sent.records.begin() as tx:
        marking = Marking((Match("costs", "met", 0.9, "adverts"),), (), "partly", "m-1")
        sittings.add_proposal(tx, answer, marking, 0.9, "c-1", sent.now)
    assert "proposal: Partly" not in assessor.get(sent.page).text
    assessor.post(f"{sent.page}/view", answer=str(answer), view="sufficient")
    assert "proposal: Partly right" in assessor.get(sent.page).text


def test_live_questions_go_to_the_learner_and_answers_come_to_the_page(assessor, caseload):
    path = make(assessor, caseload, live="1").headers["location"]
    assessor.post(f"{path}/send")
    page = f"{path}/{caseload.learner}"
    assert assessor.post(f"{page}/ask", statement="d1/4.9", words="What did <i>you</i> say?").status_code == 303
    assert rows(caseload, t.message)[-1]["text"] == "Asa Assessor asks: What did <i>you</i> say?"
    assert "What did &lt;i&gt;you&lt;/i&gt; say?" in assessor.get(f"{page}/live").text
    assert assessor.post(f"{page}/ask", statement="d1/1.1", words="Show me").status_code == 400


def test_foreign_sets_and_learners_are_not_there(assessor, sent):
    other = sent.add("Olga Other", "assessor", "olga@example.org", None)
    assert other
    assert assessor.get(f"/assess/{sent.set}/{sent.stranger}").status_code == 404
    assert make(assessor, sent, person=str(sent.stranger)).status_code == 404
    assessor.post("/sign-out")
    assessor.sign_in("olga@example.org")
    paths = (f"/assess/{sent.set}", sent.page, f"{sent.page}/live", "/assess/99999", f"/assess/{2**70}")
    assert {assessor.get(p).status_code for p in paths} == {404}
    assert decide(assessor, sent).status_code == 404


def test_tutors_and_learners_do_not_assess(browser, sent):
    browser.post("/sign-out")
    for who in ("tom@example.org", "lena@example.org"):
        browser.sign_in(who)
        assert {browser.get(p).status_code for p in ("/assess", "/assess/new", sent.page)} == {403}
        browser.post("/sign-out")


def test_one_more_question_can_be_asked_after_a_set_was_handed_in(assessor, sent):
    assert "one more question" in assessor.get(sent.page).text
    form = {"statement": "d1/4.9", "words": "Is it dear?"}
    said = assessor.post(f"{sent.page}/ask", **form)
    assert said.status_code == 400 and "Look at this" in said.text and "Is it dear?" in said.text
    form["words"] = "Explain what <i>your</i> shop does to keep a customer."
    assert assessor.post(f"{sent.page}/ask", **form).status_code == 303
    page = assessor.get(sent.page).text
    assert "what &lt;i&gt;your&lt;/i&gt; shop" in page and "reopened" in page and "Answering" in page
    told = rows(sent, t.message)[-1]
    assert told["text"].startswith("Asa Assessor has questions for you") and "shop" not in told["text"]
    assert [r["person_id"] for r in rows(sent, a.set_question)] == [None, None, sent.learner]


def test_after_its_time_nothing_more_is_asked(assessor, sent):
    with sent.records.begin() as tx:
        tx.connection.execute(update(a.question_set).values(closes_at=sent.now - timedelta(days=1)))
    assert "one more question" not in assessor.get(sent.page).text
    form = {"statement": "d1/4.9", "words": "Explain how you keep a customer.", "anyway": "1"}
    said = assessor.post(f"{sent.page}/ask", **form)
    assert said.status_code == 400 and "The time for this set is over" in said.text
