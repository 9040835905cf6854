"""Commands that are plainly written: a clause whose whole core is one of the patterns of `words.yml`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, Optional

from bot.nlu.words import found_in, one_of, table, words

COMMANDS = {intent: re.compile(one_of(table("commands")[intent])) for intent in words("order")}
IN_ROLEPLAY = {intent: re.compile(one_of(table("roleplay_commands")[intent])) for intent in words("roleplay_order")}
ASKED_FOR = re.compile(one_of(words("asked_for")))
TERM = re.compile(r"what (?:is|are) (?:an? |the )?([a-z]+(?: [a-z]+){0,3})")
NO_TERM = found_in(words("no_term"))


class Found(NamedTuple):
    """A command the lexicon is sure of, the words that showed it, and whether the message says something else, too."""

    intent: str
    words: str
    beside: bool = False


@lru_cache(maxsize=4_096)
def lookup(core: str) -> Optional[Found]:
    """The command that the whole core is; None if it is none."""
    for intent, pattern in COMMANDS.items():
        if pattern.fullmatch(core):
            return Found(intent, core)
    if (term := TERM.fullmatch(core)) and not NO_TERM.search(core):
        return Found("ask_meaning", term.group(1))
    return None


@lru_cache(maxsize=4_096)
def lookup_in_roleplay(core: str) -> Optional[Found]:
    """The command that only a role-play knows."""
    return next((Found(intent, core) for intent, pattern in IN_ROLEPLAY.items() if pattern.fullmatch(core)), None)


def lookup_asked(core: str) -> Optional[Found]:
    """As `lookup`, for words that were asked or wished for."""
    found = lookup(core)
    return Found("start_practice", core) if found is None and ASKED_FOR.fullmatch(core) else found
