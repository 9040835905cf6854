"""Which glossary term a learner asks the meaning of."""

from __future__ import annotations

from typing import Optional

from rapidfuzz import fuzz

from bot.coaching.gaps import plain
from bot.syllabus.model import Term
from bot.syllabus.syllabus import Syllabus

ASKING = frozenset({
    "what", "whats", "what's", "does", "do", "is", "are", "the", "a", "an", "mean", "means", "meaning", "meant", "of",
    "by", "word", "term", "define", "definition", "explain", "wot", "wat", "dont", "don't", "understand", "know", "i",
    "im", "not", "sure", "tell", "me", "please", "pls", "u", "you", "can", "could", "to", "say", "in", "this", "that",
    "it", "here", "so",
})  # fmt: skip


def asked_term(text: str, syllabus: Syllabus) -> Optional[Term]:
    """The longest term named in `text`, spelling aside; None if none is."""
    words = plain(text).split()
    exact = syllabus.find_term(" ".join(w for w in words if w not in ASKING))
    if exact:
        return exact
    best: tuple[int, float, Optional[Term]] = (0, 0.0, None)
    for term in syllabus.glossary:
        for name in (term.term, *term.also):
            wanted = plain(name).split()
            for i in range(len(words) - len(wanted) + 1):
                window = " ".join(words[i : i + len(wanted)])
                score = fuzz.ratio(window, " ".join(wanted))
                if score >= (82 if len(window) > 4 else 99) and (len(wanted), score) > best[:2]:
                    best = (len(wanted), score, term)
    return best[2]
