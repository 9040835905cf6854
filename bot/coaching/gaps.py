"""Whether a short answer fills a gap or names an option, spelling aside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

from rapidfuzz import fuzz

from bot.syllabus.model import Option

NEGATIONS = frozenset({"not", "no", "never", "dont", "don't", "isn't", "isnt"})
WORDS = re.compile(r"[^\W_]+(?:'\w+)?", re.UNICODE)


def plain(text: str) -> str:
    """Lower case words with single spaces, nothing else."""
    return " ".join(WORDS.findall(text.lower()))


def fills_gap(text: str, answers: Sequence[str]) -> bool:
    """Whether `text` (a word or a short sentence) holds one of the answers, one slip a word forgiven.

    A negation in front ("not adverts") does not fill it.
    """
    words = plain(text).split()
    if not words or len(words) > 25:
        return False
    for answer in answers:
        wanted = plain(answer).split()
        for i in range(len(words) - len(wanted) + 1):
            window = words[i : i + len(wanted)]
            negated = bool(NEGATIONS & set(words[max(0, i - 2) : i]))
            if wanted and not negated and all(_near(a, b) for a, b in zip(window, wanted)):
                return True
    return False


def option_named(text: str, options: Sequence[Option]) -> Optional[str]:
    """The id of the option a typed text means: its letter ("b", "option b"), its number, or nearly its words."""
    said = plain(text)
    letter = re.fullmatch(r"(?:option |answer |its |it's |the )?([a-e]|[1-5])(?: one)?", said)
    if letter:
        index = "abcde".find(letter[1]) if letter[1].isalpha() else int(letter[1]) - 1
        return options[index].id if index < len(options) else None
    words = {plain(o.text): o.id for o in options}
    if said in words:
        return words[said]
    scores = [(fuzz.token_set_ratio(said, text), id) for text, id in words.items()]
    scores.sort(reverse=True)
    if said and scores[0][0] >= 80 and (len(scores) == 1 or scores[0][0] - scores[1][0] >= 8):
        return scores[0][1]
    return None


def _near(said: str, wanted: str) -> bool:
    if said == wanted:
        return True
    return len(wanted) > 3 and fuzz.ratio(said, wanted) >= (75 if len(wanted) < 6 else 80)
