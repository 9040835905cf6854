from __future__ import annotations

import uuid

import pytest

from bot.records import messages
from bot.records.messages import Reply
from bot.web.chat import choices_at, is_blank
from tests.web.conftest import BUTTONS, wait_for

FETCH = {"x-requested-with": "fetch"}


def test_posting_without_javascript_keeps_the_message_and_shows_the_reply(browser, centre):
    """A plain form: post, redirect, the page shows both sides."""
    browser.sign_in("lena@example.org")
    answer = browser.post("/chat/messages", text="hello there", message_id=str(uuid.uuid4()))
    assert answer.status_code == 303 and answer.headers["location"] == "/chat"
    wait_for(lambda: len(centre.chat(centre.learner)) == 2)
    page = browser.get("/chat").text
    assert "hello there" in page and "You said: hello there" in page and "Give me a hint" in page


def test_the_same_id_is_kept_once(browser, centre, dialogue):
    """Pressed twice, or sent again after a lost answer: one message."""
    browser.sign_in("lena@example.org")
    id = str(uuid.uuid4())
    for _ in range(3):
        assert browser.post("/chat/messages", text="once", message_id=id, headers=FETCH).status_code == 200
    wait_for(lambda: len(centre.chat(centre.learner)) == 2)
    assert [m.message_id for m in dialogue.worked] == [f"web-{centre.learner}-{id}"]


def test_another_person_cannot_take_an_id(browser, centre):
    """The id carries the person, so two people's equal ids are two messages."""
    id = str(uuid.uuid4())
    for email in ("lena@example.org", "stan@example.org"):
        browser.sign_in(email)
        browser.post("/chat/messages", text=email, message_id=id)
        browser.post("/sign-out")
    assert centre.chat(centre.learner)[0]["text"] == "lena@example.org"
    assert centre.chat(centre.stranger)[0]["text"] == "stan@example.org"


@pytest.mark.parametrize("id", ["x", "../../etc", "a b c d e f g h", "x" * 65])
def test_odd_ids_are_refused(browser, centre, id):
    """Only what a page makes is taken as an id."""
    browser.sign_in("lena@example.org")
    assert browser.post("/chat/messages", text="hello", message_id=id).status_code == 400
    assert centre.chat(centre.learner) == []


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r\n", "\u200b\u2060"])
def test_nothing_is_sent_for_nothing_and_a_hint_is_given(browser, centre, text):
    """Blank text leaves a friendly line on the page."""
    browser.sign_in("lena@example.org")
    assert "Write something first" in browser.post("/chat/messages", text=text, follow=True).text
    assert "Write something first" in browser.post("/chat/messages", text=text, headers=FETCH).text
    assert centre.chat(centre.learner) == []


@pytest.mark.parametrize("text", ["👍", ".", "👩‍👩‍👧", "0"])
def test_an_emoji_is_a_message(browser, centre, text):
    """Anything one can see is sent."""
    assert not is_blank(text)
    browser.sign_in("lena@example.org")
    browser.post("/chat/messages", text=text)
    assert centre.chat(centre.learner)[0]["text"] == text


def test_a_very_long_text_is_cut_politely(browser, centre):
    """10,000 characters are kept, and the learner is told."""
    browser.sign_in("lena@example.org")
    page = browser.post("/chat/messages", text="é" * 10_500, follow=True)
    assert "first 10,000 characters" in page.text
    assert len(centre.chat(centre.learner)[0]["text"]) == 10_000
    exact = browser.post("/chat/messages", text="x\r\n" * 5_000, headers=FETCH)
    assert exact.text == ""


def test_too_much_at_once_gets_a_friendly_413(browser, centre):
    """Above 256 KB nothing is read on, declared length or not."""
    browser.sign_in("lena@example.org")
    big = browser.post("/chat/messages", text="x" * 300_000)
    assert big.status_code == 413 and "too much at once" in big.text
    words = browser.post("/chat/messages", text="x" * 300_000, headers=FETCH)
    assert words.status_code == 413 and "<" not in words.text
    assert centre.chat(centre.learner) == []


def test_a_button_works_only_if_it_was_offered(browser, centre, records, dialogue):
    """The payload must be among buttons shown to this very person; the text kept is the button's own."""
    browser.sign_in("lena@example.org")
    refused = browser.post("/chat/messages", payload="/skip", text="Skip")
    assert refused.status_code == 400 and "not on offer" in refused.text
    browser.post("/chat/messages", text="start")
    wait_for(lambda: len(centre.chat(centre.learner)) == 2)
    assert browser.post("/chat/messages", payload=BUTTONS[0]["payload"], text="<forged>").status_code == 303
    wait_for(lambda: len(dialogue.worked) == 2)
    assert (dialogue.worked[1].text, dialogue.worked[1].payload) == (BUTTONS[0]["title"], BUTTONS[0]["payload"])
    browser.post("/sign-out")
    browser.sign_in("stan@example.org")
    assert browser.post("/chat/messages", payload="/skip").status_code == 400


NASTY = "<script>alert(1)</script> \"quoted\" 'single' & **bold** </textarea> {{ 7*7 }} <img src=x onerror=alert(1)>"


def test_what_people_type_is_shown_as_typed(browser, centre, records):
    """No tag, attribute, template or markdown in a message does anything."""
    browser.sign_in("lena@example.org")
    browser.post("/chat/messages", text=NASTY)
    with records.begin() as tx:
        button = {"title": NASTY, "payload": '/x{"a": "\'><b>"}'}
        messages._out(tx, "o-1", centre.learner, "web", Reply(NASTY, "question", (button,)), "x", centre.now)
    page = browser.get("/chat").text
    assert "<script>alert" not in page and "<img src=x" not in page and "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;quoted&#34;" in page
    assert "**bold**" in page and "{{ 7*7 }}" in page


def test_pages_hold_no_inline_script_and_no_foreign_address(browser, centre):
    """The strict policy is sent, and the pages keep to it."""
    for email, paths in (("lena@example.org", ["/chat", "/progress"]), ("tom@example.org", ["/coverage"])):
        browser.sign_in(email)
        for path in (*paths, "/nowhere"):
            answer = browser.get(path)
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert "<script>" not in answer.text and " onclick" not in answer.text and " style=" not in answer.text
            assert "http://" not in answer.text.replace("http://testserver", "") and "https://" not in answer.text
        browser.post("/sign-out")


def test_only_the_coachs_last_words_can_be_pressed():
    """Buttons are live until the learner says something."""
    coach = {"id": 1, "direction": "out", "buttons": [{}]}
    plain = {"id": 2, "direction": "out", "buttons": []}
    learner = {"id": 3, "direction": "in", "buttons": []}
    assert choices_at([coach]) == 1
    assert choices_at([coach, plain]) == 1
    assert choices_at([coach, learner]) is None
    assert choices_at([coach, learner, plain]) is None
    assert choices_at([]) is None


def test_a_tutor_cannot_chat(browser):
    """The chat is the learner's."""
    browser.sign_in("tom@example.org")
    assert browser.get("/chat").status_code == 403
    assert browser.get("/chat/stream").status_code == 403
    assert browser.post("/chat/messages", text="hello").status_code == 403


def test_a_script_that_is_signed_out_is_told(browser):
    """A page's script gets 401, an event stream one last event; neither a page."""
    assert browser.client.post("/chat/messages", headers=FETCH).status_code == 401
    stream = browser.client.get("/chat/stream", headers={"accept": "text/event-stream"})
    assert stream.text.startswith("event: signed-out")
