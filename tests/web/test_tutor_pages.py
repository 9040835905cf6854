from __future__ import annotations

import csv
import io

import pytest

from bot.cells import harmless
from bot.records import assessing_reports, assuring, people, reports
from bot.records.coverage_reports import Asked, coverage_matrix, every_row
from bot.records.reports import Point
from bot.records.store import Turn
from bot.web import coverage
from bot.web.answers import parts


@pytest.fixture
def answered(centre):
    """Lena has answered once, with a dispute; Stan, of another group, too."""
    attempt = centre.attempt(centre.learner, "you pay for adverts <i>always</i>, but new is cheaper", "a-1")
    centre.attempt(centre.stranger, "stan's secret answer", "a-2")
    with centre.records.begin() as tx:
        tx.add_dispute(Turn("d-1", centre.learner, "web", "I <u>did</u> say trust"), attempt, centre.now)
        tx.ask_tutor(Turn("r-1", centre.learner, "web", "when is the test?"), "question", "d1-4.9-cost", centre.now)
        tx.ask_tutor(Turn("r-2", centre.stranger, "web", "stan asks"), "question", None, centre.now)
    return centre


def test_a_learner_cannot_see_coverage(browser, answered):
    """Neither the matrix nor the export nor answers, not even their own through the tutor's page."""
    browser.sign_in("lena@example.org")
    paths = ("/coverage", "/coverage.csv", f"/coverage/{answered.learner}/d1/4.9")
    assert [browser.get(p).status_code for p in paths] == [403, 403, 403]


def test_a_tutor_sees_their_own_group_only(browser, answered):
    """Matrix, list and export hold nothing of a foreign learner."""
    browser.sign_in("tom@example.org")
    page, export = browser.get("/work").text + browser.get("/coverage").text, browser.get("/coverage.csv").text
    assert "Lena Learner" in page and "when is the test?" in page and "I &lt;u&gt;did&lt;/u&gt; say trust" in page
    assert "Stan" not in page and "stan asks" not in page and "Stan" not in export


def test_a_foreign_learner_looks_like_nobody(browser, answered):
    """404, word for word the same as for a person who does not exist."""
    browser.sign_in("tom@example.org")
    foreign = browser.get(f"/coverage/{answered.stranger}/d1/4.9")
    unknown = browser.get("/coverage/999999/d1/4.9")
    assert foreign.status_code == unknown.status_code == 404 and foreign.text == unknown.text
    for odd in ("0/d1/4.9", f"{answered.learner}/zz/4.9", f"{answered.learner}/d1/9.9", f"{2**80}/d1/4.9"):
        assert browser.get(f"/coverage/{odd}").status_code == 404


def test_an_admin_sees_everybody(browser, answered):
    """All groups, and each by itself."""
    browser.sign_in("ada@example.org")
    assert "Lena" in browser.get("/coverage").text and "Stan" in browser.get("/coverage").text
    autumn = next(
        c for c in reports.cohorts_of(answered.records, _viewer(answered, answered.admin)) if c.name == "Autumn"
    )
    page = browser.get(f"/coverage?cohort={autumn.id}").text
    table = page.split("<tbody>")[1]
    assert "Stan" in table and "Lena" not in table


def _viewer(centre, id):
    return people.find(centre.records, id)


def test_the_answers_behind_a_cell_show_everything_about_the_mark(browser, answered):
    """Question, words with the quotes marked, every point, misconception, help, versions, dispute."""
    browser.sign_in("tom@example.org")
    for path in ("4.9", "bullet:costs-new"):
        page = browser.get(f"/coverage/{answered.learner}/d1/{path}").text
        assert "Why does a new customer cost more?" in page
        assert '<mark class="q-met">pay for adverts</mark> &lt;i&gt;always&lt;/i&gt;' in page
        assert '<mark class="q-wrong">new is cheaper</mark>' in page
        assert "finding customers costs money" in page and "very likely (0.93)" in page
        assert "Not sure" in page and "could be either (0.50)" in page
        assert "New customers are cheaper." in page and "The other way round." in page
        assert "First hint: trust takes time" in page and "try 2" in page and "With help" in page
        assert "abc123" in page and "head-1" in page and "I &lt;u&gt;did&lt;/u&gt; say trust" in page
    assert "No answers yet" in browser.get(f"/coverage/{answered.learner}/d1/4.10").text


def test_filters_and_sorting_come_from_the_address(browser, answered):
    """Name, kind, only stuck, sorted by ready; nonsense falls back."""
    answered.add("Zoe Zest", "learner", "zoe@example.org", "Spring")
    browser.sign_in("tom@example.org")

    def names(query):
        page = browser.get(f"/coverage?{query}").text
        body = page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
        return [n for n in ("Lena", "Zoe") if n in body], page

    assert names("")[0] == ["Lena", "Zoe"]
    assert names("q=zO")[0] == ["Zoe"]
    assert names("stuck=1")[0] == []
    for i in range(2):
        answered.attempt(answered.learner, "again", f"more-{i}")
    assert names("stuck=1")[0] == ["Lena"]
    down = names("sort=name&down=1")[1]
    assert down.index("Zoe Zest</a>") < down.index("Lena Learner</a>")
    performance = names("kind=performance")[1].split("<thead>")[1].split("</thead>")[0]
    assert "1.1" in performance and "4.9" not in performance
    assert names("unit=zz&cohort=x&kind=zz&sort=zz&down=zz")[0] == ["Lena", "Zoe"]


def test_cells_are_said_in_words(browser, answered):
    """A cell has sign, number and words for those who do not see the colour."""
    browser.sign_in("tom@example.org")
    page = browser.get("/coverage").text
    assert 'aria-label="Practising, 1 answer"' in page
    assert 'title="Shown at work"' in page and 'title="Not started"' in page


def test_export_has_what_the_screen_has_and_runs_no_formula(browser, answered):
    """A learner named like a formula stays text in a spreadsheet."""
    answered.add('=HYPERLINK("http://x","y")', "learner", "e@example.org", "Spring")
    answered.add(" +1-2", "learner", "p@example.org", "Spring")
    browser.sign_in("tom@example.org")
    answer = browser.get("/coverage.csv?unit=d1")
    assert (
        answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
    )
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(rows[0]) == 3 + 4 and len(rows) == 1 + 3
    assert all(row[0][0] not in "=+-@" for row in rows)
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)
    lena = next(row for row in rows if row[0] == "Lena Learner")
    assert lena[3:] == ["Practising", "Not started", "Practising", "Shown at work"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r=1", "\n=1"])
def test_formulas_are_made_harmless(text):
    """Everything a spreadsheet may take for a formula gets an apostrophe."""
    assert harmless(text) == f"'{text}"
    assert harmless("Anna =1") == "Anna =1"


def test_quotes_are_found_in_spite_of_spaces_and_case():
    """What is not in the answer marks nothing; a misconception wins over a met point."""
    points = [Point("expectation", "a", "met", 0.9, "PAY  for ads"), Point("expectation", "b", "not_met", 0.1, "you")]
    points += [Point("misconception", "c", "met", 0.9, "ads"), Point("expectation", "d", "met", 0.9, "nowhere")]
    made = parts("you pay\nfor ads (.*", points)
    assert made == [("you ", ""), ("pay\nfor ", "met"), ("ads", "wrong"), (" (.*", "")]
    assert parts("", points) == []


def test_a_page_takes_few_statements_however_many_learners(answered):
    """No query a learner, cell or attempt."""
    from sqlalchemy import event

    for i in range(30):
        answered.add(f"Learner {i:02}", "learner", f"l{i}@example.org", "Spring")
    seen = []
    event.listen(answered.records.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    viewer = _viewer(answered, answered.tutor)
    seen.clear()
    asked = Asked("d1", tuple(answered.syllabus.statements("d1")))
    rows, learners = coverage_matrix(answered.records, viewer, asked, limit=20)
    assert len(rows) == 20 and learners == 31 and len([s for s in seen if s.startswith("SELECT")]) == 4
    assert [r.id for r in every_row(answered.records, viewer, asked)][:20] == [r.id for r in rows]


def test_a_long_matrix_shows_its_beginning_and_says_so(browser, answered, monkeypatch):
    """The download has everybody all the same."""
    monkeypatch.setattr(coverage, "MOST", 1)
    answered.add("Zoe Zest", "learner", "zoe@example.org", "Spring")
    browser.sign_in("tom@example.org")
    page = browser.get("/coverage").text
    assert "The first 1 of 2 learners are shown" in page and "Lena" in page and "Zoe Zest" not in page
    assert "Zoe Zest" in browser.get("/coverage?q=zoe").text and "Zoe Zest" in browser.get("/coverage.csv").text


def test_the_assessors_and_assurers_homes_take_few_statements_however_long_their_history(centre):
    """No query a set, sitting or decision."""
    from sqlalchemy import event

    viewer = _viewer(centre, centre.admin)
    seen = []
    event.listen(centre.records.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    assert assessing_reports.to_read(centre.records, viewer) == []
    assert assuring.agreement_by(centre.records, viewer)["all"][""].n == 0
    assert len([s for s in seen if s.startswith("SELECT")]) == 5
