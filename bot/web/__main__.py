"""Serve the web pages: `python -m bot.web`."""

from __future__ import annotations

import logging
import sys

from bot import bootstrap
from bot.dialogues import Dialogues
from bot.errors import RapportError
from bot.relay import Relay
from bot.relay_texts import relay_texts
from bot.web.app import create_app
from bot.web.serve import server


def main() -> None:
    """Wire and serve until stopped; one clear sentence and exit code 1 if something is missing."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = bootstrap.settings()
        dialogue = Dialogues(settings.dialogue_urls, settings.dialogue_secret, settings.turn_timeout)
        relay = Relay(bootstrap.records(), dialogue, bootstrap.utc_now, relay_texts(), settings.notice_after)
        app = create_app(settings, bootstrap.syllabus(), bootstrap.records(), relay, bootstrap.utc_now)
    except RapportError as error:
        sys.exit(str(error))
    server(app, settings.host, settings.port, settings.proxies).run()


if __name__ == "__main__":
    main()
