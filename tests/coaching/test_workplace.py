"""The workplace profile: what is asked for when, what a reply means, how an answer compares."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.coaching.workplace import ALL, LONGEST_TEXT, Reply, Workplace, compare, read_reply, to_ask

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


def test_everything_is_asked_for_once_then_what_is_needed_and_empty_on_another_day() -> None:
    assert to_ask(None, None, ("limits",), NOW) == ALL
    some = Workplace("Bon", "", "", "Kim")
    assert to_ask(some, NOW - timedelta(hours=3), ("limits",), NOW) == ()
    assert to_ask(some, NOW - timedelta(days=1), ("refer_to", "limits"), NOW) == ("limits",)
    assert to_ask(some, NOW - timedelta(days=1), (), NOW) == ()
    assert to_ask(Workplace(), NOW - timedelta(days=6), ("limits",), NOW) == ()
    assert to_ask(Workplace(), NOW - timedelta(days=8), (), NOW) == ALL


@pytest.mark.parametrize(
    ("text", "kind"),
    [("no refunds over £20", "text"), ("No limits", "empty"), ("nothing", "empty"), ("skip it", "keep"), ("", "keep"),
     ("i dont know", "keep"), ("Not now!", "leave"), ("stop asking me please", "leave"), ("no", "leave"),
     ("i dont know much but no refunds", "text"), ("Noah", "text"), ("later opening on Fridays", "text"),
     ("nothing over £20", "text"), ("none of the machines", "text"), ("the next level up", "text")],
)  # fmt: skip
def test_a_refusal_is_the_whole_reply_and_never_a_part_of_one(text: str, kind: str) -> None:
    reply = read_reply("limits", text)
    assert reply.kind == kind and (reply.text == text if kind == "text" else reply.text == "")


def test_no_to_the_name_is_no_workplace() -> None:
    assert read_reply("organisation", "No.") == Reply("empty")


@given(st.text(max_size=3000))
def test_any_text_is_read(text: str) -> None:
    for part in ALL:
        reply = read_reply(part, text)
        assert len(reply.text) <= LONGEST_TEXT and (reply.kind == "text" or not reply.text)


@pytest.mark.parametrize(
    ("says", "answer", "how"),
    [
        ("no refunds over £20", "i can refund things", "fits"),
        ("no refunds over £20", "a refnd of anything, like a refunds slip", "fits"),
        ("no refunds over £20", "up to £20 is mine to give", "fits"),
        ("no refunds over £20", "refunds up to £500", "differs"),
        ("no refunds over £20", "it depends on the customer", "differs"),
        ("repairs, MOT tests", "we repair cars", "fits"),
        ("repairs, MOT tests", "an mot", "fits"),
        ("Kim", "ask kim", "fits"),
        ("Kim", "ask kimberley", "differs"),
        ("the manager", "ask the manager", "silent"),
        ("???", "anything", "silent"),
    ],
)
def test_an_answer_fits_by_a_telling_word_or_the_same_figure(says: str, answer: str, how: str) -> None:
    found = compare(Workplace("Bon", limits=says), ("services", "limits"), "What may you decide?", answer)
    assert found is not None and (found.part, found.text, found.how) == ("limits", says, how)


def test_words_of_the_question_are_no_example_and_an_empty_profile_compares_with_nothing() -> None:
    found = compare(Workplace("Bon", limits="refunds"), ("limits",), "Who decides on refunds?", "refunds are decided")
    assert found is not None and found.how == "silent"
    assert compare(Workplace("Bon", "dresses"), ("limits",), "?", "dresses") is None


def test_the_part_that_fits_is_named_before_the_first_one() -> None:
    workplace = Workplace("Bon", limits="no discounts", refer_to="Kim")
    found = compare(workplace, ("refer_to", "limits"), "?", "no discount")
    assert found is not None and found.part == "limits"
