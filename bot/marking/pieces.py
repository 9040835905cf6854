"""Texts made ready for comparison: a sentence vector, and a vector and a weight for every content word."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np

from bot.marking.encoder import DIMENSIONS, Array, Encoder
from bot.marking.linguistics import Linguist, Parsed, Span, Word

MAX_CANDIDATES = 32
MAX_PARTS = 16  # of an answer with more clauses, neighbours are taken together …
LONG_PART = 40  # … up to so many words
STRETCH = 80  # words that are encoded in one: hardly ever more than the encoder's 128 tokens
WHOLE = 40  # words of an answer that is encoded as a whole, too; the vector of a longer one says little
FIRST_WORD_ID = 1_990  # the tokenizer's list begins with unused places and single characters
COMMON, STRANGE = 0.3, 1.0
JOINING = frozenset(("and", "but", "because", "so", "or", "then", "also", "plus"))


class Piece(NamedTuple):
    """One text: unit vector [384], its content words, their unit vectors [words, 384], and how many tokens it has."""

    vector: Array
    words: tuple[Word, ...]
    word_vectors: Array
    tokens: int


class Candidate(NamedTuple):
    """One piece of an answer that may meet an expectation: its content words and where it stands in the answer."""

    vector: Array
    columns: slice  # of the answer's content words
    around: slice  # likewise, of the sentences it stands in
    start: int  # characters [start, end) of the reading
    end: int
    whole: bool
    parts: tuple[int, ...]  # numbers of the candidates that are single clauses of it; none for one that is single


class Answer(NamedTuple):
    """A learner's answer: its candidates and all its content words with their vectors [words, 384]."""

    candidates: tuple[Candidate, ...]
    words: tuple[Word, ...]
    word_vectors: Array


class Reader:
    """Turns authored texts into pieces and readings into answers."""

    def __init__(self, encoder: Encoder, linguist: Linguist) -> None:
        self._encoder = encoder
        self._linguist = linguist
        self._ids = encoder.vocabulary()
        self._rarity: dict[tuple[str, str], float] = {}

    def pieces(self, texts: Sequence[str], vocabulary: frozenset[str] = frozenset()) -> list[Piece]:
        """Authored texts; phrasings have slips, so spelling is corrected here too."""
        parses = self._linguist.read_all(texts, vocabulary)
        spans = [Span(0, len(parsed.words)) for parsed in parses]
        self._encoder.warm([_text(parsed, span)[0] for parsed, span in zip(parses, spans)])
        return [self._piece(parsed, span) for parsed, span in zip(parses, spans)]

    def answer(self, parsed: Parsed) -> Answer:
        """Clauses, neighbouring pairs of clauses, sentences and the whole answer, each once.

        Clauses and the whole (unless it is very long) are encoded; what lies between is the mean of its clauses.
        """
        if not parsed.words:
            return Answer((), (), np.zeros((0, DIMENSIONS), dtype=np.float32))
        parts = _parts(parsed)
        everything = Span(0, len(parsed.words))
        alone = len(parts) == 1 and parts[0] == everything
        encoded_whole = not alone and len(parsed.words) <= WHOLE
        self._encoder.warm([_text(parsed, span)[0] for span in (*parts, *([everything] if encoded_whole else []))])
        pieces = [self._piece(parsed, span) for span in parts]
        sums = np.stack([piece.vector * piece.tokens for piece in pieces])
        whole = self._encoder.encoded(_text(parsed, everything)[0]).vector if encoded_whole else _unit(sums.sum(axis=0))
        words = tuple(word for piece in pieces for word in piece.words)
        word_vectors = np.concatenate([piece.word_vectors for piece in pieces])
        first_word = [0, *np.cumsum([len(piece.words) for piece in pieces]).tolist()]
        runs: dict[tuple[int, int], None] = {(i, i + 1): None for i in range(len(parts))}
        sentence_of = [
            next((n for n, s in enumerate(parsed.sentences) if s.first <= p.first < s.last), -1) for p in parts
        ]
        for i in range(len(parts) - 1):
            if sentence_of[i] == sentence_of[i + 1] or parts[i + 1].last - parts[i].first <= 14:
                runs[(i, i + 2)] = None
        for sentence in sorted(set(sentence_of)):
            inside = [i for i, n in enumerate(sentence_of) if n == sentence]
            runs[(inside[0], inside[-1] + 1)] = None
        runs.pop((0, len(parts)), None)
        around = [(sentence_of.index(n), len(parts) - sentence_of[::-1].index(n)) for n in sentence_of]
        candidates = []
        chosen = list(runs)[: MAX_CANDIDATES - 1]
        single = sum(other == one + 1 for one, other in chosen)  # they come first
        for one, other in chosen:
            columns = slice(first_word[one], first_word[other])
            start, end = parsed.words[parts[one].first].start, parsed.words[parts[other - 1].last - 1].end
            near = slice(first_word[around[one][0]], first_word[around[other - 1][1]])
            parts_of = tuple(range(one, min(other, single))) if other > one + 1 else ()
            candidates.append(Candidate(_unit(sums[one:other].sum(axis=0)), columns, near, start, end, False, parts_of))
        start, end = parsed.words[0].start, parsed.words[-1].end
        every = slice(0, first_word[-1])
        candidates.append(Candidate(whole, every, every, start, end, True, tuple(range(single))))
        return Answer(tuple(candidates), words, word_vectors)

    @property
    def encoder(self) -> Encoder:
        """The encoder it reads with."""
        return self._encoder

    def place(self, piece: str) -> Optional[int]:
        """Where a lower-case word piece stands in the encoder's list, the frequent ones first; None if it does not."""
        return self._ids.get(piece)

    def rarity(self, word: Word) -> float:
        """How much a word says, 0–1: rare words more than common ones, words on a side of opposites always much."""
        key = (word.form, word.lemma)
        if (known := self._rarity.get(key)) is None:
            if len(self._rarity) > 50_000:
                self._rarity.clear()
            known = self._rarity[key] = self._rare(word)
        return known

    def _rare(self, word: Word) -> float:
        place = self._ids.get(word.form, self._ids.get(word.lemma))
        weight = 1.0 if place is None else min(1.0, math.log(2 + max(0, place - FIRST_WORD_ID)) / math.log(20_000))
        if self._linguist.lexicon.polar(word.form) or self._linguist.lexicon.polar(word.lemma):
            return max(weight, 0.7)
        return weight * (COMMON if word.lemma in self._linguist.lexicon.unimportant else STRANGE)

    def known(self, word: str) -> bool:
        """Whether the lower-case word is spelled right as far as the word lists know."""
        return self._linguist.speller.known(word)

    def _piece(self, parsed: Parsed, span: Span) -> Piece:
        """A span in one pass of the encoder; word vectors in half precision (as the cache on disk keeps them)."""
        text, start = _text(parsed, span)
        encoded = self._encoder.encoded(text)
        begins = [begin for begin, _ in encoded.offsets]
        ends = [end for _, end in encoded.offsets]
        words: list[Word] = []
        vectors: list[Array] = []
        for word in parsed.words[span.first : span.last]:
            if not word.content:
                continue
            row, last = bisect_right(ends, word.start - start), bisect_left(begins, word.end - start)
            if last > row:  # else a joining word in front, or behind the encoder's 128 tokens
                words.append(word)
                vectors.append(encoded.middle[row:last].sum(axis=0))
        if not words:
            none = np.zeros((0, DIMENSIONS), dtype=np.float32)
            return Piece(encoded.vector, (), none, len(ends) or 1)
        stacked = np.stack(vectors)
        stacked /= np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-9)
        halved = stacked.astype(np.float16).astype(np.float32)
        return Piece(encoded.vector, tuple(words), halved, len(ends) or 1)


def _parts(parsed: Parsed) -> list[Span]:
    """The clauses, one without an end in pieces; of an answer of very many, neighbours of one sentence together."""
    clauses: list[Span] = []
    for first, last in parsed.clauses:
        step = LONG_PART if last - first > STRETCH else last - first
        clauses += [Span(place, min(place + step, last)) for place in range(first, last, step)]
    if len(clauses) <= MAX_PARTS:
        return clauses
    ends = {sentence.last for sentence in parsed.sentences}
    parts = clauses[:1]
    for clause in clauses[1:]:
        before = parts[-1]
        if before.last not in ends and clause.last - before.first <= LONG_PART:
            parts[-1] = Span(before.first, clause.last)
        else:
            parts.append(clause)
    return parts


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)


def _text(parsed: Parsed, span: Span) -> tuple[str, int]:
    """What the encoder sees of a span, each character in its place, and where that begins.

    The whole of a text is given as it is unless a joining word stands in front; a clause goes without its joining
    words.
    """
    first = span.first
    while span.last - first > 2 and parsed.words[first].form in JOINING:
        first += 1
    if span.last - span.first == len(parsed.words) and first == span.first:
        return parsed.text, 0
    if span.last <= first:
        return " ", 0
    start = parsed.words[first].start
    return parsed.text[start : parsed.words[span.last - 1].end].replace("\n", " "), start
