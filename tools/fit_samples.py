"""Made-up answers from authored content, to fit and to check the head: phrasings alone, joined, with slips, negated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from fit_turns import turned
from rapidfuzz import fuzz

from bot.marking.lexicon import Lexicon
from bot.syllabus.model import Question

FILLERS = (
    "i think {}",
    "um {}",
    "well basically {}",
    "its because {}",
    "{} i think",
    "{} and stuff like that",
    "because {}",
    "{}, thats it really",
    "at my work {}",
    "i would say that {}",
    "my answer is {}",
    "not sure but {}",
    "you should {}",
    "they {}",
    "hi, {} thanks",
)
JOINERS = (". ", ", and ", " and ", "\n", ", ", ". also ", " because ", "; ", ". then ")
ECHOES = ("{}", "i think {}", "it is about {}", "because {}", "{} is important", "thats just how it is, {}")
EMPTY = ("i dont know", "no idea sorry", "yes", "it depends")
VAGUE = (
    "because its good", "to make customers happy", "it is important for the business", "because it is better",
    "it helps", "it helps the customer", "its just good practice", "good service", "its good for everyone",
    "it makes things better", "because you have to", "so the customers are happy", "to do a good job", "to help people",
    "because its professional", "its part of the job", "because its the right thing to do", "customers like it",
    "because customers are important", "it makes the company look good", "so everything goes well", "they want it",
    "because it matters", "to be good at customer service", "so there are no problems", "it works better that way",
    "its important to do things properly", "the customer is always right", "give the best service you can",
    "they would like that", "because otherwise its bad", "so the business does well", "it will be fine",
    "just try your best", "it makes a difference", "loads of reasons", "they do it because it works", "be nice",
)  # fmt: skip
KEYS = {"a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "t": "r", "s": "d", "c": "v", "l": "k", "u": "i"}


class Sample(NamedTuple):
    """One made-up answer: `truth` expectation id -> met, only for ids whose truth is known; `wrong` likewise."""

    kind: str
    text: str
    sources: tuple[str, ...]  # authored texts to hide while it is marked
    truth: dict[str, bool]
    wrong: dict[str, bool]


def samples(question: Question, bank: list[Question], nlp: Any, lexicon: Lexicon, seed: int = 7) -> Iterator[Sample]:
    """All made-up answers to a question, the same ones every time."""
    dice = random.Random(f"{seed}-{question.id}")
    none = {point.id: False for point in question.expectations}
    sound = {wrong.id: False for wrong in question.misconceptions}
    pool = [(point.id, text) for point in question.expectations for text in point.phrasings]
    for owner, text in pool:
        only = none | {owner: True}
        if dice.random() < 0.5:
            yield Sample("phrasing", text, (text,), only, sound)
        if dice.random() < 0.1:
            yield Sample("filler", dice.choice(FILLERS).format(text), (text,), only, sound)
        if dice.random() < 0.15:
            yield Sample("slips", misspell(text, dice), (text,), only, sound)
        if dice.random() < 0.2:
            rest = [each for each in pool if each[0] != owner]
            if rest:
                more = dice.sample(rest, min(len(rest), dice.choice((1, 1, 2))))
                parts = [(owner, text), *more]
                dice.shuffle(parts)
                joiner = dice.choice(JOINERS)
                met = none | {each: True for each, _ in parts}
                yield Sample("joined", joiner.join(t for _, t in parts), tuple(t for _, t in parts), met, sound)
        if dice.random() < 0.55 and (negative := turned(text, nlp, lexicon, dice)):
            yield Sample("negated", negative, (text,), {owner: False}, {})
            rest = [each for each in pool if each[0] != owner]
            if rest and dice.random() < 0.5:
                others = dice.sample(rest, min(len(rest), dice.choice((1, 1, 2))))
                parts = [negative, *(t for _, t in others)]
                dice.shuffle(parts)
                truth = {owner: False} | {each: True for each, _ in others}
                yield Sample("mixed", dice.choice(JOINERS).join(parts), (text, *(t for _, t in others)), truth, {})
    for point in question.expectations:
        for text in point.counter:
            yield Sample("counter", text, (text,), {point.id: False}, {})
    for wrong in question.misconceptions:
        for text in wrong.phrasings:
            yield Sample("wrong", text, (text,), none, sound | {wrong.id: True})
            if dice.random() < 0.35 and (negative := turned(text, nlp, lexicon, dice)):
                yield Sample("wrong-negated", negative, (text,), {}, {wrong.id: False})
    asked = question.text.replace("{organisation}", "your organisation")
    for form in dice.sample(ECHOES, 3):
        yield Sample("echo", form.format(_statement(asked)), (), none, sound)
    words = [word for word in asked.split() if len(word) > 3]
    for size in (2, 4):
        start = dice.randrange(max(1, len(words) - size))
        yield Sample("echo", " ".join(words[start : start + size]).strip("?.,"), (), none, sound)
    strangers = [
        q
        for q in bank
        if q.expectations and not set(q.criteria + q.bullets) & set(question.criteria + question.bullets)
    ]
    for other in dice.sample(strangers, min(4, len(strangers))):
        yield Sample("elsewhere", dice.choice(dice.choice(other.expectations).phrasings), (), none, sound)
    for text in dice.sample(EMPTY, 2):
        yield Sample("empty", text, (), none, sound)
    for text in dice.sample(VAGUE, 5):
        far = {
            point.id: False
            for point in question.expectations
            if all(fuzz.token_set_ratio(text, phrasing) < 75 for phrasing in point.phrasings)
        }
        yield Sample("vague", text, (), far, {})


def _statement(asked: str) -> str:
    """The question's last sentence without its question word."""
    sentence = [part for part in asked.replace("?", ".").split(".") if part.strip()][0].strip()
    words = sentence.split()
    while len(words) > 4 and words[0].lower() in (
        "what",
        "why",
        "how",
        "when",
        "which",
        "who",
        "does",
        "do",
        "is",
        "are",
        "can",
        "should",
        "explain",
        "describe",
    ):
        words = words[1:]
    return " ".join(words).lower()


def misspell(text: str, dice: random.Random, share: float = 0.25) -> str:
    """The text with a slip in about a quarter of the words of four letters or more."""
    out = []
    for word in text.split():
        if len(word) >= 4 and word.isalpha() and dice.random() < share:
            place = dice.randrange(1, len(word) - 1)
            slip = dice.choice(("drop", "swap", "double", "key"))
            if slip == "drop":
                word = word[:place] + word[place + 1 :]
            elif slip == "swap":
                word = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
            elif slip == "double":
                word = word[:place] + word[place] + word[place:]
            else:
                word = word[:place] + KEYS.get(word[place], word[place]) + word[place + 1 :]
        out.append(word)
    return " ".join(out)
