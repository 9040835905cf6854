"""Run the Telegram gateway: `python -m bot.telegram`. Exit code 2: started again it would fail again."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from bot import bootstrap
from bot.dialogues import Dialogues
from bot.errors import RapportError, RecordsUnavailable, SettingsError
from bot.relay_texts import relay_texts
from bot.settings import telegram_file
from bot.telegram.gateway import Gateway
from bot.telegram.secrecy import log_safely
from bot.telegram.texts import texts

HOPELESS = 2


def main() -> None:
    """Wire and run until stopped; one clear sentence if something is missing."""
    log_safely()
    try:
        settings = bootstrap.settings()
        log_safely(settings.telegram_token, settings.telegram_secret, settings.dialogue_secret)
        if not settings.telegram_token:
            raise SettingsError(
                "TELEGRAM_BOT_TOKEN is not set. Get a token from @BotFather; docs/telegram.md says how."
            )
        asyncio.run(_run(telegram_file(settings.data)))
    except RecordsUnavailable as error:  # the disk may have room again soon, or the server be up
        print(error, file=sys.stderr)
        sys.exit(1)
    except RapportError as error:
        print(error, file=sys.stderr)
        sys.exit(HOPELESS)


async def _run(note: Path) -> None:
    settings = bootstrap.settings()
    dialogue = Dialogues(settings.dialogue_urls, settings.dialogue_secret, settings.turn_timeout)
    gateway = Gateway(
        settings,
        bootstrap.records(),
        bootstrap.syllabus(),
        dialogue,
        texts(),
        relay_texts(),
        bootstrap.utc_now,
        bootstrap.new_demo_learner if settings.demo else None,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for s in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(s, stop.set)
    try:
        await gateway.run(stop, note.write_text)
    finally:
        await dialogue.close()


if __name__ == "__main__":
    main()
