"""Serve the web pages: `python -m bot.web`."""

from __future__ import annotations

import gc
import logging
import sys

from bot import bootstrap
from bot.dialogues import Dialogues
from bot.errors import RapportError
from bot.logs import log_lines
from bot.records.unit_versions import note_content
from bot.relay import Relay
from bot.relay_texts import relay_texts
from bot.web.app import create_app
from bot.web.serve import server

log = logging.getLogger(__name__)


def main() -> None:
    """Wire and serve until stopped; one clear sentence and exit code 1 if something is missing."""
    log_lines("web")
    try:
        settings = bootstrap.settings()
        dialogue = Dialogues(settings.dialogue_urls, settings.dialogue_secret, settings.turn_timeout)
        relay = Relay(bootstrap.records(), dialogue, bootstrap.utc_now, relay_texts(), settings.notice_after)
        app = create_app(settings, bootstrap.syllabus(), bootstrap.records(), relay, bootstrap.utc_now)
        for unit, changes in note_content(bootstrap.records(), bootstrap.syllabus(), bootstrap.utc_now()).items():
            log.warning("the content of %s changed; %d statements have other words", unit, len(changes.statements))
    except RapportError as error:
        sys.exit(str(error))
    # What is loaded stays: the collector would look at it again in the middle of long pages.
    gc.collect()
    gc.freeze()
    server(app, settings.host, settings.port, settings.proxies).run()


if __name__ == "__main__":
    main()
