"""Ways to turn a sentence round, written for the tests alone (the fit has its own, tools/fit_turns.py)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Optional

_OPPOSITES = """
    cheap expensive; cheaper dearer; cheaply expensively; more less; less more; better worse; good bad; best worst;
    well badly; happy unhappy; happier unhappier; satisfied dissatisfied; pleased annoyed; loyal disloyal; honest
    dishonest; honestly dishonestly; polite rude; politely rudely; friendly unfriendly; helpful unhelpful; clear
    unclear; clearly unclearly; safe unsafe; safely dangerously; legal illegal; fair unfair; right wrong; correct
    incorrect; accurate inaccurate; quick slow; quickly slowly; fast slow; faster slower; calm angry; calmly
    angrily; easy hard; easier harder; always never; keep break; trust distrust; trusted distrusted; respect
    disrespect; realistic unrealistic; possible impossible; reliable unreliable; important unimportant; useful
    useless; higher lower; bigger smaller; increase reduce; increases reduces; improve worsen; improves worsens;
    gain lose; remember forget; accept refuse; agree disagree; before after; early late; same different; confident
    unsure; secure insecure; comfortable uncomfortable; valued worthless; welcome unwelcome; patient impatient;
    professional unprofessional; open closed
"""
OPPOSITES = dict(pair.split() for pair in " ".join(_OPPOSITES.split()).split("; "))
_NEGATIVE = re.compile(
    r"\b(not?|never|none|nobody|nothing|without|nor|neither|cannot|hardly|stop|instead|avoid|fail\w*|wont|dont|cant|isnt"
    r"|doesnt|didnt)\b|n't",
    re.I,
)
_HELPERS = ("is", "are", "was", "were", "do", "does", "did", "has", "have", "would", "should", "could", "must")
_SHORT = {word: f"{word}n't" for word in _HELPERS}
_SHORT |= {"can": "can't", "will": "won't"}


def turned_round(text: str, nlp: Any) -> dict[str, str]:
    """Way -> the text turned round by it, for each way that can be done; nothing for a text that already denies."""
    if _NEGATIVE.search(text):
        return {}
    doc = nlp(text)
    found = {}
    for way in (not_, short_not, never, no_longer, no_need, rather_than, opposite, swapped):
        if (other := way(doc)) and other != text:
            found[way.__name__.strip("_")] = other
    return found


def _verb(doc: Any) -> tuple[Optional[Any], Optional[Any]]:
    """The main verb, and the helper that carries its tense (the verb itself for "be"); None where that is not plain."""
    root = next((token for token in doc if token.dep_ == "ROOT"), None)
    if root is None or root.pos_ not in ("VERB", "AUX"):
        return None, None
    helpers = [c for c in root.children if c.dep_ in ("aux", "auxpass") and c.i < root.i and c.tag_ != "TO"]
    if helpers:
        return root, helpers[0]
    if root.lemma_ == "be" and root.tag_ in ("VBZ", "VBP", "VBD"):
        return root, root
    return (root, None) if root.tag_ in ("VBP", "VBZ", "VBD", "VB") else (None, None)


def _subject(root: Any) -> bool:
    return any(child.dep_ in ("nsubj", "nsubjpass", "expl") for child in root.children)


def _with(doc: Any, index: int, words: str, after: bool = False) -> str:
    """The text with words put in front of a token in its plain form, or behind a token as it is."""
    parts = [token.text_with_ws for token in doc]
    parts[index] = f"{doc[index].text} {words} " if after else f"{words} {doc[index].lemma_}{doc[index].whitespace_}"
    return "".join(parts).strip()


def not_(doc: Any) -> Optional[str]:
    """ "do not", "does not", "did not"; "is not"."""
    root, helper = _verb(doc)
    if root is None:
        return None
    if helper is not None:
        return None if helper.text.startswith("'") else _with(doc, helper.i, "not", after=True)
    return _with(doc, root.i, {"VBZ": "does not", "VBD": "did not"}.get(root.tag_, "do not"))


def short_not(doc: Any) -> Optional[str]:
    """ "don't", "doesn't", "didn't"; "isn't"."""
    root, helper = _verb(doc)
    if root is None:
        return None
    if helper is None:
        return _with(doc, root.i, {"VBZ": "doesn't", "VBD": "didn't"}.get(root.tag_, "don't"))
    if helper.lower_ not in _SHORT:
        return None
    parts = [token.text_with_ws for token in doc]
    parts[helper.i] = _SHORT[helper.lower_] + helper.whitespace_
    return "".join(parts)


def _adverb(doc: Any, words: str) -> Optional[str]:
    root, helper = _verb(doc)
    if root is None or helper is not None and helper.text.startswith("'"):
        return None
    if helper is not None:
        return _with(doc, helper.i, words, after=True)
    parts = [token.text_with_ws for token in doc]
    parts[root.i] = f"{words} {parts[root.i]}"
    return "".join(parts)


def never(doc: Any) -> Optional[str]:
    return _adverb(doc, "never")


def no_longer(doc: Any) -> Optional[str]:
    root, _ = _verb(doc)
    return _adverb(doc, "no longer") if root is not None and _subject(root) else None


def no_need(doc: Any) -> Optional[str]:
    """An instruction: "there is no need to …"."""
    root, helper = _verb(doc)
    if root is None or helper is not None or root.i != 0 or root.tag_ not in ("VB", "VBP"):
        return None
    return f"there is no need to {doc.text}"


def rather_than(doc: Any) -> Optional[str]:
    """An instruction: "do nothing rather than …"."""
    root, helper = _verb(doc)
    if root is None or helper is not None or root.i != 0 or root.tag_ not in ("VB", "VBP"):
        return None
    return f"leave it as it is rather than {doc.text}"


def opposite(doc: Any) -> Optional[str]:
    """One word replaced by its opposite."""
    parts = [token.text_with_ws for token in doc]
    for token in doc:
        if token.lower_ in OPPOSITES and token.pos_ in ("ADJ", "ADV", "VERB"):
            parts[token.i] = OPPOSITES[token.lower_] + token.whitespace_
            return "".join(parts)
    return None


def swapped(doc: Any) -> Optional[str]:
    """The two sides of a comparison of new with old customers."""
    text: str = doc.text
    if not re.search(r"\bthan\b|\bmore\b|\bless\b|\w+er\b", text):
        return None
    sides = {
        "new": "existing",
        "existing": "new",
        "old": "new",
        "regular": "new",
        "internal": "external",
        "external": "internal",
    }
    if len({word for word in re.findall(r"\w+", text.lower()) if word in sides}) < 2:
        return None
    return re.sub(
        r"\b(new|existing|old|regular|internal|external)\b", lambda m: sides[m.group().lower()], text, flags=re.I
    )


WAYS: tuple[Callable[[Any], Optional[str]], ...] = (
    not_,
    short_not,
    never,
    no_longer,
    no_need,
    rather_than,
    opposite,
    swapped,
)
