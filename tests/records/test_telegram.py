"""Telegram's updates, links and accounts in the records, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.records import corrections, messages, outbox, people, telegram
from bot.records.messages import Reply
from bot.records.personal import personal_data
from bot.records.store import Records
from tests.conftest import Clock

BOT, CHAT = 4242, "77"


@pytest.fixture
def ada(records: Records, clock: Clock) -> int:
    return people.add_person(records, "Ada", ["learner"], clock())


def keep(records: Records, clock: Clock, id: int, chat: str = CHAT, number: int | None = None) -> bool:
    return telegram.keep(records, BOT, id, clock(), chat, number, {"update_id": id})


def close(records: Records, clock: Clock, id: int) -> bool:
    with records.begin() as tx:
        return telegram.done(tx, BOT, id, clock())


def test_an_update_is_recorded_once_and_worked_off_once_in_its_chats_order(records: Records, clock: Clock) -> None:
    assert [keep(records, clock, id) for id in (3, 1, 1, 2)] == [True, True, False, True]
    assert keep(records, clock, 9, "88")
    assert sorted(telegram.waiting_chats(records, BOT)) == ["77", "88"]
    seen = []
    while (waiting := telegram.next_waiting(records, BOT, CHAT)) is not None:
        seen.append(waiting.update_id)
        assert close(records, clock, waiting.update_id) and not close(records, clock, waiting.update_id)
    assert seen == [1, 2, 3]
    assert telegram.known(records, BOT, 2) and not telegram.known(records, BOT, 4)
    assert not telegram.known(records, BOT + 1, 2), "another bot's numbers are other updates"


def test_old_updates_are_forgotten_and_waiting_ones_are_not(records: Records, clock: Clock) -> None:
    keep(records, clock, 1)
    keep(records, clock, 2)
    close(records, clock, 1)
    clock.move(days=8)
    assert telegram.forget_old(records, BOT, clock() - timedelta(days=7)) == 1
    assert telegram.waiting_chats(records, BOT) == [CHAT]


def test_the_update_of_a_message_is_found_by_telegrams_number(records: Records, clock: Clock) -> None:
    keep(records, clock, 5, number=501)
    keep(records, clock, 6, number=None)
    assert telegram.update_of(records, BOT, CHAT, 501) == 5
    assert telegram.update_of(records, BOT, "88", 501) is None


def test_a_link_ties_an_account_once_with_its_consent(records: Records, ada: int, clock: Clock) -> None:
    token = telegram.make_link(records, ada, clock())
    assert len(token) <= 64
    found = telegram.invited(records, token, clock())
    assert found is not None and (found.person_id, found.name) == (ada, "Ada")
    assert telegram.join(records, CHAT, token, "v1", clock()) == ada
    assert telegram.join(records, "88", token, "v1", clock()) is None
    assert telegram.person_of(records, CHAT) == ada and telegram.accounts(records, ada) == 1
    (consent,) = telegram.consents(records, ada)
    assert (consent["text_version"], consent["given_at"]) == ("v1", clock())


def test_a_link_is_over_in_time(records: Records, ada: int, clock: Clock) -> None:
    token = telegram.make_link(records, ada, clock(), telegram.OWN_LINK_LASTS)
    clock.move(minutes=61)
    assert telegram.invited(records, token, clock()) is None


def test_an_account_of_a_real_person_stays_theirs(records: Records, ada: int, clock: Clock) -> None:
    ben = people.add_person(records, "Ben", ["learner"], clock())
    telegram.join(records, CHAT, telegram.make_link(records, ada, clock()), "v1", clock())
    token = telegram.make_link(records, ben, clock())
    assert telegram.join(records, CHAT, token, "v1", clock()) is None
    assert telegram.person_of(records, CHAT) == ada
    assert telegram.invited(records, token, clock()) is not None, "the link is not used up"


def test_numbers_that_are_known_are_those_that_came_and_those_that_went(
    records: Records, ada: int, clock: Clock
) -> None:
    with records.begin() as tx:
        telegram.tie(tx, CHAT, ada, "v1", clock())
        outbox.push(tx, ada, "hello", "x", clock())
    keep(records, clock, 1, number=10)
    delivery = outbox.claim(records, "telegram", CHAT, clock(), clock() + timedelta(minutes=1), 10)
    assert delivery is not None and telegram.uncertain(records) == 1
    outbox.arrived(records, delivery, [12], clock(), last=True, after_number=12)
    assert telegram.numbers_between(records, 10, 20) == {10, 12}
    assert telegram.newest_number(records) == 12 and telegram.uncertain(records) == 0


def test_a_button_is_its_owners_and_knows_whether_it_is_the_newest(records: Records, ada: int, clock: Clock) -> None:
    ben = people.add_person(records, "Ben", ["learner"], clock())
    button = {"title": "Go", "payload": "/resume"}
    with records.begin() as tx:
        first = outbox.push(tx, ada, "one", "x", clock(), [button])
    pressed = corrections.pressed(records, ada, first, 0)
    assert pressed == corrections.Pressed("Go", "/resume", True)
    with records.begin() as tx:
        outbox.push(tx, ada, "two", "x", clock(), [button])
    again = corrections.pressed(records, ada, first, 0)
    assert again is not None and not again.newest
    for who, row, index in ((ben, first, 0), (ada, first, 1), (ada, first + 99, 0)):
        assert corrections.pressed(records, who, row, index) is None


def test_a_corrected_message_is_kept_beside_the_first(records: Records, ada: int, clock: Clock) -> None:
    messages.accept(records, "m1", ada, "telegram", "frist", None, clock())
    messages.accept(records, "m2", ada, "telegram", "first", None, clock(), corrects="m1")
    with records.reading() as tx:
        assert corrections.later_versions(tx, ["m1", "m2"]) == {"m2"}
    assert corrections.fate(records, ada, "m1", " first ") == "same"
    assert corrections.fate(records, ada, "m1", "third") == "closed", "nothing was asked"
    assert corrections.fate(records, ada, "m9", "x") == "unknown"


def test_personal_data_is_the_persons_own_and_holds_no_key(records: Records, ada: int, clock: Clock) -> None:
    ben = people.add_person(records, "Ben", ["learner"], clock())
    people.set_password(records, ada, "a long password it is")
    people.open_session(records, ada, clock())
    people.invite(records, ada, clock())
    for who in (ada, ben):
        messages.accept(records, f"m-{who}", who, "web", f"words of {who}", None, clock())
        with records.begin() as tx:
            messages.finish(tx, f"m-{who}", [Reply("yes")], clock())
    data = personal_data(records, ada)
    assert [m["text"] for m in data["message"]] == [f"words of {ada}", "yes"]
    assert data["person"][0]["name"] == "Ada" and "password_hash" not in data["person"][0]
    assert not {"web_session", "invitation"} & set(data)
    assert data["message"][0]["created_at"] == clock().isoformat()


def test_the_bots_name_is_kept_once(records: Records) -> None:
    assert telegram.bot_name(records) is None
    for name in ("first_bot", "second_bot"):
        telegram.note_bot(records, name)
    assert telegram.bot_name(records) == "second_bot"
