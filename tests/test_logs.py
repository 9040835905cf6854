"""What a line of the log holds, and what it never does."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from bot.logs import CONVERSATION, Lines, log_lines

TYPED = "my name is Ada and the customer was Mrs Smith"


def line(says: str, *given: object, exc_info: object = None, part: str = "web") -> dict:
    record = logging.LogRecord("bot.relay", logging.WARNING, "x.py", 1, says, given, exc_info)  # type: ignore[arg-type]
    return json.loads(Lines(part).format(record))


def test_a_line_is_one_object_with_when_where_and_what() -> None:
    made = line("person %s waits\nstill", 7)
    assert made["level"] == "warning" and made["part"] == "web" and made["logger"] == "bot.relay"
    assert made["says"] == "person 7 waits\nstill" and made["at"].endswith("+00:00") and "conversation" not in made


def test_the_conversation_that_is_worked_on_stands_in_it() -> None:
    token = CONVERSATION.set(42)
    try:
        assert line("x")["conversation"] == 42
    finally:
        CONVERSATION.reset(token)


def test_an_error_is_named_with_its_places_and_none_of_its_values() -> None:
    try:
        raise ValueError(TYPED)
    except ValueError:
        made = line("turn %s failed", "m-1", exc_info=sys.exc_info())
    assert made["error"] == "ValueError" and made["trace"][0].endswith(".py:" + made["trace"][0].rpartition(":")[2])
    assert "Ada" not in json.dumps(made)


def test_a_process_writes_such_lines_and_hides_what_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        log_lines("telegram", hide=lambda text: text.replace("secret", "<hidden>"))
        logging.getLogger("bot.relay").warning("a secret word")
        assert json.loads(capsys.readouterr().err)["says"] == "a <hidden> word"
    finally:
        root.handlers, root.level = before, level
