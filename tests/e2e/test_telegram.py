"""The whole way on Telegram with the real processes: deep link, consent, practice, picture, role-play, debrief, log."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.records import people
from bot.settings import ROOT
from bot.telegram.texts import texts
from bot.up import free_port
from tests.e2e.conftest import Learner, System, with_vectors
from tests.e2e.phone import Phone
from tests.e2e.test_main_job import HALF_RIGHT, THE_REST
from tests.telegram.standin import BOT, TOKEN, StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
HOOK = "/telegram/hook"
MODES = {"polling": 8101, "webhook": 8102}  # each with a chat of its own
TUTORS_WORDS = "Well done on <4.9> & carry on!"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for both modes: what was prepared once is there."""
    return with_vectors(tmp_path_factory.mktemp("telegram"))


@pytest.fixture(params=MODES)
def running(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[System, StandIn, int]]:
    """A running Rapport with its gateway in one of the modes."""
    api = StandIn().start()
    port, over = free_port(), threading.Event()
    env = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url}
    if request.param == "webhook":
        env["TELEGRAM_WEBHOOK_URL"] = f"https://coach.example.org{HOOK}"
        env["TELEGRAM_WEBHOOK_LISTEN"] = f"127.0.0.1:{port}"
        api.number, api.update_id = 5000, 20_000  # a later day
    system = System(folder, **env)

    def post() -> None:
        while not over.wait(0.05):
            if api.webhook:
                api.post_updates(f"http://127.0.0.1:{port}{HOOK}")

    poster = threading.Thread(target=post, daemon=True)
    try:
        system.wait_ready()
        poster.start()
        api.wait_for(lambda: f"Telegram is ready: https://t.me/{BOT['username']}" in system.log.read_text(), 90)
        yield system, api, MODES[request.param]
    finally:
        over.set()
        if system.process.poll() is None:
            system.stop()
        api.stop()


def test_from_the_deep_link_to_the_debrief_and_the_tutors_log(running: tuple[System, StandIn, int]) -> None:
    system, api, chat = running
    name = f"Tess Telegram-{chat}"
    added = system.rapport("people", "add", name, "--unit", "d1", "--cohort", "Demo group")
    assert added.returncode == 0, added.stderr
    link = re.search(
        rf"https://t\.me/{BOT['username']}\?start=([\w-]+)", system.rapport("people", "invite", name).stdout
    )
    assert link and len(link[1]) <= 64
    phone = Phone(api, chat)

    # Consent, then practice.
    api.write(chat, f"/start {link[1]}")
    (asked,) = phone.more()
    assert asked["text"] == texts().say("consent")
    assert "Hello Tess" in phone.press(asked, texts().say("agree"))
    assert "win a new customer" in phone.say("/practice the cost of new customers")
    credited = phone.say(HALF_RIGHT)
    assert "✓" in credited and "adverts to get new custmers" in credited and "Recap:" not in credited

    # Killed in the middle of the question: the answer comes all the same, once.
    system.kill("bot.telegram")
    hinted = phone.say("/hint")
    assert hinted.count("Hint:") == 1
    for answer in THE_REST:
        after = phone.say(answer)
        if "Recap:" in after:
            break
    assert "Recap:" in after and "D1 4.9" in after
    api.write(chat, "/progress")
    words, picture = phone.more(2)
    assert "knowledge criteria ready" in words["text"] and picture["content"].startswith(b"\x89PNG")

    # A role-play, handled well, to its debrief with the mood as a picture.
    phone.say("/stop")
    started = phone.say("/roleplay")
    assert "Practice – not evidence" in started and "Your brief." in started
    script = (ROOT / "docs" / "examples" / "roleplay-well.txt").read_text(encoding="utf-8").splitlines()
    heard = started
    for line in [x for x in script if x.strip()][1:]:
        heard += "\n" + phone.say(line)
        if "This is what I saw:" in heard:
            break
    assert "what went well, in your own view?" in heard and "This is what I saw:" in heard
    pictures = [m for m in api.got(chat) if m.get("photo")]
    assert len(pictures) == 2 and pictures[1]["caption"] == texts().say("mood_picture")
    assert "witness statement" in "\n".join(api.texts(chat)[-4:])

    # The tutor's log shows all of it, and the tutor's word comes to the phone.
    phone.say("skip")
    found = people.named(system.records(), name)[0]
    tutor = Learner(system.url, "tutor")
    page = tutor.client.get(f"/learners/{found.id}").text
    assert HALF_RIGHT in page and "Telegram" in page and "A refund after the return time" in page
    cell_link = re.search(rf'href="(/coverage/{found.id}/[^"]*4\.9)"', page)
    assert cell_link
    cell = tutor.client.get(cell_link[1]).text
    assert HALF_RIGHT in cell and "hint" in cell.lower()
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    form = {"csrf": csrf[1], "person": str(found.id), "words": TUTORS_WORDS, "back": f"/learners/{found.id}"}
    assert tutor.client.post("/work/reply", data=form).status_code == 200
    assert TUTORS_WORDS in phone.more()[0]["text"]

    # The secret is nowhere.
    assert system.stop() == 0
    for log in [system.log, *(system.data / "logs").glob("*.log")]:
        assert TOKEN.partition(":")[2] not in log.read_text(errors="replace"), log
