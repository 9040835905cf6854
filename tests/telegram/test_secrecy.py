"""A token never appears in logs, errors or pages."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.logs import Lines
from bot.settings import ROOT, read_settings
from bot.telegram.secrecy import hide, log_safely
from bot.training import child_environment
from bot.up import free_port
from tests.telegram.conftest import CHAT, Running, joined
from tests.telegram.standin import TOKEN, StandIn

HALF = TOKEN.partition(":")[2]
OTHER = "987654:AAE-another_Token-of_35_characters-abcd"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the root logger writes, formatted as the gateway does, at the most talkative level."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines("telegram", lambda line: hide(line, [TOKEN])))
    root.handlers, loggers = [handler], [logging.getLogger(n) for n in ("httpx", "httpcore", "telegram")]
    levels = [x.level for x in loggers]
    for logger in (root, *loggers):
        logger.setLevel(logging.DEBUG)
    yield stream
    root.handlers = before
    root.setLevel(level)
    for logger, was in zip(loggers, levels):
        logger.setLevel(was)


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://api.telegram.org/bot{TOKEN}/getMe", f"The token `{TOKEN}` was rejected by the server.",
        f"POST https://api.telegram.org/bot{OTHER}/sendMessage", f"https://x/file/bot{OTHER}/photo.jpg", OTHER,
        "/botmalformed-token-of-somebody/getMe",
    ],
)  # fmt: skip
def test_tokens_are_hidden_wherever_they_stand(text: str) -> None:
    hidden = hide(text, [TOKEN])
    assert HALF not in hidden and OTHER not in hidden and "malformed" not in hidden and "<hidden>" in hidden


def test_ordinary_lines_stay_as_they_are() -> None:
    line = "WARNING bot.telegram.courier: delivery 12 waits 0.3 s (NetworkError) at 09:30:15"
    assert hide(line, [TOKEN, ""]) == line


def test_even_the_most_talkative_log_of_a_working_gateway_holds_no_token(
    written: io.StringIO, gateway: Running, api: StandIn
) -> None:
    joined(gateway.records)
    faults = iter(["drop before", "flood"])
    api.faults = lambda method, a: next(faults, None) if method == "sendMessage" else None
    gateway.start()
    api.write(CHAT, "hi")
    api.wait(CHAT, 1)
    gateway.stop()
    log = written.getvalue()
    assert "sendMessage" in log and "<hidden>" in log, "the addresses were logged"
    assert HALF not in log


def test_a_traceback_is_hidden_too(written: io.StringIO) -> None:
    try:
        raise RuntimeError(f"https://api.telegram.org/bot{TOKEN}/getMe failed")
    except RuntimeError:
        logging.getLogger("x").exception("it failed with %s", TOKEN)
    assert HALF not in written.getvalue() and '"error": "RuntimeError"' in written.getvalue()


def test_httpx_logs_no_addresses_in_the_gateway() -> None:
    root, level = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        log_safely(TOKEN, level=logging.DEBUG)
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    finally:
        logging.getLogger().handlers = root
        logging.getLogger().setLevel(level)
        sys.excepthook = sys.__excepthook__


def test_settings_show_no_secret() -> None:
    env = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_WEBHOOK_SECRET": "s" * 20, "RAPPORT_DIALOGUE_SECRET": "dd" * 20}
    shown = repr(read_settings(env))
    assert HALF not in shown and "s" * 20 not in shown and "dd" * 20 not in shown


def test_a_malformed_token_is_named_without_being_shown() -> None:
    with pytest.raises(Exception, match="TELEGRAM_BOT_TOKEN is not a bot token") as found:
        read_settings({"TELEGRAM_BOT_TOKEN": f"x{HALF}"})
    assert HALF not in str(found.value)


def run(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.telegram"], cwd=ROOT, text=True, capture_output=True, timeout=60,
        env=child_environment(RAPPORT_DATA=str(tmp_path), **env),
    )  # fmt: skip


def test_a_token_that_telegram_does_not_accept_is_one_clear_sentence_without_it(api: StandIn, tmp_path: Path) -> None:
    done = run(tmp_path, TELEGRAM_BOT_TOKEN=OTHER, TELEGRAM_API_URL=api.url)
    assert done.returncode == 2
    assert done.stderr.strip() == "Telegram does not accept TELEGRAM_BOT_TOKEN. Copy it anew from @BotFather."


def test_without_a_token_it_says_where_to_get_one(tmp_path: Path) -> None:
    done = run(tmp_path, TELEGRAM_BOT_TOKEN="")
    assert done.returncode == 2 and "TELEGRAM_BOT_TOKEN is not set" in done.stderr


def test_a_database_that_cannot_be_reached_just_now_is_no_reason_to_give_up_for_good(tmp_path: Path) -> None:
    """Any exit code but 2: `rapport up` starts it again. The long fault run found a gateway that stayed away."""
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = run(tmp_path, TELEGRAM_BOT_TOKEN=TOKEN, DATABASE_URL=url)
    assert done.returncode == 1 and "cannot be opened or written" in done.stderr


def test_the_stand_in_refuses_other_tokens(api: StandIn) -> None:
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{api.url}/bot{OTHER}/getMe").status_code == 401
