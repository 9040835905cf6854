"""The workplace profile: which part to ask for, what a reply to that means, how an answer compares with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Optional

import msgspec
from rapidfuzz import fuzz

from bot.syllabus.lint import GENERAL
from bot.syllabus.model import ProfilePart

Part = Literal["organisation", "services", "limits", "refer_to"]
AFTER_NAME: tuple[ProfilePart, ...] = ("services", "limits", "refer_to")
ALL: tuple[Part, ...] = ("organisation", *AFTER_NAME)
LONGEST_NAME, LONGEST_TEXT = 200, 2000
NO_NAME_FOR = timedelta(days=7)  # after which somebody without a workplace is asked for one again


class Workplace(msgspec.Struct, frozen=True):
    """Where the learner works, in their words; "" is what they have not said."""

    organisation: str = ""
    services: str = ""
    limits: str = ""
    refer_to: str = ""

    def part(self, part: Part) -> str:
        """The text of one part."""
        return str(getattr(self, part))

    def texts(self) -> tuple[str, ...]:
        """All four texts."""
        return tuple(self.part(part) for part in ALL)


class Reply(NamedTuple):
    """What a reply to the question for one part means: its text, kept, emptied, or no more questions for now."""

    kind: Literal["text", "keep", "empty", "leave"]
    text: str = ""


class Compared(NamedTuple):
    """How an answer stands to the part of the profile that its criterion is about."""

    part: ProfilePart
    text: str
    how: Literal["fits", "differs", "silent"]  # silent: nothing in it can be compared


def to_ask(
    workplace: Optional[Workplace], asked: Optional[datetime], needed: Iterable[ProfilePart], now: datetime
) -> tuple[Part, ...]:
    """The parts to ask for before a question about the own organisation that needs these; at most once a day.

    `asked` is when the profile was last asked for or changed.
    """
    if workplace is None or asked is None:
        return ALL
    if not workplace.organisation:
        return ALL if now - asked >= NO_NAME_FOR else ()
    if asked.date() == now.date():
        return ()
    return tuple(part for part in needed if not workplace.part(part))


# Replies -------------------------------------------------------------------------------------------------------------

_polite = re.compile(r"\b(?:please|pls|thanks|thank you|thx|mate|sorry|just|i said)\b")
_keep = re.compile(
    r"(?:skip|pass|next|same|no change|keep)(?: (?:it|this|that|one|question|as it is))*|(?:i )?(?:dont|do not) know"
    r"|dunno|idk|(?:im )?not sure|no idea|-|"
)
_leave = re.compile(
    r"(?:(?:no|nope|nah) ?)?(?:not (?:now|today|yet)|(?:maybe |ask me )?later|another (?:time|day)|tomorrow"
    r"|stop asking(?: me)?|skip (?:them )?all|(?:i )?(?:dont|do not) want to(?: say)?|rather not(?: say)?)|no|nope|nah"
)
_empty = re.compile(
    r"none|nothing|nowhere|nobody|no one|n/a|na|no (?:job|work|workplace|limits?)|(?:i )?(?:dont|do not) "
    r"(?:work|have (?:a job|one|any|work))(?: anywhere)?|(?:im )?(?:unemployed|not working)(?: (?:at the moment|now))?"
)
_name = re.compile(
    r"(?:(?:hi|ok|well|so)[ ,]+)?(?:(?:(?:i|we)(?: am|'m|’m)?|am|im)? ?(?:now |currently )?(?:work|volunteer)(?:ing)?"
    r"(?: (?:at|in|for|with))+|(?:it(?:'s|’s|s| is)|this is)(?: called)?) (.+)",
    re.I | re.S,
)


def read_reply(part: Part, text: str) -> Reply:
    """What `text` says to the question for `part`. Any text that is no refusal is kept as it is, cut to the longest."""
    said = text.strip()
    words = " ".join(_polite.sub(" ", re.sub(r"[.!,?]+", " ", said.lower().replace("'", "").replace("’", ""))).split())
    if part == "organisation":
        if words in ("no", "nope", "nah"):
            return Reply("empty")
        said = " ".join(named(said).split())
    if _leave.fullmatch(words):
        return Reply("leave")
    if _keep.fullmatch(words):
        return Reply("keep")
    if _empty.fullmatch(words):
        return Reply("empty")
    return Reply("text", said[: LONGEST_NAME if part == "organisation" else LONGEST_TEXT].strip())


def named(text: str) -> str:
    """The workplace's name in "I work at …", else the text as it is."""
    found = _name.fullmatch(text.strip().rstrip("."))
    return found[1] if found else text


# Comparing ----------------------------------------------------------------------------------------------------------

_words = re.compile(r"\d+|[^\W\d_]{3,}")


def compare(workplace: Workplace, parts: Sequence[ProfilePart], question: str, answers: str) -> Optional[Compared]:
    """How the answers stand to the part that they fit, else to the first one filled; None where all are empty."""
    found = [Compared(p, text, _how(text, question, answers)) for p in parts if (text := workplace.part(p).strip())]
    for how in ("fits", "differs"):
        for each in found:
            if each.how == how:
                return each
    return found[0] if found else None


def _how(text: str, question: str, answers: str) -> Literal["fits", "differs", "silent"]:
    """By telling words, slips and endings aside; other figures than the profile's make it differ."""
    asked = set(_words.findall(question.lower()))
    telling = {w for w in _words.findall(text.lower()) if w not in GENERAL and w not in asked}
    said = set(_words.findall(answers.lower()))
    if not telling:
        return "silent"
    figures, own_figures = ({w for w in words if w.isdigit()} for words in (said, telling))
    if figures and own_figures:
        return "fits" if figures & own_figures else "differs"
    return "fits" if any(_same(a, b) for a in telling for b in said) else "differs"


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if short.isdigit() or len(short) < 4:
        return False
    ending = long.startswith(short) and len(long) - len(short) <= 3
    return ending or (len(short) >= 5 and fuzz.ratio(one, other) >= 84)
