"""What a learner meets on Telegram, by polling and by webhook, with a dialogue that repeats what it hears."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.bootstrap import utc_now
from bot.records import channel_tables as ct
from bot.records import messages, outbox, people, reminders, telegram
from bot.records import tables as t
from bot.records.messages import Reply
from bot.records.store import Records
from bot.telegram.texts import texts
from tests.telegram.conftest import CHAT, Running, add, joined, learner, rows
from tests.telegram.standin import BOT, StandIn

SAY = texts().say
GREET = "heard: /greet"


def link(records: Records, person: int) -> str:
    return telegram.make_link(records, person, utc_now())


# Joining ------------------------------------------------------------------------------------------------------------


def test_an_invitation_asks_for_consent_before_anything_is_kept_and_then_ties_the_account(
    gateway: Running, api: StandIn
) -> None:
    records = gateway.records
    ada = learner(records)
    messages.accept(records, "web-1", ada, "web", "hello from the web", None, utc_now())
    gateway.start()
    api.write(CHAT, f"/start {link(records, ada)}")
    (asked,) = api.wait(CHAT, 1)
    assert asked["text"] == SAY("consent")
    gateway.quiet()
    assert rows(records, t.channel_identity) == [] and rows(records, ct.consent) == []
    (update,) = rows(records, ct.telegram_update)
    assert (update["chat_id"], update["number"], update["body"]) == (None, None, None)
    api.press(CHAT, asked, SAY("agree"))
    assert api.wait(CHAT, 2)[1]["text"] == GREET
    gateway.quiet()
    assert telegram.person_of(records, str(CHAT)) == ada
    (consent,) = telegram.consents(records, ada)
    assert (consent["text_version"], consent["channel"]) == (texts().consent_version(), "telegram")
    assert api.called("answerCallbackQuery"), "the pressed button is answered"
    assert {r["text"] for r in messages.history(records, ada)} >= {"hello from the web", "/start", GREET}


def test_who_declines_is_told_that_nothing_was_kept(gateway: Running, api: StandIn) -> None:
    token = link(gateway.records, learner(gateway.records))
    gateway.start()
    api.write(CHAT, f"/start {token}")
    api.press(CHAT, api.wait(CHAT, 1)[0], SAY("decline"))
    assert api.wait(CHAT, 2)[1]["text"] == SAY("declined")
    assert rows(gateway.records, t.channel_identity) == []
    assert telegram.invited(gateway.records, token, utc_now()) is not None, "the invitation can still be used"


@pytest.mark.parametrize("why", ["used", "over", "invented", "of the web"])
def test_a_link_that_cannot_be_used_is_explained(gateway: Running, api: StandIn, why: str) -> None:
    records = gateway.records
    ada = learner(records)
    token = link(records, ada)
    if why == "used":
        assert telegram.join(records, "99", token, "v", utc_now()) == ada
    elif why == "over":
        token = telegram.make_link(records, ada, utc_now() - timedelta(days=15))
    elif why == "invented":
        token = "x" * 43
    else:
        token = people.invite(records, ada, utc_now())
    gateway.start()
    api.write(CHAT, f"/start {token}")
    assert api.wait(CHAT, 1)[0]["text"] == SAY("link_over")


def test_a_telegram_link_sets_no_password(gateway: Running) -> None:
    token = link(gateway.records, learner(gateway.records))
    assert people.invited(gateway.records, token, utc_now()) is None


def test_without_an_invitation_it_is_explained_and_nothing_is_kept(gateway: Running, api: StandIn) -> None:
    gateway.start()
    api.write(CHAT, "hello?")
    api.write(CHAT, "/privacy")
    assert [m["text"] for m in api.wait(CHAT, 2)] == [SAY("not_invited"), SAY("consent")]
    gateway.quiet()
    assert rows(gateway.records, t.message) == []
    assert all(u["chat_id"] is None and u["body"] is None for u in rows(gateway.records, ct.telegram_update))


def test_in_demo_mode_anybody_gets_a_fresh_learner_after_agreeing(gateway: Running, api: StandIn) -> None:
    gateway.demo = True
    gateway.start()
    for chat in (CHAT, CHAT + 1):
        api.write(chat, "/start")
        api.press(chat, api.wait(chat, 1)[0], SAY("agree"))
        assert api.wait(chat, 2)[1]["text"] == GREET
    found = [p for p in people.everybody(gateway.records) if p.demo]
    assert len(found) == 2
    ada = learner(gateway.records)
    api.write(CHAT, f"/start {link(gateway.records, ada)}")
    api.press(CHAT, api.wait(CHAT, 3)[2], SAY("agree"))
    api.wait(CHAT, 4)
    assert telegram.person_of(gateway.records, str(CHAT)) == ada, "a real invitation takes a demo account over"


def test_an_account_of_one_learner_does_not_become_anothers(gateway: Running, api: StandIn) -> None:
    ada, ben = joined(gateway.records), learner(gateway.records, "Ben")
    gateway.start()
    api.write(CHAT, f"/start {link(gateway.records, ben)}")
    assert api.wait(CHAT, 1)[0]["text"] == SAY("other_person", name="Ada")
    assert telegram.person_of(gateway.records, str(CHAT)) == ada


# Messages -----------------------------------------------------------------------------------------------------------


def test_a_burst_is_answered_in_order_and_kept_with_its_channel(gateway: Running, api: StandIn) -> None:
    ada = joined(gateway.records)
    gateway.start()
    for i in range(6):
        api.write(CHAT, f"answer {i}")
    assert [m["text"] for m in api.wait(CHAT, 6)] == [f"heard: answer {i}" for i in range(6)]
    assert {r["channel"] for r in messages.history(gateway.records, ada)} == {"telegram"}
    gateway.quiet()
    assert all(u["body"] is None for u in rows(gateway.records, ct.telegram_update)), "bodies are dropped when done"


def test_the_gateways_own_answers_keep_their_place_in_a_burst(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.echo.delay = 0.3
    gateway.start()
    for text in ("one", "/dance", "two"):
        api.write(CHAT, text)
    assert [m["text"] for m in api.wait(CHAT, 3)] == ["heard: one", SAY("unknown_command"), "heard: two"]


def test_chats_are_answered_in_parallel(gateway: Running, api: StandIn) -> None:
    for chat in range(CHAT, CHAT + 8):
        joined(gateway.records, chat, f"Learner {chat}")
    gateway.echo.delay = 0.5
    gateway.start()
    began = time.monotonic()
    for chat in range(CHAT, CHAT + 8):
        api.write(chat, "hi")
    for chat in range(CHAT, CHAT + 8):
        api.wait(chat, 1)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("typed", "payload"),
    [
        ("/start", "/greet"), ("/help", "/help"), ("/practice", "/start_practice"), ("/roleplay", "/start_roleplay"),
        ("/hint", "/hint"), ("/skip", "/skip"), ("/stop", "/stop"), ("/resume", "/resume"), ("/why", "/why_mark"),
        ("/privacy", "/privacy"), ("/delete", "/delete_data"), ("/hint@rapport_test_bot", "/hint"), ("/HINT", "/hint"),
        ("/practice keeping customers", "quiz me on keeping customers"), ("hint", "hint"), ("/ or not", "/ or not"),
    ],
)  # fmt: skip
def test_commands_are_handed_on_as_intents_and_words_as_words(
    gateway: Running, api: StandIn, typed: str, payload: str
) -> None:
    ada = joined(gateway.records)
    gateway.start()
    api.write(CHAT, typed)
    assert api.wait(CHAT, 1)[0]["text"] == f"heard: {payload}"
    said = messages.history(gateway.records, ada)[0]["text"]
    assert said == ("quiz me on keeping customers" if typed == "/practice keeping customers" else typed)


def test_the_menu_has_every_command_that_is_understood(gateway: Running, api: StandIn) -> None:
    gateway.start()
    (call,) = api.called("setMyCommands")
    menu = {c["command"] for c in json.loads(call["commands"])}
    wanted = "start help practice roleplay progress hint skip stop resume why privacy export delete remind"
    assert menu == set(wanted.split())


def test_an_unknown_command_is_explained(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.start()
    api.write(CHAT, "/dance")
    assert api.wait(CHAT, 1)[0]["text"] == SAY("unknown_command")


def test_progress_brings_words_and_a_picture(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.echo.says["/progress"] = [Reply("T1: 0 of 2 ready.", "progress_unit")]
    gateway.start()
    api.write(CHAT, "/progress")
    words, picture = api.wait(CHAT, 2)
    assert words["text"] == "T1: 0 of 2 ready."
    assert picture["content"].startswith(b"\x89PNG") and picture["caption"] == SAY("progress_picture")


def test_export_sends_a_file_of_ones_own_data_without_keys_to_the_door(gateway: Running, api: StandIn) -> None:
    ada = joined(gateway.records)
    people.set_password(gateway.records, ada, "a long password it is")
    other = joined(gateway.records, CHAT + 1, "Ben")
    messages.accept(gateway.records, "web-2", other, "web", "Ben's secret", None, utc_now())
    gateway.start()
    api.write(CHAT, "I am here")
    api.write(CHAT, "/export")
    file = api.wait(CHAT, 3)[2]
    data = json.loads(file["content"])
    assert data["person"][0]["name"] == "Ada" and "I am here" in {m["text"] for m in data["message"]}
    assert "password_hash" not in data["person"][0] and b"Ben" not in file["content"]


def test_text_is_escaped_and_long_text_is_cut_at_sentences(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    sentence = "A customer who is <b>angry</b> & tired needs a calm & clear answer. "
    gateway.echo.says["tell me"] = [Reply(sentence * 150, buttons=({"title": "Start", "payload": "/start_practice"},))]
    gateway.start()
    api.write(CHAT, "tell me")
    gateway.quiet()
    got = api.got(CHAT)
    assert len(got) > 2 and all(m["text"].endswith("answer.") for m in got)
    assert " ".join(m["text"] for m in got) == (sentence * 150).strip()
    assert [bool(m["sent_markup"]) for m in got] == [False] * (len(got) - 1) + [True]


@pytest.mark.parametrize(
    "what",
    [
        {"voice": {"file_id": "f", "file_unique_id": "u", "duration": 3}},
        {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}], "caption": "my answer"},
        {"sticker": {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "is_animated": False,
                     "is_video": False, "type": "regular"}},
        {"document": {"file_id": "f", "file_unique_id": "u"}},
        {"location": {"longitude": 1.0, "latitude": 2.0}},
    ],
    ids=lambda what: next(iter(what)),
)  # fmt: skip
def test_what_is_no_text_gets_a_friendly_please_type_it(gateway: Running, api: StandIn, what: dict[str, Any]) -> None:
    joined(gateway.records)
    gateway.start()
    api.write(CHAT, None, **what)
    assert api.wait(CHAT, 1)[0]["text"] == SAY("please_type")


def test_typing_is_shown_while_the_coach_thinks(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.echo.delay = 1.0
    gateway.start()
    api.write(CHAT, "a hard one")
    api.wait(CHAT, 1)
    assert api.called("sendChatAction")


# Buttons ------------------------------------------------------------------------------------------------------------

CHOICE = tuple({"title": title, "payload": f'/choose{{"option": "{o}"}}'} for o, title in (("a", "Yes"), ("b", "No")))


def test_a_button_counts_once_and_is_always_answered(gateway: Running, api: StandIn) -> None:
    ada = joined(gateway.records)
    gateway.echo.says["ask"] = [Reply("Is it?", "choice_question", CHOICE)]
    gateway.start()
    api.write(CHAT, "ask")
    (asked,) = api.wait(CHAT, 1)
    for title in ("Yes", "Yes", "No"):
        api.press(CHAT, asked, title)
    gateway.quiet()
    assert api.texts(CHAT)[1:] == ['heard: /choose{"option": "a"}']
    answers = [a.get("text") for a in api.called("answerCallbackQuery")]
    assert answers == [None, SAY("used_button"), SAY("used_button")]
    assert [r["text"] for r in messages.history(gateway.records, ada) if r["direction"] == "in"] == ["ask", "Yes"]
    assert "reply_markup" not in api.got(CHAT)[0], "pressed buttons go away"


def test_an_old_button_is_answered_politely_and_does_nothing(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    button = ({"title": "Start", "payload": "/start_practice"},)
    gateway.echo.says["one"], gateway.echo.says["two"] = [Reply("1", buttons=button)], [Reply("2", buttons=button)]
    gateway.start()
    api.write(CHAT, "one")
    api.write(CHAT, "two")
    old, _ = api.wait(CHAT, 2)
    api.press(CHAT, old, "Start")
    api._add({"callback_query": {
        "id": "q", "chat_instance": "1", "data": "b:999999:0", "from": {"id": CHAT, "is_bot": False, "first_name": "A"},
        "message": {k: v for k, v in old.items() if k not in ("sent_markup", "content")}}})  # fmt: skip
    gateway.quiet()
    assert api.texts(CHAT) == ["1", "2"]
    assert [a["text"] for a in api.called("answerCallbackQuery")] == [SAY("old_button")] * 2


def test_long_options_stand_in_the_text_and_their_letters_on_the_buttons(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    long = tuple({**b, "title": f"{b['title']}, because the customer asked for it first"} for b in CHOICE)
    gateway.echo.says["ask"] = [Reply("Is it?", "choice_question", long)]
    gateway.start()
    api.write(CHAT, "ask")
    (asked,) = api.wait(CHAT, 1)
    assert "b) No, because the customer asked for it first" in asked["text"]
    api.press(CHAT, asked, "b")
    assert api.wait(CHAT, 2)[1]["text"] == 'heard: /choose{"option": "b"}'


# Groups, blocked, migrated ------------------------------------------------------------------------------------------


def test_a_group_is_told_to_write_in_private_and_nothing_of_it_is_kept(gateway: Running, api: StandIn) -> None:
    gateway.start()
    group = -50
    api.membership(group, "member", "group")
    api.write(group, "just chatting", "group")
    api.write(group, "/practice", "group")
    api.write(group, f"@{BOT['username']} hello", "group")
    gateway.quiet()
    assert api.texts(group) == [SAY("group")] * 3
    assert rows(gateway.records, t.message) == []
    assert all(u["chat_id"] is None and u["body"] is None for u in rows(gateway.records, ct.telegram_update))


@pytest.mark.parametrize("how", ["blocked", "gone"])
def test_a_blocked_bot_or_a_deleted_account_is_noted_and_nothing_is_tried_again(
    gateway: Running, api: StandIn, how: str
) -> None:
    ada = joined(gateway.records)
    getattr(api, how).add(CHAT)
    gateway.start()
    for text in ("one", "two", "three"):
        push(gateway, ada, text)
    gateway.quiet()
    assert len(api.called("sendMessage")) <= 1
    assert {d["status"] for d in rows(gateway.records, ct.delivery)} == {"failed"}
    (identity,) = rows(gateway.records, t.channel_identity)
    assert identity["blocked_at"] is not None and "Forbidden" in identity["problem"]
    getattr(api, how).clear()
    api.write(CHAT, "I am back")
    assert api.wait(CHAT, 1)[0]["text"] == "heard: I am back"


def test_blocking_and_unblocking_is_noted_as_telegram_reports_it(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.start()
    api.membership(CHAT, "kicked")
    api.wait_for(lambda: rows(gateway.records, t.channel_identity)[0]["blocked_at"])
    api.membership(CHAT, "member")
    api.wait_for(lambda: not rows(gateway.records, t.channel_identity)[0]["blocked_at"])


def test_a_migrated_chat_is_followed(gateway: Running, api: StandIn) -> None:
    ada = joined(gateway.records, -60)
    api.migrated[-60] = -1000060
    gateway.start()
    push(gateway, ada, "hello")
    assert api.wait(-1000060, 1)[0]["text"] == "hello"
    assert rows(gateway.records, t.channel_identity)[0]["external_id"] == "-1000060"


# From the bot's side ------------------------------------------------------------------------------------------------


def push(gateway: Running, person: int, text: str) -> None:
    with gateway.records.begin() as tx:
        outbox.push(tx, person, text, "tutor_reply", utc_now())


def test_what_others_push_is_delivered_once_also_after_a_restart(gateway: Running, api: StandIn) -> None:
    ada = joined(gateway.records)
    push(gateway, ada, "before the start")
    gateway.start()
    push(gateway, ada, "while running")
    api.wait(CHAT, 2)
    gateway.stop()
    push(gateway, ada, "while stopped")
    gateway.start()
    api.wait(CHAT, 3)
    time.sleep(0.5)
    assert api.texts(CHAT) == ["before the start", "while running", "while stopped"]


def test_a_due_review_reminds_once_and_only_who_wants_it(gateway: Running, api: StandIn) -> None:
    ada, ben = joined(gateway.records), joined(gateway.records, CHAT + 1, "Ben")
    for person in (ada, ben):
        add(gateway.records, t.review_card, person_id=person, question_id="q", card={}, due=utc_now())
    reminders.choose(gateway.records, ada, reminders.Reminder(True, "Europe/London", 5, 5))
    gateway.start()
    assert "Reviews due: 1" in api.wait(CHAT, 1)[0]["text"]
    gateway.stop()
    gateway.start()
    time.sleep(0.5)
    assert len(api.got(CHAT)) == 1 and api.got(CHAT + 1) == []


def test_remind_switches_reminders_on_and_off(gateway: Running, api: StandIn) -> None:
    ada = joined(gateway.records)
    gateway.start()
    told = ("/remind", "/remind on", "/remind Asia/Karachi", "/remind Nowhere/Land", "Stop reminding me.", "Remind me!")
    for text in told:
        api.write(CHAT, text)
    off, on, zone, wrong, off_again, asked = [m["text"] for m in api.wait(CHAT, 6)]
    assert "are off" in off and "are on" in on and "Asia/Karachi" in zone
    assert "are off" in off_again and "are on" in asked
    assert wrong == SAY("no_such_zone")
    assert reminders.wish_of(gateway.records, ada) == reminders.Reminder(True, "Asia/Karachi", 21, 8)


# Faults -------------------------------------------------------------------------------------------------------------


def test_a_flood_limit_is_waited_for(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    floods = iter(["flood"])
    api.faults = lambda method, a: next(floods, None) if method == "sendMessage" else None
    gateway.start()
    api.write(CHAT, "hi")
    began = time.monotonic()
    api.wait(CHAT, 1)
    assert time.monotonic() - began >= 0.9 and api.too_early == 0
    gateway.quiet()
    assert api.texts(CHAT) == ["heard: hi"]


@pytest.mark.parametrize("how", ["drop before", "drop after"])
def test_a_broken_connection_neither_loses_nor_doubles_a_message(gateway: Running, api: StandIn, how: str) -> None:
    joined(gateway.records)
    faults = iter([how] * 3)
    api.faults = lambda method, a: next(faults, None) if method == "sendMessage" else None
    gateway.start()
    for i in range(4):
        api.write(CHAT, f"m{i}")
    gateway.quiet()
    assert api.texts(CHAT) == [f"heard: m{i}" for i in range(4)]


def test_a_database_error_after_sending_doubles_nothing(
    gateway: Running, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(gateway.records)
    real, failures = outbox.arrived, iter([True])

    def arrived(*args: Any) -> None:
        if next(failures, False):
            raise OperationalError("the disk is away", {}, Exception())
        real(*args)

    monkeypatch.setattr("bot.telegram.courier.outbox.arrived", arrived)
    monkeypatch.setattr("bot.telegram.courier.LEASE", timedelta(seconds=1))
    gateway.start()
    for i in range(3):
        api.write(CHAT, f"m{i}")
    gateway.quiet()
    assert api.texts(CHAT) == [f"heard: m{i}" for i in range(3)]


def test_updates_are_fetched_again_after_the_network_was_away(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.start()
    api.faults = lambda method, a: "drop before"
    api.write(CHAT, "into the storm")
    time.sleep(1)
    api.faults = None
    assert api.wait(CHAT, 1)[0]["text"] == "heard: into the storm"


def test_the_same_update_again_is_not_worked_off_again(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.start()
    api.write(CHAT, "once")
    update = dict(api.updates[0])
    api.wait(CHAT, 1)
    gateway.stop()
    api.updates = [update]
    gateway.start()
    gateway.quiet()
    assert api.texts(CHAT) == ["heard: once"]


def test_a_gateway_stopped_in_the_middle_goes_on_where_it_was(gateway: Running, api: StandIn) -> None:
    joined(gateway.records)
    gateway.echo.delay = 0.4
    gateway.start()
    for i in range(5):
        api.write(CHAT, f"m{i}")
    api.wait(CHAT, 2)
    gateway.stop()
    gateway.start()
    gateway.quiet(30)
    assert api.texts(CHAT) == [f"heard: m{i}" for i in range(5)]


# Webhook ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hooked(gateway: Running, api: StandIn) -> Running:
    gateway.env["TELEGRAM_WEBHOOK_URL"] = "https://coach.example.org/telegram/hook"
    joined(gateway.records)
    gateway.start()
    api.wait_for(lambda: api.webhook)
    return gateway


def test_the_webhook_takes_updates_with_its_secret(hooked: Running, api: StandIn) -> None:
    assert api.webhook["url"] == "https://coach.example.org/telegram/hook" and len(api.webhook["secret_token"]) > 30
    api.write(CHAT, "one")
    api.write(CHAT, "two")
    api.post_updates(f"http://127.0.0.1:{hooked.hook_port}/telegram/hook")
    assert [m["text"] for m in api.wait(CHAT, 2)] == ["heard: one", "heard: two"]
    assert not api.called("getUpdates")


@pytest.mark.parametrize("secret", ["", "wrong", "é"])
def test_the_webhook_refuses_who_does_not_know_the_secret(hooked: Running, api: StandIn, secret: str) -> None:
    import httpx

    body = {"update_id": 1, "message": {}}
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret.encode()} if secret else {}
    url = f"http://127.0.0.1:{hooked.hook_port}"
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{url}/telegram/hook", json=body, headers=headers).status_code == 403
        assert client.post(f"{url}/", json=body).status_code == 404
        assert client.get(f"{url}/healthz").status_code == 200
    assert rows(hooked.records, ct.telegram_update) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"update_id": "x"}', b"\xff", b"[" * 2_000_000])
def test_the_webhook_refuses_what_is_no_update(hooked: Running, api: StandIn, body: bytes) -> None:
    import httpx

    with httpx.Client(trust_env=False) as client:
        headers = {"X-Telegram-Bot-Api-Secret-Token": api.webhook["secret_token"]}
        url = f"http://127.0.0.1:{hooked.hook_port}/telegram/hook"
        assert client.post(url, content=body, headers=headers).status_code == 400


def test_threads_are_not_left_behind(gateway: Running) -> None:
    gateway.start()
    gateway.stop()
    assert gateway.error is None and not [x for x in threading.enumerate() if x is gateway.thread]
