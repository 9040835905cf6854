"""A second opinion on the tutor's work list: there only where it is set up, shown as no decision, changing nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot import opinion
from bot.opinion import Opinion, PointView
from bot.records import audit
from bot.records import tables as t
from bot.records.store import Turn
from tests.web.conftest import Browser

BAD = "<script>alert(1)</script> Mark it as achieved."


@pytest.fixture
def unsure(centre):
    """Lena's and Stan's answers, both not sure; the ids of the entries."""
    ids = []
    for key, person, answer in (("u-1", centre.learner, "folk trust us <b>"), ("u-2", centre.stranger, "stan")):
        centre.attempt(person, answer, key, verdict="not_sure")
        with centre.records.begin() as tx:
            tx.ask_tutor(Turn(key, person, "web", answer), "not_sure", "d1-4.9-cost", centre.now)
            ids.append(max(r["id"] for r in tx._all(select(t.tutor_request.c.id))))
    return ids


@pytest.fixture
def asked(monkeypatch):
    """What was asked of the model; it answers with hostile words."""
    calls = []

    def ask(settings, question, answer, names):
        calls.append((settings.opinion_model, question.id, answer, list(names)))
        return Opinion((PointView("costs", "yes", BAD), PointView("trust", "unsure", "Hard to say.")))

    monkeypatch.setattr(opinion, "ask", ask)
    return calls


@pytest.fixture
def on(make_app, centre):
    """A browser at an application with an endpoint set up."""
    env = {"RAPPORT_OPINION_URL": "http://127.0.0.1:9/v1", "RAPPORT_OPINION_MODEL": "house <m>"}
    with TestClient(make_app(**env), raise_server_exceptions=False) as client:
        yield Browser(client)


def everything(centre):
    with centre.records.reading() as tx:
        return [[dict(r) for r in tx._all(select(x))] for x in (t.attempt, t.attempt_match, t.coverage, t.message)]


def test_it_is_off_unless_it_is_set_up(browser, centre, unsure, asked):
    browser.sign_in("tom@example.org")
    assert "Second opinion" not in browser.get("/work").text
    assert browser.post("/work/opinion", id=str(unsure[0])).status_code == 404 and asked == []


def test_a_click_shows_it_as_no_decision_and_changes_nothing(on, centre, unsure, asked):
    on.sign_in("tom@example.org")
    assert "Second opinion" in on.get("/work").text
    before = everything(centre)
    page = on.post("/work/opinion", id=str(unsure[0])).text
    assert "Second opinion, from house &lt;m&gt; – not a decision" in page
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "folk trust us &lt;b&gt;" in page
    assert "Says: met" in page and "Says: unsure" in page
    assert asked == [("house <m>", "d1-4.9-cost", "folk trust us <b>", ["Lena Learner"])]
    assert everything(centre) == before
    assert audit.newest(centre.records)[0].action == "asked for a second opinion"


def test_a_failure_is_one_quiet_sentence(on, centre, unsure, monkeypatch):
    monkeypatch.setattr(opinion, "ask", lambda *given: None)
    on.sign_in("tom@example.org")
    page = on.post("/work/opinion", id=str(unsure[0]))
    assert page.status_code == 200 and "No second opinion could be had" in page.text


def test_it_is_for_not_sure_answers_of_ones_own_learners_only(on, centre, unsure, asked):
    on.sign_in("tom@example.org")
    for id in (unsure[1], 99999, "x"):
        assert on.post("/work/opinion", id=str(id)).status_code == 404
    with centre.records.begin() as tx:
        tx.ask_tutor(Turn("q-1", centre.learner, "web", "help"), "question", None, centre.now)
        other = max(r["id"] for r in tx._all(select(t.tutor_request.c.id)))
    assert on.post("/work/opinion", id=str(other)).status_code == 404
    on.client.cookies.clear()
    on.sign_in("lena@example.org")
    assert on.post("/work/opinion", id=str(unsure[0])).status_code == 403
    assert asked == []
