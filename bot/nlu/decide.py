"""Answer or command? One pure function, one rule a paragraph; the gate component only carries its result to Rasa."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Optional

from bot.nlu.lexicon import COMMANDS as PATTERNS
from bot.nlu.lexicon import IN_ROLEPLAY, Found, lookup, lookup_asked, lookup_in_roleplay
from bot.nlu.normal import Clause, Mender, Said, clause, read
from bot.nlu.wording import (
    about_the_learner,
    about_words,
    bare_in_roleplay,
    ends,
    fills_no_gap,
    guesses,
    is_filler,
    names_the_exercise,
    of_work_only,
    opens,
    own_answer,
    requests,
    speaks,
    turned_up,
    wording,
)

During = Literal["practice", "roleplay", "assessment"]
TakenAs = Literal["command", "answer", "turn", "fallback"]
ANSWER, FALLBACK = "give_answer", "nlu_fallback"
# What may interrupt an exercise.
COMMANDS = frozenset(PATTERNS)
# Known only in a role-play; elsewhere neither obeyed nor guessed.
ROLEPLAY_ONLY = frozenset(IN_ROLEPLAY)
# Only where the whole text is plainly that; the classifier's word is not enough.
PLAIN_ONLY = frozenset({"small_talk", "affirm", "deny", "greet"})
# Of these two the classifier must be sure beyond doubt: people say them to customers.
COURTESIES = frozenset({"thanks", "bye"})
# In a role-play these words are said to the customer.
TO_THE_CUSTOMER = PLAIN_ONLY | COURTESIES | {"ask_meaning", "why_mark", "dispute_mark"}
_asks = re.compile(
    r"(?:tell|ask|say|show|explain|what|who|why|how|where|when|is|are|do|does|did|can|could|will|would)\b"
)
NOT_WISHED = frozenset({"why_mark", "repeat", "dispute_mark", "help"})  # "I need to explain": an answer
LONGEST_SPLIT = 30  # words; beyond it commands are looked for between full stops only
LONGEST_GUESS = 20  # words the classifier alone may take for a command
MOST_WORK = 1  # words about work in what the classifier alone takes for a command
LONGEST_COMMAND = 14  # words of one clause; a longer message needs a clause that is plainly a command
GAP = "__"  # a fill-the-gap prompt: nearly any word can be what fills it


class Decision(NamedTuple):
    """The intent Rasa goes on with, how the message was taken, and the rule that decided."""

    intent: str
    confidence: float
    taken_as: TakenAs
    rule: str


class Limits(NamedTuple):
    """What the classifier's confidences must reach.

    `sure` and `margin` over give_answer: to be obeyed in an exercise where the wording is a request; `certain`: where
    it is no request but speaks to somebody; `beyond`: in any wording, thanks and goodbyes included (give_answer may
    have `rest` at most); `doubt`: give_answer stays below it where one clause is a command; `outside`: to be believed
    outside an exercise.
    """

    sure: float = 0.5
    margin: float = 0.35
    certain: float = 0.6
    beyond: float = 0.9
    rest: float = 0.05
    doubt: float = 0.55
    outside: float = 0.5


LIMITS = Limits()


def decide(
    text: str,
    ranking: Mapping[str, float],
    during: Optional[During],
    mend: Mender,
    limits: Limits = LIMITS,
    asked: str = "",
) -> Decision:
    """How to take `text`; `ranking` has the confidence of each intent, `asked` what the coach said last."""
    said = read(text, mend)
    if during == "roleplay" and (found := _of_roleplay(said, ranking, limits)) is not None:
        return found
    ranking = {intent: p for intent, p in ranking.items() if intent not in ROLEPLAY_ONLY}
    sure = from_lexicon(said, asked)
    if during is None:
        return _outside(sure, ranking, limits)
    guessed = ranking.get(ANSWER, 0.0)
    if sure is not None and _may(sure.intent, said, during, asked):
        return Decision(sure.intent, max(ranking.get(sure.intent, 0.0), 0.95), "command", "lexicon")
    guess = _from_classifier(said, ranking, during, limits) if sure is None else None
    if guess is not None and _may(guess, said, during, asked):
        return Decision(guess, ranking[guess], "command", "classifier")
    within = within_a_longer_text(said) if sure is None else None
    if (
        within is not None
        and _may(within.intent, said, during, asked)
        and (guessed < limits.doubt or not within.beside)
    ):
        return Decision(within.intent, max(ranking.get(within.intent, 0.0), 0.9), "command", "a clause of it")
    return Decision(ANSWER, guessed, "turn" if during == "roleplay" else "answer", "not surely a command")


def _of_roleplay(said: Said, ranking: Mapping[str, float], limits: Limits) -> Optional[Decision]:
    """A command that only a role-play knows, by its words or, where it names the exercise, by the classifier."""
    if said.words > LONGEST_COMMAND:
        return None
    for form in said.whole.forms:
        if (found := lookup_in_roleplay(form.words)) is not None:
            return Decision(found.intent, max(ranking.get(found.intent, 0.0), 0.95), "command", "lexicon")
    top = max(ranking, key=lambda name: ranking[name], default=ANSWER)
    if top in ROLEPLAY_ONLY and ranking[top] >= limits.sure and names_the_exercise(said.whole.plain, at_once=False):
        return Decision(top, ranking[top], "command", "classifier")
    return None


def from_lexicon(said: Said, asked: str = "") -> Optional[Found]:
    """The command that the whole message is, in one clause or in several that are all commands or filler."""
    if not said.words:
        return None
    if said.words <= LONGEST_COMMAND and (found := of_clause(said.whole)) is not None:
        return found
    words = said.whole.core
    if asked and said.question and said.words <= 3 and re.search(rf"\b{re.escape(words)}\b", asked.lower()):
        return Found("ask_meaning", words)  # "retention?" of a word in the question; of another word it is a shy answer
    parts = [part for part in said.clauses if not is_filler(part.plain)]
    found_parts = [of_clause(part) for part in parts]
    if not parts or None in found_parts:
        return None
    return most_telling([found for found in found_parts if found is not None])


def within_a_longer_text(said: Said) -> Optional[Found]:
    """A clause that is plainly a command to the coach, when the rest is about the learner and not about customers."""
    if of_work_only(said.whole.plain) or said.words < 3:
        return None
    clauses = [part for part in said.clauses if not is_filler(part.plain)]
    if len(clauses) > 1 and (found := _command_among(clauses, punctuated=True)) is not None:
        return found
    typed = said.whole.plain.split()
    best: Optional[Found] = None
    for cut in range(1, len(typed) if len(typed) <= LONGEST_SPLIT else 1):
        first, second = " ".join(typed[:cut]), " ".join(typed[cut:])
        if not ends(typed[cut - 1]) or cut > 5 and not opens(second):
            continue
        parts = [clause(first), clause(second)]
        if _asks.match(first) and of_clause(parts[0]) is None:
            continue  # "tell me what the tutor said": one question, not two clauses
        found = _command_among(parts, punctuated=False)
        if found is not None and not found.beside:
            return found
        best = best or found
    return best


def _command_among(parts: Sequence[Clause], punctuated: bool) -> Optional[Found]:
    """The plain command among these clauses; None if there is none, or another clause may be an answer."""
    found = [of_clause(part) for part in parts]
    commands = [f for f in found if f is not None]
    plainly = [f for part, f in zip(parts, found) if f is not None and is_plain_command(part, f)]
    rest = [part.plain for part, f in zip(parts, found) if f is None]
    if not plainly and rest and punctuated and all(own_answer(part) for part in rest):
        plainly = [f for f in commands if f.intent == "dispute_mark"]
    if not plainly and rest and all(turned_up(part) for part in rest):
        plainly = [f for f in commands if f.intent in ("stop", "resume")]
    if not plainly:
        return None
    best, whole = most_telling(plainly), " ".join(part.plain for part in parts)
    if best.intent == "ask_meaning" and not punctuated and not about_words(parts[0].plain):
        return None
    if rest and best.intent == "dont_know" and guesses(whole):
        return None
    if not all(about_the_learner(part, whole, best.intent) for part in rest):
        return None
    return best._replace(beside=bool(rest))


def of_clause(part: Clause) -> Optional[Found]:
    """The command of one clause, looked up with less and less politeness."""
    if len(part.plain.split()) > LONGEST_COMMAND:
        return None
    for words, kind in part.forms:
        found = lookup(words) if kind == "bare" else lookup_asked(words)
        if found is not None and not (kind == "wished" and found.intent in NOT_WISHED):
            return found
    return None


def is_plain_command(part: Clause, found: Found) -> bool:
    """Asked of the coach, or naming the exercise: enough to count inside a longer text."""
    if found.intent in PLAIN_ONLY | COURTESIES:
        return False
    if found.intent == "ask_meaning":
        return re.match(r"(?:what|whats) .|.* mean", part.plain) is not None
    asked = any(form.kind != "bare" for form in part.forms) and len(part.plain.split()) > 2
    return asked or names_the_exercise(part.plain)


def most_telling(found: Sequence[Found]) -> Found:
    """Of several commands in one message the one that asks for most."""
    telling = [f for f in found if f.intent not in PLAIN_ONLY | COURTESIES] or list(found)
    stronger = [f for f in telling if f.intent not in ("dont_know", "why_mark", "ask_meaning")] or telling
    return stronger[-1]


def _may(intent: str, said: Said, during: During, asked: str) -> bool:
    """Whether this command may interrupt this exercise, said in these words."""
    if intent not in COMMANDS:
        return False
    if GAP in asked and said.words <= 3 and not fills_no_gap(said.whole):
        return False
    if during != "roleplay":
        return True
    if intent in PLAIN_ONLY | COURTESIES:
        return False
    if names_the_exercise(said.whole.plain, at_once=False):
        return True
    return intent not in TO_THE_CUSTOMER and bare_in_roleplay(said.whole)


def _from_classifier(said: Said, ranking: Mapping[str, float], during: During, limits: Limits) -> Optional[str]:
    """A command the lexicon does not know: the clearer the wording speaks to the coach, the less sure it must be."""
    believed = {intent: p for intent, p in ranking.items() if intent != FALLBACK}
    intent = max(believed, key=lambda name: believed[name], default=ANSWER)
    if intent in PLAIN_ONLY | {ANSWER} or not 0 < said.words <= LONGEST_GUESS:
        return None
    confidence, doubt = believed[intent], believed.get(ANSWER, 0.0)
    counts = wording(said.whole.plain, intent)
    of_answers = counts.would or counts.work > 0
    if not of_answers and intent not in COURTESIES and requests(said):
        return intent if confidence >= limits.sure and confidence - doubt >= limits.margin else None
    if during == "roleplay" or counts.work > MOST_WORK or counts.would and intent not in COURTESIES:
        return None
    bar = limits.certain if speaks(said) and not of_answers and intent not in COURTESIES else limits.beyond
    return intent if confidence >= bar and doubt <= limits.rest else None


def _outside(found: Optional[Found], ranking: Mapping[str, float], limits: Limits) -> Decision:
    """Outside an exercise: the lexicon's word, else the classifier's; an answer to nothing or a doubt is a fallback."""
    believed = {intent: p for intent, p in ranking.items() if intent != FALLBACK}
    top = max(believed, key=lambda intent: believed[intent], default=FALLBACK)
    confidence = believed.get(top, 0.0)
    doubted = FALLBACK in ranking or confidence < limits.outside or top in (ANSWER, FALLBACK)
    if found is not None and (doubted or found.intent == top or confidence < 0.8):
        return Decision(found.intent, max(believed.get(found.intent, 0.0), 0.95), "command", "lexicon")
    if doubted:
        return Decision(FALLBACK, confidence, "fallback", "unsure" if top != ANSWER else "an answer to nothing")
    return Decision(top, confidence, "command", "classifier")
