from __future__ import annotations

from typing import Any

import pytest

from bot.bootstrap import utc_now
from bot.coaching.debrief import debrief
from bot.coaching.roleplay import Said, Sitting, Spoken, begin, step
from bot.records import messages, roleplays
from bot.records.messages import Reply
from bot.records.roleplays import Versions
from bot.records.store import Records, Turn
from bot.settings import ROOT
from bot.syllabus.loader import load
from bot.web.roleplays import curve

SHOP = load(ROOT / "knowledge").scenarios["shop-late-refund"]
SCRIPT = (("greet", "Hello <b>you</b>"), ("empathise", "I am sorry you were ill."), ("rude", "Then go away!"))


def played(records: Records, person: int, over: bool = True) -> int:
    """A run of three turns, stopped and looked back on; its id."""
    now = utc_now()
    state, _ = begin(SHOP, "standard", 7)
    with records.begin() as tx:
        exercise = tx.start_exercise(person, "roleplay", Sitting(0, state), now)
        run = roleplays.add_run(
            tx, Turn("m-0", person, "web", "role-play"), exercise, SHOP, state, Versions("v", "m"), now
        )
        for number, (move, text) in enumerate(SCRIPT, 1):
            state, _ = step(SHOP, state, Said(text, (Spoken(text, (move,)),)))
            roleplays.add_turn(tx, Turn(f"p-{person}-{number}", person, "web", text), run, number, state.turns[-1], now)
        tx.save_exercise(exercise, Sitting(run, state), now, close=over)
        if over:
            found = debrief(SHOP, state)
            roleplays.add_end(tx, person, run, found, {"d1/1.1": "fair"}, now)
            roleplays.add_review(tx, person, run, "I <i>listened</i>", now)
            roleplays.remind(tx, person, run, "on Monday, my supervisor saw it", ["d1/1.1"], now.date(), now)
    return run


@pytest.fixture
def run(centre: Any, records: Records) -> int:
    """Lena's role-play."""
    return played(records, centre.learner)


def test_a_learner_re_reads_every_turn_with_moves_effects_and_the_curve(browser: Any, run: int) -> None:
    browser.sign_in("lena@example.org")
    page = browser.get(f"/role-plays/{run}").text
    assert page.count("Practice – not evidence") >= 2
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page and "I &lt;i&gt;listened&lt;/i&gt;" in page
    assert "sees the feeling" in page and "is rude" in page and "mood -4" in page
    assert "<polyline" in page and "At the start 4, after turn 1" in page
    assert "Then go away!" in page.split("Stop:")[1]


def test_it_is_linked_from_my_progress_with_the_reminder_of_real_work(browser: Any, run: int) -> None:
    browser.sign_in("lena@example.org")
    page = browser.get("/progress").text
    assert f'href="/role-plays/{run}"' in page and "Practice – not evidence" in page
    assert "my supervisor saw it" in page and "reminders, not evidence" in page
    id = page.split("/role-plays/reminders/")[1].split("/")[0]
    assert "my supervisor saw it" not in browser.post(f"/role-plays/reminders/{id}/done", follow=True).text


def test_the_tutor_sees_it_in_the_log(browser: Any, centre: Any, run: int) -> None:
    browser.sign_in("tom@example.org")
    page = browser.get(f"/coverage/{centre.learner}/d1/1.1").text
    assert f'href="/role-plays/{run}"' in page and "Practice – not evidence" in page
    assert "Lena Learner" in browser.get(f"/role-plays/{run}").text


@pytest.mark.parametrize("who", ["stan@example.org"])
def test_a_stranger_finds_nothing(browser: Any, run: int, who: str) -> None:
    browser.sign_in(who)
    assert browser.get(f"/role-plays/{run}").status_code == 404
    assert browser.get("/role-plays/99999999999").status_code == 404


def test_one_that_is_not_over_can_be_read_too(browser: Any, centre: Any, records: Records) -> None:
    run = played(records, centre.learner, over=False)
    browser.sign_in("lena@example.org")
    assert "Not finished" in browser.get(f"/role-plays/{run}").text
    assert 'class="talk playing"' in browser.get("/chat").text


def test_the_chat_shows_the_customer_as_the_customer_and_links_the_debrief(
    browser: Any, centre: Any, records: Records
) -> None:
    now = utc_now()
    messages.accept(records, "web-1-aaaaaaaa", centre.learner, "web", "Hello", None, now)
    with records.begin() as tx:
        replies = [
            Reply("Mrs Doyle: Where is my <refund>: tell me?", "customer"),
            Reply("Practised: D1 1.1. Practice – not evidence. All turns: /role-plays/12", "debrief_practised"),
        ]
        messages.finish(tx, "web-1-aaaaaaaa", replies, now)
    browser.sign_in("lena@example.org")
    page = browser.get("/chat").text
    assert 'class="bubble customer"' in page and "Mrs Doyle <span" in page
    assert '<div class="text">Where is my &lt;refund&gt;: tell me?</div>' in page
    assert '<a href="/role-plays/12">' in page


def test_a_curve_of_one_point_and_of_many_lies_in_the_picture() -> None:
    for moods in ((4,), (0, 10, 5, 5, 0, 10, 3, 2, 1, 0, 10)):
        made = curve(moods)
        assert all(0 <= x <= made.width and 0 <= y <= made.height for x, y, _ in made.points)


def test_state_survives_the_records(centre: Any, records: Records) -> None:
    run = roleplays.run_of(records, played(records, centre.learner))
    assert run is not None and isinstance(run.turns[0].said, Said)
    assert run.moods()[0] == 4 and len(run.moods()) == 4
