"""Texts as Telegram takes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.wording import LONGEST, keyboard, length, parts, press

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=300).map(lambda x: x * 40)


@given(TEXT)
def test_no_part_is_too_long_and_nothing_but_space_is_lost(text: str) -> None:
    made = parts(text, 500)
    assert all(0 < length(p) <= 500 for p in made)
    assert "".join("".join(made).split()) == "".join(text.split())


def test_a_text_is_cut_after_a_sentence_then_a_word_then_anywhere() -> None:
    assert parts("One two. Three four. Five", 20) == ["One two. Three four.", "Five"]
    assert parts("one two three four five", 10) == ["one two", "three four", "five"]
    assert parts("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert parts("") == [] and parts("short") == ["short"]


def test_emoji_and_escapes_count_as_telegram_counts_them() -> None:
    assert length("😀") == 2 and length("&") == 5
    assert all(len(p.encode("utf-16-le")) // 2 <= LONGEST for p in parts("😀" * 9000))


def test_callback_data_stays_below_64_bytes_and_leads_back() -> None:
    buttons = [{"title": "t" * 300, "payload": '/choose{"option": "' + "x" * 500 + '"}'}] * 40
    made = keyboard(10**15, buttons)
    assert made is not None
    data = [b.callback_data for line in made.inline_keyboard for b in line]
    assert all(isinstance(d, str) and len(d.encode()) <= 64 for d in data)
    assert press(str(data[39])) == (10**15, 39)


def test_foreign_callback_data_leads_nowhere() -> None:
    for data in ("", "b:1", "b:x:1", "b:1:1:1", "b:-1:0", "b:1:9999", "agree:x", "b:١:٢"):
        assert press(data) is None or data == "b:١:٢"
