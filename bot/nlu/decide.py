"""Answer or command? One pure function, one rule a paragraph; the gate component only carries its result to Rasa."""

from __future__ import annotations

import math
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
    turned_up,
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
# In a role-play these may be meant, too, where the words are plainly for the coach.
IN_ROLEPLAY_TOO = frozenset({"stop", "hint", "help", "talk_to_tutor", "privacy", "start_roleplay", "resume"})
# Of these, the ones whose examples all are for the coach, whatever goes on.
FOR_THE_COACH = frozenset({"hint", "talk_to_tutor", "privacy", "start_roleplay"})
# In a role-play these words are said to the customer.
TO_THE_CUSTOMER = PLAIN_ONLY | COURTESIES | {"ask_meaning", "why_mark", "dispute_mark"}
_asks = re.compile(
    r"(?:tell|ask|say|show|explain|what|who|why|how|where|when|is|are|do|does|did|can|could|will|would)\b"
)
# Nobody says these to the coach.
_to_a_customer = re.compile(
    r"\b(?:help|assist|serve) you\b|\bmy names? (?:is )?[a-z]+|\b(?:mr|mrs|ms|miss|sir|madam)\b"
)
# Nor these, in any exercise: what one says to a customer, as an answer.
_courtesy = re.compile(
    r"\b(?:can|may|could) i help(?: you| with that)?$"
    r"|\b(?:thanks|thank you) for (?:coming|calling|ringing|waiting|shopping|visiting|choosing)\b"
    r"|\b(?:thanks|thank you) for your (?:order|patience|custom)\b"
)
NOT_WISHED = frozenset({"why_mark", "repeat", "dispute_mark", "help"})  # "I need to explain": an answer
LONGEST_SPLIT = 30  # words; beyond it commands are looked for between full stops only
LONGEST_GUESS = 20  # words the classifier alone may take for a command
PLAIN_LENGTH = 2  # words of a command that the lexicon is believed more readily
LONGEST_COMMAND = 14  # words of one clause; a longer message needs a clause that is plainly a command
LEAST_IN_ROLEPLAY = 0.15  # of the intents' confidence
WEIGHT = 0.6  # of the log-odds of the head and of the intents: they are not independent
NOT_NOW = "“not now”"  # offered by the coach when it asks for the workplace profile: "no" and "later" answer that
_refers_to = re.compile(r"(?:i |we )?(?:ask |asks )?(?:my |our |the |a )?(?:tutor|teacher|assessor)s?")
GAP = "__"  # a fill-the-gap prompt: nearly any word can be what fills it


class Decision(NamedTuple):
    """The intent Rasa goes on with, how the message was taken, and the rule that decided."""

    intent: str
    confidence: float
    taken_as: TakenAs
    rule: str


class Limits(NamedTuple):
    """What the head's probability of a command must reach, and the classifier's confidence.

    `sure`, `beyond` (thanks and goodbyes) and `in_roleplay`: to be obeyed in an exercise on the classifiers' word;
    `head`: what the head alone must reach there, and `which` the intent; `veto`: else the lexicon's word does not
    count, `plain` up to two words; `doubt`: else no clause is looked for in a longer text; `overrule`: the intent's
    share among the commands against another one from the lexicon; `outside`: to be believed outside an exercise, or
    `least` where it is a command beyond doubt.
    """

    sure: float = 0.88
    beyond: float = 0.98
    in_roleplay: float = 0.9
    head: float = 0.5
    which: float = 0.3
    veto: float = 0.4
    plain: float = 0.2
    doubt: float = 0.3
    overrule: float = 0.9
    outside: float = 0.5
    least: float = 0.3


LIMITS = Limits()


def decide(
    text: str,
    ranking: Mapping[str, float],
    during: Optional[During],
    mend: Mender,
    limits: Limits = LIMITS,
    asked: str = "",
    heads: Optional[Mapping[str, float]] = None,
) -> Decision:
    """How to take `text`.

    `ranking` has the confidence of each intent, `heads` the probability that it is a command in a practice question
    and in a role-play, `asked` what the coach said last.
    """
    said = read(text, mend)
    head = (heads or {}).get("roleplay" if during == "roleplay" else "practice")
    command = _evidence(ranking, head)
    if (
        during == "roleplay"
        and _to_a_customer.search(said.whole.plain)
        or during is not None
        and _courtesy.search(said.whole.plain)
    ):
        return Decision(ANSWER, 1.0 - command, "turn" if during == "roleplay" else "answer", "speaks to the customer")
    if during == "roleplay" and (found := _of_roleplay(said, ranking, head, limits)) is not None:
        return found
    ranking = {intent: p for intent, p in ranking.items() if intent not in ROLEPLAY_ONLY}
    sure = from_lexicon(said, asked)
    if during is None:
        return _outside(sure, ranking, command if heads else 0.0, limits)
    short = said.words <= PLAIN_LENGTH  # next to nothing to go by
    if sure is not None and (head is None or head >= (limits.plain if short else limits.veto)):
        intent = _overruled(sure.intent, ranking, limits) if command >= limits.sure else sure.intent
        if _may(intent, said, during, asked):
            return Decision(intent, max(command, 0.95), "command", "lexicon")
    doubted = head is not None and head < (limits.sure if short else limits.head)
    guess = _from_classifier(said, ranking, command, during, limits) if sure is None and not doubted else None
    if guess is not None and _may(guess, said, during, asked):
        return Decision(guess, command, "command", "classifier")
    within = within_a_longer_text(said) if sure is None else None
    if (
        within is not None
        and _may(within.intent, said, during, asked)
        and ((command if head is None else head) >= limits.doubt or not within.beside)
    ):
        return Decision(within.intent, max(command, 0.9), "command", "a clause of it")
    return Decision(ANSWER, 1.0 - command, "turn" if during == "roleplay" else "answer", "not surely a command")


def only_for_classifiers(said: Said, during: Optional[During], asked: str = "") -> bool:
    """Whether no words of the message name a command in this exercise, so that only the classifiers could see one."""
    if during is None or not said.words:
        return False
    if during == "roleplay":
        if _to_a_customer.search(said.whole.plain):
            return True
        if any(lookup_in_roleplay(form.words) for form in said.whole.forms):
            return False
    return from_lexicon(said, asked) is None and within_a_longer_text(said) is None


def _evidence(ranking: Mapping[str, float], head: Optional[float]) -> float:
    """How probably it is a command: what the head says and what the classifier of intents says, both weighed."""
    other = 1.0 - ranking.get(ANSWER, 0.0)
    if head is None:
        return other
    score = WEIGHT * sum(math.log(p / (1.0 - p)) for p in (min(max(q, 1e-5), 1.0 - 1e-5) for q in (head, other)))
    return 1.0 / (1.0 + math.exp(-score))


def _overruled(intent: str, ranking: Mapping[str, float], limits: Limits) -> str:
    """The lexicon's intent, or the classifier's where that is nearly certain of another one."""
    top = _top(ranking)
    return top if top not in PLAIN_ONLY and _share(top, ranking) >= limits.overrule else intent


def _top(ranking: Mapping[str, float]) -> str:
    """The likeliest of the commands."""
    commands = {intent: p for intent, p in ranking.items() if intent in COMMANDS | ROLEPLAY_ONLY}
    return max(commands, key=lambda name: commands[name], default=ANSWER)


def _share(intent: str, ranking: Mapping[str, float]) -> float:
    """Its confidence among all commands."""
    commands = sum(p for name, p in ranking.items() if name in COMMANDS | ROLEPLAY_ONLY)
    return ranking.get(intent, 0.0) / commands if commands else 0.0


def _of_roleplay(said: Said, ranking: Mapping[str, float], head: Optional[float], limits: Limits) -> Optional[Decision]:
    """A command for the coach in a role-play: by its words, or where the head is sure."""
    if said.words > LONGEST_GUESS:
        return None
    for form in said.whole.forms:
        if (found := lookup_in_roleplay(form.words)) is not None:
            return Decision(found.intent, max(head or 0.0, 0.95), "command", "lexicon")
    known = {name: p for name, p in ranking.items() if name in ROLEPLAY_ONLY | IN_ROLEPLAY_TOO | {"dont_know"}}
    top = _top(known)
    if head is not None and head >= limits.in_roleplay and known.get(top, 0.0) >= LEAST_IN_ROLEPLAY:
        return Decision(top, head, "command", "classifier")
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
    if NOT_NOW in asked and (intent in ("deny", "bye") or _refers_to.fullmatch(said.whole.plain)):
        return False
    if during != "roleplay":
        return True
    if intent in PLAIN_ONLY | COURTESIES:
        return False
    if names_the_exercise(said.whole.plain, at_once=False):
        return True
    return intent not in TO_THE_CUSTOMER and bare_in_roleplay(said.whole)


def _from_classifier(
    said: Said, ranking: Mapping[str, float], command: float, during: During, limits: Limits
) -> Optional[str]:
    """A command the lexicon does not know, where the head is sure that it is one."""
    intent = _top(ranking)
    if during == "roleplay" or intent in PLAIN_ONLY | {ANSWER} or not 0 < said.words <= LONGEST_GUESS:
        return None
    if said.whole.plain.startswith("if "):  # "if I do not know the answer": what one does then
        return None
    if ranking.get(intent, 0.0) < limits.which:
        return None
    return intent if command >= (limits.beyond if intent in COURTESIES else limits.sure) else None


def _outside(found: Optional[Found], ranking: Mapping[str, float], command: float, limits: Limits) -> Decision:
    """Outside an exercise: the lexicon's word, else the classifier's; an answer to nothing or a doubt is a fallback."""
    believed = {intent: p for intent, p in ranking.items() if intent != FALLBACK}
    top = max(believed, key=lambda intent: believed[intent], default=FALLBACK)
    confidence = believed.get(top, 0.0)
    weak = FALLBACK in ranking or confidence < limits.outside
    doubted = top in (ANSWER, FALLBACK) or weak and (command < limits.beyond or confidence < limits.least)
    if found is not None and (doubted or found.intent == top or confidence < 0.8):
        return Decision(found.intent, max(believed.get(found.intent, 0.0), 0.95), "command", "lexicon")
    if doubted:
        return Decision(FALLBACK, confidence, "fallback", "unsure" if top != ANSWER else "an answer to nothing")
    return Decision(top, confidence, "command", "classifier")
