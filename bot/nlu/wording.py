"""Whom a message talks about: customers and work (an answer), or the coach, the question and the mark (a command)."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.nlu.normal import Clause, Said
from bot.nlu.words import found_in, one_of, table, text, words

WORK = found_in(words("work"))
WOULD = found_in(words("would"))
ALLOWED = {intent: found_in(patterns) for intent, patterns in table("allowed").items()}
LIKE = re.compile(
    r"\b(?:i would (?:like|love|rather|prefer|appreciate|be grateful)"
    r"|would be (?:nice|good|great|helpful|possible|handy))\b"
)
LEARNER = found_in(words("learner"))
TURNED_UP = re.compile(one_of(words("turned_up")))
FILLER = frozenset(words("filler"))
REQUEST = re.compile(text("request"))
SPEAKS = re.compile(r"\b(?:i|me|my|you|your|we|us|this|that|it|coach|rapport|miss|sir|please|thanks|thank|bye)\b")
HARMLESS = re.compile(r"\b(?:because|would|if|us|should|happen|need to know)\b")
_names = found_in(words("names"))
_exercise = found_in(words("names") + words("exercise"))
_guess = found_in(words("guesses"))
_gap_free = re.compile(one_of(words("fills_no_gap")))
_bare = re.compile(one_of(words("bare_in_roleplay")))
_opens = re.compile(text("opens"))
_opens_somewhere = found_in(words("opens_somewhere"))
_hanging = frozenset(words("hanging"))
_own_answer = re.compile(text("own_answer"))
_quizzed = re.compile(r"\b(?:quiz|test|ask) me\b")


class Wording(NamedTuple):
    """How many words point at work and customers, and whether it says what one would do."""

    work: int
    would: bool


def wording(plain: str, intent: str) -> Wording:
    """Count both in a message's plain form, leaving out the work words a command of that intent may use."""
    free = LIKE.sub(" ", plain)
    free = ALLOWED[intent].sub(" ", free) if intent in ALLOWED else free
    return Wording(len(WORK.findall(free)), WOULD.search(plain) is not None)


def is_filler(plain: str) -> bool:
    """Nothing but ok, sorry, please …"""
    return all(word in FILLER for word in plain.split())


def guesses(plain: str) -> bool:
    """ "I don't know, maybe …" goes on to answer."""
    return _guess.search(plain) is not None


def of_work_only(plain: str) -> bool:
    """Says what one would do, or speaks of work and not of the exercise: no command is looked for inside."""
    if WOULD.search(plain):
        return True
    other = (_exercise, TURNED_UP, _opens_somewhere)
    return len(WORK.findall(plain)) > 1 and not any(pattern.search(plain) for pattern in other)


def own_answer(part: str) -> bool:
    """ "I clearly said …": the learner quotes his own answer."""
    return _own_answer.match(part) is not None


def about_words(part: str) -> bool:
    """Why somebody asks for a meaning."""
    return (
        re.search(r"\b(?:english|language|words?|understand|heard|question|sorry|before i|coach)\b", part) is not None
    )


def turned_up(part: str) -> bool:
    """A customer is there just now."""
    return TURNED_UP.search(part) is not None


def about_the_learner(part: str, whole: str, intent: str) -> bool:
    """The rest of a message beside its command: about the learner and the moment, not what one does with customers."""
    if WOULD.search(whole):
        return False
    if intent == "dispute_mark" and _own_answer.match(part) or intent == "start_practice" and _quizzed.search(whole):
        return True
    free = TURNED_UP.sub(" ", part)
    if WORK.search(HARMLESS.sub(" ", free)):
        return False
    return free != part or LEARNER.search(part) is not None


def opens(words: str) -> bool:
    """A new clause may begin with these words, where nobody put a full stop."""
    return _opens.match(words) is not None


def ends(word: str) -> bool:
    """A clause may end with this word."""
    return word not in _hanging or word in ("it", "this", "that", "me", "you")


def names_the_exercise(plain: str, at_once: bool = True) -> bool:
    """Hint, this question, tutor, my mark …: for the coach alone (`at_once`), or also where the intent is clear."""
    return (_names if at_once else _exercise).search(plain) is not None


def fills_no_gap(whole: Clause) -> bool:
    """A short text that is a command even where a gap is to be filled."""
    asked = whole.plain.startswith(("can you", "can i", "please"))
    return asked or any(_gap_free.fullmatch(form.words) for form in whole.forms)


def bare_in_roleplay(whole: Clause) -> bool:
    """A short text that is a command even in front of a customer."""
    return any(_bare.fullmatch(form.words) and (form.kind != "asked" or i == 0) for i, form in enumerate(whole.forms))


def requests(said: Said) -> bool:
    """Whether the message, or a clause of it, is a request, a question or a wish."""
    if re.search(r"\bdont (?:stop|skip|forget|repeat|delete)\b", said.whole.plain):
        return False
    if said.words > 3 and said.question:
        return True
    return any(REQUEST.fullmatch(part.plain) for part in (said.whole, *said.clauses))


def speaks(said: Said) -> bool:
    """Speaks of oneself or to somebody, or asks: not the bare words of many an answer ("hints and tips leaflet")."""
    return said.question or SPEAKS.search(said.whole.plain) is not None
