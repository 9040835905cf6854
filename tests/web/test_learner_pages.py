from __future__ import annotations

from datetime import timedelta

from bot.web.app import ROUTES


def test_progress_shows_where_the_learner_stands(browser, centre):
    """Criteria with their bullets, words beside signs, the rule about assessors, the last answers."""
    centre.attempt(centre.learner, "you pay for <b>adverts</b>", "a-1")
    browser.sign_in("lena@example.org")
    page = browser.get("/progress").text
    assert "Only your assessor decides that a criterion is achieved." in page
    assert "Practising" in page and "Not started" in page and "Shown at work" in page
    assert "practice in a chat is not evidence" in page
    assert "Of 3 knowledge points" in page and "2 practising" in page and "1 not started" in page
    assert "you pay for &lt;b&gt;adverts&lt;/b&gt;" in page and "Partly right" in page
    assert "Identify whom to refer to" in page.split("Next in D1")[1].split("</section>")[0]


def test_reviews_due_and_to_come_are_told(browser, centre, records):
    """First the day of the next one, then how many are due."""
    browser.sign_in("lena@example.org")
    later = centre.now + timedelta(days=3)
    with records.begin() as tx:
        tx.save_card(centre.learner, "q-1", {}, later)
    page = browser.get("/progress").text
    assert "Nothing is due now" in page and f'datetime="{later:%Y-%m-%dT%H:%M:%SZ}"' in page
    with records.begin() as tx:
        tx.save_card(centre.learner, "q-2", {}, centre.now - timedelta(days=1))
    assert '<strong class="big">1</strong> due now' in browser.get("/progress").text


def test_workplace_is_saved_with_and_without_script(browser, centre):
    """What is typed comes back as typed, cut at its limits."""
    browser.sign_in("lena@example.org")
    form = {"organisation": '  "Joe\'s" <Garage>\n', "services": "line 1\nline 2", "limits": "x" * 3000, "refer_to": ""}
    page = browser.post("/progress/workplace", follow=True, **form).text
    assert "Saved" in page and 'value="&#34;Joe&#39;s&#34; &lt;Garage&gt;"' in page and "line 1\nline 2" in page
    fragment = browser.post("/progress/workplace", headers={"hx-request": "true"}, **form)
    assert fragment.text.strip().startswith("<form") and "Saved" in fragment.text
    with centre.records.reading() as tx:
        assert len(tx.workplace(centre.learner).limits) == 2000


def test_friendly_pages_for_what_goes_wrong(browser, centre, monkeypatch):
    """404, 405, 500 look like the rest, say what to do and carry the safe headers."""
    browser.sign_in("lena@example.org")
    missing, wrong = browser.get("/nowhere"), browser.get("/sign-out")
    assert missing.status_code == 404 and "There is nothing here" in missing.text and "Lena" in missing.text
    assert wrong.status_code == 405 and "<h1>" in wrong.text
    monkeypatch.setattr("bot.web.progress.reports.learner_progress", lambda *a: 1 / 0)
    broken = browser.get("/progress")
    assert broken.status_code == 500 and "not your fault" in broken.text and "ZeroDivision" not in broken.text
    assert "default-src" in broken.headers["content-security-policy"]


def test_an_unreachable_database_is_said_so(browser, centre, records, monkeypatch):
    """503 from pages and from the health check, with a hint when to come back."""
    from sqlalchemy.exc import OperationalError

    def away(*args):
        raise OperationalError("SELECT", {}, Exception("gone"))

    assert browser.get("/healthz").text == "ok"
    browser.sign_in("lena@example.org")
    monkeypatch.setattr("bot.web.health.reports.alive", away)
    monkeypatch.setattr("bot.web.middleware.people.session_of", away)
    for path in ("/healthz", "/chat"):
        answer = browser.get(path)
        assert answer.status_code == 503 and answer.headers["retry-after"] == "3"


def test_files_are_served_with_their_type_and_kept(browser):
    """Scripts and styles come from here, compressed and cacheable; nothing outside the folder does."""
    answer = browser.client.get("/static/vendor/htmx.min.js")
    assert answer.status_code == 200 and answer.headers["content-encoding"] == "gzip"
    assert "max-age" in answer.headers["cache-control"]
    assert browser.client.get("/static/../app.py").status_code == 404
    assert browser.client.get("/static/%2e%2e/app.py").status_code == 404


def test_the_web_process_loads_nothing_heavy():
    """Rasa, spaCy and the encoder stay out of this process."""
    import subprocess
    import sys

    heavy = "{'rasa','spacy','onnxruntime','tensorflow','bot.nlu','bot.dialogue','bot.marking.encoder','numpy'}"
    code = f"import sys, bot.web.app, bot.web.serve; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert len(ROUTES) > 10
