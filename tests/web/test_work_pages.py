"""The tutor's pages: what waits, changing a mark, replying, setting practice, numbers, invitations."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from bot.records import assessment_tables as a
from bot.records import audit, group_reports, marked_answers, people, tutor_reports
from bot.records import tables as t
from bot.records.store import Turn

SPRING = "1"


@pytest.fixture
def waiting(centre):
    """Lena disputes a mark and asks a question; Stan, of another group, asks too."""
    attempt = centre.attempt(centre.learner, "you pay for adverts", "a-1")
    centre.lena_attempt = attempt
    centre.stan_attempt = centre.attempt(centre.stranger, "stan's answer", "a-2")
    with centre.records.begin() as tx:
        tx.add_dispute(Turn("d-1", centre.learner, "web", "I <u>did</u> say trust"), attempt, centre.now)
        tx.ask_tutor(Turn("r-1", centre.learner, "web", "when is the test?"), "question", "d1-4.9-cost", centre.now)
        tx.ask_tutor(Turn("r-2", centre.stranger, "web", "stan asks"), "question", None, centre.now)
    return centre


@pytest.fixture
def tutor(browser, waiting):
    browser.sign_in("tom@example.org")
    browser.get("/work")
    return browser


def rows(centre, table):
    with centre.records.reading() as tx:
        return [dict(r) for r in tx._all(select(table))]


def told(centre, person):
    return [
        m for m in rows(centre, t.message) if m["person_id"] == person and (m["extra"] or {}).get("kind") == "tutor"
    ]


def test_the_work_list_shows_what_waits_and_nothing_foreign(tutor):
    page = tutor.get("/work").text
    assert "I &lt;u&gt;did&lt;/u&gt; say trust" in page and "when is the test?" in page and "stan" not in page.lower()
    assert "when is the test?" not in tutor.get("/work?kind=dispute").text
    assert "you pay for adverts" in page and "Nothing is waiting" in tutor.get("/work?age=overdue").text


def test_a_dispute_leads_to_the_answers_of_the_questions_own_unit(tutor, waiting):
    """Also where the answer served a unit whose name comes first, in which the learner may not even be enrolled."""
    with waiting.records.begin() as tx:
        values = {"attempt_id": waiting.lena_attempt, "person_id": waiting.learner, "statement": "ct10/P2"}
        tx.connection.execute(insert(t.attempt_statement).values(**values))
    page = tutor.get("/work?kind=dispute").text
    assert f'href="/coverage/{waiting.learner}/d1/4.9"' in page and "ct10" not in page


def test_the_age_of_an_entry_is_new_this_week_or_overdue(centre):
    now = centre.now
    ages = [tutor_reports.age(now - timedelta(hours=h), now) for h in (1, 30, 24 * 8)]
    assert ages == ["new", "week", "overdue"]


def test_a_stuck_and_a_quiet_learner_are_on_the_list(tutor, waiting, clock):
    for i in range(3):
        waiting.attempt(waiting.learner, "again", f"more-{i}")
    clock.ahead = timedelta(days=8)
    tutor.sign_in("tom@example.org")
    page = tutor.get("/work").text
    assert "none complete without help" in page and "Has not written since" in page


def test_a_reply_reaches_the_learner_and_closes_the_entry(tutor, waiting):
    request = next(r for r in rows(waiting, t.tutor_request) if r["person_id"] == waiting.learner)
    tutor.post(
        "/work/reply", person=str(waiting.learner), item="request", id=str(request["id"]), words="On <b>Monday</b>."
    )
    assert [m["text"] for m in told(waiting, waiting.learner)] == ["Tom Tutor writes: On <b>Monday</b>."]
    assert "when is the test?" not in tutor.get("/work").text
    assert "On &lt;b&gt;Monday&lt;/b&gt;." in tutor.get(f"/learners/{waiting.learner}").text


def test_an_entry_can_be_closed_once_and_nobody_elses(tutor, waiting):
    mine, foreign = rows(waiting, t.dispute)[0]["id"], rows(waiting, t.tutor_request)[1]["id"]
    assert tutor.post("/work/close", item="dispute", id=str(mine)).status_code == 303
    assert tutor.post("/work/close", item="dispute", id=str(mine)).status_code == 303
    for odd in ({"item": "request", "id": str(foreign)}, {"item": "person", "id": "1"}, {"item": "dispute", "id": "x"}):
        assert tutor.post("/work/close", **odd).status_code == 404
    assert len(rows(waiting, a.closed_item)) == 1


def override(browser, attempt, **fields):
    form = {"attempt": str(attempt), "complete": "1", "reason": "She meant trust.", "point-trust": "met", **fields}
    return browser.post("/coverage/override", **form)


def test_an_override_keeps_the_original_and_coverage_follows(tutor, waiting):
    assert override(tutor, waiting.lena_attempt).status_code == 303
    page = tutor.get(f"/coverage/{waiting.learner}/d1/4.9").text
    assert "Tom Tutor changed this mark: complete" in page and "She meant trust." in page and "Partly right" in page
    assert rows(waiting, t.attempt)[0]["complete"] is False
    mine = next(r for r in rows(waiting, t.coverage) if r["person_id"] == waiting.learner)
    assert mine["state"] == "practising"
    assert "She meant trust." in told(waiting, waiting.learner)[0]["text"]
    assert "I &lt;u&gt;did" not in tutor.get("/work").text
    assert (
        len(audit.newest(waiting.records, action="overrode")) == 1 and audit.verify(waiting.records).broken_at is None
    )


def test_two_overridden_answers_on_two_days_and_questions_make_ready(tutor, waiting):
    other = {"question_id": "d1-4.9-other", "made_at": waiting.now + timedelta(days=1), "unassisted": True}
    first = waiting.attempt(waiting.learner, "right in other words", "r-a", unassisted=True)
    second = waiting.attempt(waiting.learner, "right again", "r-b", **other)
    for attempt in (first, second):
        override(tutor, attempt)
    mine = next(r for r in rows(waiting, t.coverage) if r["person_id"] == waiting.learner)
    assert mine["state"] == "practising" or mine["state"] == "ready"
    override(tutor, second, complete="0", reason="On second thoughts.")
    assert len(rows(waiting, a.override)) == 3


def test_corrections_are_downloaded_for_ones_own_learners_and_without_names(tutor, waiting):
    override(tutor, waiting.lena_attempt, reason="Lena meant trust.")
    assert "/insights/corrections.jsonl" in tutor.get("/insights").text
    answer = tutor.get("/insights/corrections.jsonl")
    assert answer.headers["content-disposition"].startswith('attachment; filename="corrections-')
    (line,) = answer.text.splitlines()
    assert json.loads(line) == {
        "question_id": "d1-4.9-cost",
        "answer": "you pay for adverts",
        "met": ["costs", "trust"],
        "marked_by": f"marker-{waiting.tutor}",
        "reason": "[name] meant trust.",
    }
    waiting.add("Tia Tutor", "tutor", "tia@example.org", "Autumn")
    tutor.client.cookies.clear()
    tutor.sign_in("tia@example.org")
    assert override(tutor, waiting.stan_attempt).status_code == 303
    tutor.client.cookies.clear()
    tutor.sign_in("tom@example.org")
    assert len(tutor.get("/insights/corrections.jsonl").text.splitlines()) == 1
    tutor.client.cookies.clear()
    tutor.sign_in("ada@example.org")
    assert len(tutor.get("/insights/corrections.jsonl").text.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [("I am Jo, mary-ann SMITH", "I am Jo, [name] [name]"), ("Annexe smithy", "Annexe smithy"), ("Mary+", "[name]+")],
)
def test_names_are_taken_out_whole_and_in_parts_but_not_out_of_words(text, shown):
    assert marked_answers.nameless(text, ["Jo Mary-Ann Smith", ""]) == shown


def test_who_looked_at_a_learners_records_is_in_the_audit_once_a_day(tutor, waiting, clock):
    """Whichever page it was; what is refused is nobody's look."""

    def looks():
        return [(e.by_id, e.subject) for e in audit.newest(waiting.records, action="saw")]

    for page in (f"/learners/{waiting.learner}", f"/coverage/{waiting.learner}/d1/4.9"):
        assert tutor.get(page).status_code == 200
    assert tutor.get(f"/learners/{waiting.stranger}").status_code == 404
    assert looks() == [(waiting.tutor, f"person/{waiting.learner}")]
    clock.ahead = timedelta(days=1)
    tutor.sign_in("tom@example.org")
    tutor.get(f"/learners/{waiting.learner}")
    assert len(looks()) == 2


def test_an_override_needs_a_reason_and_a_learner_of_ones_own(tutor, waiting):
    assert override(tutor, waiting.lena_attempt, reason="  ").status_code == 400
    assert override(tutor, waiting.stan_attempt).status_code == override(tutor, 99999).status_code == 404
    assert rows(waiting, a.override) == []


def test_practice_is_set_for_a_learner_told_and_withdrawn(tutor, waiting):
    page = tutor.get(f"/practice?person={waiting.learner}&target=d1/4.9").text
    assert 'value="d1/4.9"' in page
    answer = tutor.post("/practice", person=str(waiting.learner), target="d1/4.9", note="For Friday")
    assert answer.status_code == 303
    message = told(waiting, waiting.learner)[0]
    assert message["text"].startswith("Tom Tutor set you practice: D1 4.9 – Explain the cost")
    assert message["extra"]["buttons"] == [{"title": "Start D1 4.9", "payload": "/start_practice"}]
    assert "For Friday" in tutor.get(f"/learners/{waiting.learner}").text
    tutor.post("/practice/withdraw", id=str(rows(waiting, a.set_practice)[0]["id"]))
    assert "For Friday" not in tutor.get(f"/learners/{waiting.learner}").text


def test_practice_that_does_not_fit_is_said_on_the_form_which_keeps_its_words(tutor, waiting):
    past = (waiting.now - timedelta(days=3)).date().isoformat()
    for odd in ({"target": "d1/9.9"}, {"target": "d1/1.1"}, {"due_on": "soon"}, {"due_on": past}):
        form = {"person": str(waiting.learner), "target": "d1/4.9", "note": "kept <words>", **odd}
        answer = tutor.post("/practice", **form)
        assert answer.status_code == 400 and "kept &lt;words&gt;" in answer.text, odd
    assert tutor.post("/practice", person=str(waiting.stranger), target="d1/4.9").status_code == 404
    assert rows(waiting, a.set_practice) == []


def test_practice_for_a_group_reaches_every_learner_of_it(tutor, waiting):
    waiting.add("Lou", "learner", "lou@example.org", "Spring")
    group = re.search(r'<option value="(\d+)">Spring', tutor.get("/practice").text)[1]
    tutor.post("/practice", cohort=group, target="d1-4.9-cost")
    assert len(rows(waiting, a.set_practice)) == 2
    assert tutor.post("/practice", cohort="999", target="d1-4.9-cost").status_code == 400


def test_numbers_are_given_only_where_there_are_enough_learners(tutor, waiting):
    group = [waiting.learner, waiting.stranger]
    stats = group_reports.question_stats(waiting.records, group, ["d1-4.9-cost"])[0]
    assert (stats.learners, stats.facility, stats.not_sure) == (2, None, None)
    for i in range(22):
        id = waiting.add(f"L{i}", "learner", f"l{i}@example.org", "Spring")
        group.append(id)
        waiting.attempt(id, "x", f"s-{i}", complete=i % 2 == 0)
        waiting.attempt(id, "y", f"t-{i}", question_id="d1-other", complete=i % 2 == 0)
    stats = group_reports.question_stats(waiting.records, group, ["d1-4.9-cost"])[0]
    assert stats.learners == 24 and stats.facility == pytest.approx(11 / 24)
    assert stats.discrimination is None  # only questions of the list are compared, and one alone says nothing
    both = group_reports.question_stats(waiting.records, group, ["d1-4.9-cost", "d1-other"])
    assert both[0].discrimination == pytest.approx(1.0)


def test_the_figures_of_a_large_group_are_of_some_evenly_drawn_and_say_so(tutor, waiting, monkeypatch):
    monkeypatch.setattr(group_reports, "MOST_LEARNERS", 3)
    ids = sorted([waiting.learner, *(waiting.add(f"L{i}", "learner", f"l{i}@x.org", "Spring") for i in range(5))])
    found = group_reports.group_of(waiting.records, people.find(waiting.records, waiting.tutor), "d1")
    assert found.of == 6 and found.ids == (ids[0], ids[2], ids[4])
    assert "The figures are of 3 of 6 learners" in tutor.get("/insights").text


def test_insights_show_misconceptions_and_the_trend(tutor):
    page = tutor.get("/insights").text
    assert "New customers are cheaper." in page and "1 learner" in page and "<svg" in page
    assert tutor.get("/insights?unit=zz&cohort=zz").status_code == 200


@pytest.mark.parametrize("page", ["/work", "/coverage", "/insights"])
def test_each_list_comes_as_csv_and_xlsx_without_formulas(tutor, waiting, page):
    with waiting.records.begin() as tx:
        tx.ask_tutor(Turn("r-9", waiting.learner, "web", "=HYPERLINK(1)\x0b"), "question", None, waiting.now)
    text = tutor.get(f"{page}.csv").text
    book = load_workbook(io.BytesIO(tutor.get(f"{page}.xlsx").content))
    cells = [str(c.value) for row in book.active.iter_rows() for c in row if c.value is not None]
    assert len(cells) >= 3 and not [c for c in cells if c.startswith("=")]
    assert "\n=HYPER" not in text and ",=HYPER" not in text
    assert tutor.get(f"{page}.pdf").status_code == 404


def test_an_invitation_is_a_link_with_a_code_that_works_once(tutor, waiting):
    group = re.search(r'<option value="(\d+)"[^>]*>Spring', tutor.get("/invite").text)[1]
    form = {"name": "Nia New", "email": "nia@example.org", "cohort": group, "unit-d1": "1"}
    page = tutor.post("/invite", **form).text
    link = re.search(r'value="http://testserver(/invitation/[^"]+)"', page)[1]
    assert "data:image/svg+xml" in page
    assert tutor.get(link).status_code == 200
    again = tutor.post("/invite", **form)
    assert (
        again.status_code == 400 and "nia@example.org is somebody’s already." in again.text and "Nia New" in again.text
    )


def send_file(browser, content, **form):
    fields = {"csrf": browser.csrf, "cohort": SPRING, "unit-d1": "1", **form}
    return browser.client.post("/invite/file", data=fields, files={"file": ("group.csv", content, "text/csv")})


def test_a_file_with_bad_rows_names_all_of_them_and_adds_nobody(tutor, waiting):
    before = len(rows(waiting, t.person))
    lines = ["name,email,units", "Good One,good@example.org,d1", ",none@example.org,", "Bad,not-an-address,"]
    lines += ["Unit,u@example.org,zz", "Twin,good@example.org,"]
    answer = send_file(tutor, "\n".join(lines).encode())
    assert answer.status_code == 400
    for said in ("row 3: a name", "row 4:", "row 5:", "row 6: good@example.org is there twice"):
        assert said in answer.text, said
    assert len(rows(waiting, t.person)) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "Choose a CSV file"), (b"\xff\xfe", "not UTF-8"), (b"a,b\n1,2\n", "must name the columns"),
     (b"name,email\n", "must name the columns"), (b"name,email\n" + b"x,x@example.org\n" * 600, "at most 500")],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tutor, content, said):
    answer = send_file(tutor, content)
    assert answer.status_code == 400 and said in answer.text


def test_a_good_file_adds_all_and_the_links_can_be_downloaded(tutor, waiting):
    content = "Name;email\n" + "Ann;ann@example.org\nÉva;eva@example.org\n"
    answer = send_file(tutor, content.encode("utf-8-sig"), form="csv")
    assert answer.status_code == 200 and answer.text.count("/invitation/") == 2 and "Éva" in answer.text
    assert {"Ann", "Éva"} <= {p["name"] for p in rows(waiting, t.person)}


def test_learners_and_strangers_see_none_of_it(browser, waiting):
    pages = ("/work", "/insights", "/invite", "/practice", f"/learners/{waiting.learner}", "/work.csv")
    assert {browser.get(p, follow_redirects=False).status_code for p in pages} == {303}
    browser.sign_in("lena@example.org")
    assert {browser.get(p).status_code for p in pages} == {403}
    browser.post("/sign-out")
    browser.sign_in("tom@example.org")
    assert browser.get(f"/learners/{waiting.stranger}").status_code == browser.get("/learners/99999").status_code == 404


def test_an_assessor_sees_the_caseload_and_no_other_group(browser, waiting):
    assessor = waiting.add("Asa Assessor", "assessor", "asa@example.org", None)
    browser.sign_in("asa@example.org")
    assert "Lena" not in browser.get("/coverage").text
    with waiting.records.begin() as tx:
        group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "Spring"))["id"]
        tx.connection.execute(a.caseload.insert().values(cohort_id=group, person_id=assessor, role="assessor"))
    page = browser.get("/coverage").text
    assert "Lena" in page and "Stan" not in page
    assert browser.get(f"/learners/{waiting.learner}").status_code == 200
    assert browser.get(f"/learners/{waiting.stranger}").status_code == 404
