"""Whether an answer does what the command verb asks, and speaks of the learner's own organisation.

Key points alone are not enough: "explain" wants the reason, "compare" both sides, "evaluate" a judgement. The check is
on the words that carry such a step, in learners' English; it asks for more once and never takes a point away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, Optional

from bot.coaching.workplace import Workplace, compare
from bot.syllabus.lint import GENERAL
from bot.syllabus.model import ProfilePart, Question


class Profile(NamedTuple):
    """The learner's workplace, and the parts of it that the question's criteria are about."""

    workplace: Workplace = Workplace()
    parts: tuple[ProfilePart, ...] = ()


NO_PROFILE = Profile()


class Lack(NamedTuple):
    """What an answer lacks: the step of its verb, or its own example; then with what the profile says, if it says it.

    `differs`: it names an example, but not the profile's.
    """

    what: Literal["own", "verb"]
    part: Optional[ProfilePart] = None
    says: str = ""
    differs: bool = False


_reason = re.compile(
    r"\b(?:be?c[aou]*[sz]\w*|b/c|bc|c[ou][sz]|causes?|caused|since|so|therefore|thus|hence|otherwise"
    r"|means|meaning|leads?|led|results?|due to|in order|that'?s why|thats why|which is why|reasons?|this way|that way"
    r"|if|unless|when(?:ever)?|makes?|lets?|helps?|gives?|shows?|stops?|prevents?|avoids?)\b",
    re.I,
)
_contrast = re.compile(
    r"\b(?:than|whereas|while|whilst|but|however|compared|comparing|different(?:ly)?|difference|same|similar|both|instead"
    r"|unlike|rather|more|less|fewer|at first|to begin with|in the beginning|before|after(?:wards)?|later|then"
    r"|over time|changes?|changed|used to|now|first|higher|lower|cheaper|dearer|better|worse|on the other hand)\b",
    re.I,
)
_judgement = re.compile(
    r"\b(?:overall|on balance|in the end|all in all|conclusion|conclude|outweighs?|worth|best|worst|better|worse"
    r"|most(?: important)?|main(?:ly)?|biggest|matters? (?:more|most)|more important|depends|i (?:think|believe|feel)"
    r"|in my opinion|my view|judg\w+|therefore|should|strongest|weakest|effective|enough|would (?:rather|choose))\b",
    re.I,
)
_ours = re.compile(r"\b(?:we|we're|we've|we'd|our|ours|us|my|mine|here at|where i (?:work|volunteer))\b", re.I)
_name = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+|\b[A-Z]{2,}\b|\d")
_word = re.compile(r"[a-z]{4,}")

# verb → all of these must be found somewhere in the answers to the question
STEPS: dict[str, tuple[re.Pattern[str], ...]] = {
    "explain": (_reason,),
    "compare": (_contrast,),
    "analyse": (_reason,),
    "evaluate": (_reason, _judgement),
}


def shows_verb(question: Question, answers: str) -> bool:
    """Whether the answers so far take the step the question's verb asks for; an answer to "why" is a reason anyway."""
    steps = STEPS.get(question.verb, ())
    if question.verb == "explain" and re.search(r"\bwhy\b", question.text, re.I):
        return True
    return all(step.search(answers) for step in steps)


def names_own(question: Question, answers: str, workplace: Workplace) -> bool:
    """Whether the answers name something of one's own: a name, a figure, words of the profile."""
    if _name.search(answers):
        return True
    known = {w for text in workplace.texts() for w in _word.findall(text.lower())}
    asked = set(_word.findall(question.text.lower()))
    return bool((known - asked - GENERAL) & set(_word.findall(answers.lower())))


def own_lack(question: Question, answers: str, profile: Profile, asked: bool) -> Optional[Lack]:
    """What is missing of the learner's own organisation; None for a question that is not about it.

    Where the profile says something on what the criterion is about, the answer must fit it, or name another example
    when `asked` already; elsewhere a name, a figure or "our …" will do.
    """
    if not question.own_organisation:
        return None
    found = compare(profile.workplace, profile.parts, question.text, answers)
    if found is None or found.how == "silent":
        own = _ours.search(answers) is not None or names_own(question, answers, profile.workplace)
        return None if own else Lack("own")
    if found.how == "fits":
        return None
    named = names_own(question, answers, profile.workplace)
    return None if named and asked else Lack("own", found.part, found.text, named)


def missing(question: Question, answers: str, profile: Profile, asked: Iterable[str]) -> Optional[Lack]:
    """What a complete answer still lacks and was not asked for yet: the named example first, then the verb's step."""
    asked = set(asked)
    if "own" not in asked and (lack := own_lack(question, answers, profile, False)) is not None:
        return lack
    if "verb" not in asked and not shows_verb(question, answers):
        return Lack("verb")
    return None


def still_missing(question: Question, answers: str, profile: Profile) -> bool:
    """Whether anything is lacking after it was asked for."""
    return own_lack(question, answers, profile, True) is not None or not shows_verb(question, answers)
