"""Sentences turned round: negated, an opposite put in, the sides of a comparison or the people swapped."""

from __future__ import annotations

import random
import re
from typing import Any, Optional

from bot.marking.lexicon import Lexicon

_PAIRS = """
    more less; cheaper dearer; cheap expensive; costs saves; better worse; good bad; best worst; always never; keep
    lose; keeping losing; kept lost; keeps loses; before after; higher lower; high low; increase decrease; increases
    decreases; quickly slowly; quick slow; fast slow; faster slower; happy unhappy; satisfied dissatisfied; polite
    rude; politely rudely; honest dishonest; easy hard; easier harder; accept refuse; agree disagree; everyone
    nobody; everything nothing; first last; early late; trust distrust; remember forget; listen ignore; listening
    ignoring; calm angry; calmly angrily; clear confusing; clearly vaguely; friendly unfriendly; strong weak;
    stronger weaker; long short; longer shorter; big small; bigger smaller; same different; possible impossible;
    realistic unrealistic; right wrong; true false; inside outside; internal external; start stop; open closed;
    loyal disloyal; stay leave; stays leaves; staying leaving; return leave; win lose; gain lose; gains loses;
    praise blame; positive negative; important unimportant; useful useless; welcome unwelcome; professional
    unprofessional; comfortable uncomfortable; respect disrespect; respected disrespected; valued unwanted;
    confident unsure; secure insecure; accurate inaccurate; patient impatient; suitable unsuitable; accurately
    inaccurately; professionally unprofessionally; legal illegal; relevant irrelevant; necessary unnecessary;
    helpful unhelpful; reliable unreliable; safe dangerous; many few; most least; up down; new existing; new
    regular; improve worsen; improves worsens; grow shrink; grows shrinks; protect damage; tell hide; explain hide;
    fair unfair; correct incorrect; with without; can cannot; should shouldn't; will won't
"""
_PEOPLE = (
    ("customer", "manager"), ("customers", "staff"), ("customer", "colleague"), ("customers", "managers"),
    ("customer", "supplier"), ("customers", "colleagues"), ("customer", "business"), ("customers", "competitors"),
)  # fmt: skip
OPPOSITE: dict[str, list[str]] = {}
for _pair in _PAIRS.replace("\n", " ").split(";"):
    _one, _other = _pair.split()
    OPPOSITE.setdefault(_one, []).append(_other)
    OPPOSITE.setdefault(_other, []).append(_one)


def turned(text: str, nlp: Any, lexicon: Lexicon, dice: random.Random) -> Optional[str]:
    """The text saying the opposite, by one of the ways that can be done to it; None where none can."""
    ways = [opposed, negated, swapped, negated, denied]
    dice.shuffle(ways)
    for way in ways:
        if (other := way(text, nlp, lexicon, dice)) and other != text:
            return other
    return None


def opposed(text: str, nlp: Any, lexicon: Lexicon, dice: random.Random) -> Optional[str]:
    """One word replaced by its opposite; not in a text that already negates."""
    words = re.findall(r"\w+'?\w*|\W+", text)
    if any(word.lower() in lexicon.negators or word.lower().endswith(("n't", "nt")) for word in words):
        return None
    places = [i for i, word in enumerate(words) if word.lower() in OPPOSITE]
    if not places:
        return None
    place = dice.choice(places)
    words[place] = dice.choice(OPPOSITE[words[place].lower()])
    return "".join(words)


_NOT_DONE = (
    "i would wait rather than {}", "do anything rather than {}", "there's no need to {}", "you don't have to {}",
    "never {}", "its wrong to {}", "there is no point to {}", "i would refuse to {}", "they forget to {}",
    "you should not {}", "no one should {}", "its not my job to {}", "dont bother to {}",
)  # fmt: skip
_NOT_SO = ("no longer", "hardly", "rarely", "never", "hardly ever")


def denied(text: str, nlp: Any, lexicon: Lexicon, dice: random.Random) -> Optional[str]:
    """An instruction that is not to be done; "no longer" and the like before the verb, or "fail to"."""
    doc = nlp(text)
    root = next((token for token in doc if token.dep_ == "ROOT"), None)
    if root is None or any(token.lower_ in lexicon.negators or token.dep_ == "neg" for token in doc):
        return None
    if root.i == 0 and root.tag_ in ("VB", "VBP"):
        return dice.choice(_NOT_DONE).format(text)
    tokens = [token.text_with_ws for token in doc]
    helpers = [c for c in root.children if c.dep_ in ("aux", "auxpass") and c.i < root.i and c.tag_ != "TO"]
    if root.lemma_ == "be" or helpers:
        place = helpers[0] if helpers else root
        tokens[place.i] = f"{place.text} {dice.choice(_NOT_SO)} "
    elif root.tag_ in ("VBP", "VBZ", "VBD"):
        fails = {"VBZ": "fails to", "VBD": "failed to"}.get(root.tag_, "fail to")
        tokens[root.i] = f"{dice.choice(_NOT_SO)} {tokens[root.i]}"
        if dice.random() < 0.3:
            tokens[root.i] = f"{fails} {root.lemma_}{root.whitespace_}"
    else:
        return None
    return "".join(tokens)


def swapped(text: str, nlp: Any, lexicon: Lexicon, dice: random.Random) -> Optional[str]:
    """The two sides of "than" swapped, or two people who are both named."""
    if found := re.fullmatch(r"(.*?)\b(new|existing|old|regular)\b(.*?)\b(new|existing|old|regular)\b(.*)", text, re.I):
        a, one, b, other, c = found.groups()
        if {one.lower(), other.lower()} & {"new"} and one.lower() != other.lower():
            return f"{a}{other}{b}{one}{c}"
    low = text.lower()
    for one, other in _PEOPLE:
        if re.search(rf"\b{one}\b", low) and re.search(rf"\b{other}\b", low):
            halves = re.split(rf"\b({one}|{other})\b", text, flags=re.I)
            return "".join({one: other, other: one}.get(part.lower(), part) for part in halves)
    return None


def negated(text: str, nlp: Any, lexicon: Lexicon, dice: random.Random) -> Optional[str]:
    """A "not" put in at the main verb, or taken out; None where that is not sure."""
    doc = nlp(text)
    tokens = [token.text_with_ws for token in doc]
    root = next((token for token in doc if token.dep_ == "ROOT"), None)
    nots = [token for token in doc if token.lower_ in ("not", "n't", "never") and token.head is root]
    if len(nots) == 1 and root is not None and dice.random() < 0.5:
        tokens[nots[0].i] = nots[0].whitespace_ if nots[0].lower_ != "n't" else " "
        return re.sub(r"\s+", " ", "".join(tokens)).replace("ca ", "can ").replace("wo ", "will ").strip()
    if any(token.lower_ in lexicon.negators or token.dep_ == "neg" for token in doc):
        return None
    if root is None or root.pos_ not in ("VERB", "AUX"):
        return dice.choice(("not {}", "no {}", "without {}")).format(text) if len(doc) <= 6 else None
    helpers = [c for c in root.children if c.dep_ in ("aux", "auxpass") and c.i < root.i and c.tag_ != "TO"]
    if root.lemma_ == "be" or helpers:
        place = helpers[0] if helpers else root
        tokens[place.i] = place.text + dice.choice((" not ", " never "))
    elif root.tag_ in ("VBP", "VBZ", "VBD", "VB"):
        subject = any(child.dep_ in ("nsubj", "expl") for child in root.children)
        word = {"VBZ": "doesn't ", "VBD": "didn't "}.get(root.tag_, "don't ")
        if not subject:
            word = dice.choice(("don't ", "never ", "do not ", "there is no need to "))
        tokens[root.i] = word + root.lemma_ + root.whitespace_
    else:
        tokens[root.i] = "not " + tokens[root.i]
    return "".join(tokens)
