"""A sentence as plain words and letter groups: chat spelling undone, numbers and times made alike."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|<[a-z]+>|[?!]|[^\w\s,.;:()\"'/-]")
_TIME = re.compile(r"\b\d{1,2}(?:[.:]\d\d)? ?(?:am|pm|o ?clock|o'clock)\b|\b\d{1,2}[:.]\d\d\b")
_MONEY = re.compile(r"[£$€] ?\d[\d.,]*\d?|\b\d+ ?(?:p|quid|pounds?|euros?|dollars?)\b")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_HANDLE = re.compile(r"^(?:[.\s]*@\w+[\s:,]*)+")  # "@jenny_b sorry to hear": whom it is to is no part of what it does
SIGNATURE = re.compile(
    r"\s*(?:[-–—^*/~]\s?|(?<=[.?!] ))[A-Z][A-Za-z]{0,2}\.?$"
)  # "… look into this. -KC", "… soon ^AB"
_CLOCK = re.compile(r"\b([ap])\.\s?m\b\.?")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_CHAT = {
    "u": "you", "ur": "your", "r": "are", "ya": "you",
    "youre": "you're", "yr": "your", "pls": "please", "plz": "please",
    "thx": "thanks", "tnx": "thanks", "thanx": "thanks", "ty": "thanks", "thankyou": "thank you", "cos": "because",
    "coz": "because", "cuz": "because", "im": "i'm", "ive": "i've", "id": "i'd", "dont": "don't", "doesnt": "doesn't",
    "didnt": "didn't",
    "cant": "can't", "cannot": "can't", "couldnt": "couldn't", "wont": "won't", "wouldnt": "wouldn't",
    "shouldnt": "shouldn't", "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "werent": "weren't",
    "hasnt": "hasn't", "havent": "haven't", "hadnt": "hadn't", "aint": "isn't", "thats": "that's", "whats": "what's",
    "wheres": "where's", "theres": "there's", "heres": "here's", "hes": "he's", "shes": "she's", "theyre": "they're",
    "theyll": "they'll", "youll": "you'll", "youve": "you've", "youd": "you'd", "weve": "we've", "theyve": "they've",
    "lets": "let's", "itll": "it'll", "thatll": "that'll", "gonna": "going to", "wanna": "want to", "gotta": "got to",
    "tho": "though", "cud": "could", "wud": "would", "shud": "should", "soz": "sorry", "sry": "sorry", "sory": "sorry",
    "tmrw": "tomorrow", "tomoz": "tomorrow", "tomorow": "tomorrow", "2moro": "tomorrow", "mins": "minutes",
    "min": "minutes", "hrs": "hours", "hr": "hour", "msg": "message", "acc": "account", "addr": "address", "n": "and",
    "favour": "favor", "apologize": "apologise", "apologized": "apologised", "apologizes": "apologises", "its": "it's",
    "authorize": "authorise", "authorized": "authorised", "organize": "organise", "realize": "realise",
    "sympathize": "sympathise", "recognize": "recognise", "behavior": "behaviour", "dept": "department",
    "asap": "soon", "dm": "message", "unfortunatly": "unfortunately", "definately": "definitely", "defo": "definitely",
}  # fmt: skip
_UNWELL = re.compile(r"\b(?:is|was|are|be|been|feel|feeling|very|so|too|fell|am|i'm|are|you're)$")


def plain(text: str) -> str:
    """Lower case, straight quotes, chat spelling undone, amounts, times and numbers as <money>, <time>, <number>."""
    low = (
        _HANDLE.sub("", _LINK.sub(" ", SIGNATURE.sub("", text)) if len(text) > 12 else text)
        .lower()
        .replace("’", "'")
        .replace("‘", "'")
        .replace("`", "'")
    )
    low = _CLOCK.sub(r"\1m", low)
    low = _REPEATED.sub(r"\1\1", low)
    low = _MONEY.sub(" <money> ", low)
    low = _TIME.sub(" <time> ", low)
    low = _NUMBER.sub(" <number> ", low)
    words = low.split()
    out: list[str] = []
    for place, word in enumerate(words):
        core = word.strip(".,;:!?()\"'")
        new = _CHAT.get(core)
        if (
            new is None
            and core in ("il", "ill", "il'l")
            and place + 1 < len(words)
            and not _UNWELL.search(" ".join(out))
        ):
            new = "i'll"
        out.append(word if new is None or not core else word.replace(core, new, 1))
    return " ".join(out)


def words(text: str) -> list[str]:
    """The words and marks of a plain text; "n't" is a word of its own."""
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.endswith("n't"):
            found += [{"ca": "can", "wo": "will", "sha": "shall"}.get(word[:-3], word[:-3]), "not"]
        elif "'" in word:
            head, _, tail = word.partition("'")
            found += [head, "'" + tail]
        else:
            found.append(word)
    return found


def word_groups(tokens: list[str], longest: int = 3) -> set[str]:
    """Runs of 1 to `longest` words, with marks for the beginning and the end."""
    marked = ["^", *tokens, "$"]
    return {
        " ".join(marked[start : start + size])
        for size in range(1, longest + 1)
        for start in range(len(marked) - size + 1)
        if size > 1 or marked[start] not in "^$"
    }


def letter_groups(tokens: list[str], sizes: tuple[int, ...] = (3, 4, 5)) -> set[str]:
    """Groups of letters within words."""
    out: set[str] = set()
    for token in tokens:
        if not token[0].isalpha() or token == "not":
            continue
        padded = f"_{token}_"
        for size in sizes:
            out.update(padded[start : start + size] for start in range(len(padded) - size + 1))
    return out
