"""Texts made ready for comparison: a sentence vector, and a vector and a weight for every content word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bot.marking.encoder import DIMENSIONS, Array, Encoder
from bot.marking.linguistics import Linguist, Parsed, Span, Word

MAX_CANDIDATES = 32
FIRST_WORD_ID = 1_990  # the tokenizer's list begins with unused places and single characters
COMMON, STRANGE = 0.3, 1.0


class Piece(NamedTuple):
    """One authored text: unit vector [384], its content words, their unit vectors [words, 384]."""

    vector: Array
    words: tuple[Word, ...]
    word_vectors: Array


class Candidate(NamedTuple):
    """One piece of an answer that may meet an expectation: which content words, and where it stands in the answer."""

    vector: Array
    columns: tuple[int, ...]
    start: int  # characters [start, end) of the reading
    end: int
    whole: bool


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

    def piece(self, text: str, vocabulary: frozenset[str] = frozenset()) -> Piece:
        """An authored text; phrasings have slips, so spelling is corrected here too."""
        _, parsed = self._linguist.read(text, vocabulary)
        words, vectors = self._content(parsed, [Span(0, len(parsed.words))])
        return Piece(self._encoder.encode([_tidy(parsed.text)])[0], words, vectors)

    def answer(self, parsed: Parsed) -> Answer:
        """Clauses, neighbouring pairs of clauses, sentences and the whole answer, each once."""
        if not parsed.words:
            return Answer((), (), np.zeros((0, DIMENSIONS), dtype=np.float32))
        spans: dict[Span, None] = dict.fromkeys(parsed.clauses)
        sentence_of = {
            clause: s for s in parsed.sentences for clause in parsed.clauses if s.first <= clause.first < s.last
        }
        for one, other in zip(parsed.clauses, parsed.clauses[1:]):
            if sentence_of.get(one) == sentence_of.get(other) or other.last - one.first <= 14:
                spans[Span(one.first, other.last)] = None
        spans.update(dict.fromkeys(parsed.sentences))
        everything = Span(0, len(parsed.words))
        kept = [span for span in spans if span != everything][: MAX_CANDIDATES - 1] + [everything]
        texts = [_tidy(parsed.text[parsed.words[s.first].start : parsed.words[s.last - 1].end]) for s in kept]
        self._encoder.warm([*texts, *(_of_words(parsed, s) for s in parsed.sentences if s.last > s.first)])
        words, vectors = self._content(parsed, parsed.sentences)
        candidates = []
        for span, text in zip(kept, texts):
            start, end = parsed.words[span.first].start, parsed.words[span.last - 1].end
            columns = tuple(i for i, word in enumerate(words) if start <= word.start < end)
            vector = self._encoder.encode([text])[0]
            candidates.append(Candidate(vector, columns, start, end, span == everything))
        return Answer(tuple(candidates), words, vectors)

    def rarity(self, word: Word) -> float:
        """How much a word says, 0–1: rare words more than common ones, words on a side of opposites always much."""
        place = self._ids.get(word.form, self._ids.get(word.lemma))
        weight = 1.0 if place is None else min(1.0, math.log(2 + max(0, place - FIRST_WORD_ID)) / math.log(20_000))
        if self._linguist.lexicon.polar(word.form) or self._linguist.lexicon.polar(word.lemma):
            return max(weight, 0.7)
        return weight * (COMMON if word.lemma in self._linguist.lexicon.unimportant else STRANGE)

    def known(self, word: str) -> bool:
        """Whether the lower-case word is spelled right as far as the word lists know."""
        return self._linguist.speller.known(word)

    def _content(self, parsed: Parsed, spans: Sequence[Span]) -> tuple[tuple[Word, ...], Array]:
        """The content words of the spans and their vectors, in half precision (as the cache on disk keeps them)."""
        words: list[Word] = []
        vectors: list[Array] = []
        for span in spans:
            if span.last <= span.first:
                continue
            inside = parsed.words[span.first : span.last]
            start = inside[0].start
            text = _of_words(parsed, span)
            offsets, tokens = self._encoder.tokens(text)
            for word in inside:
                if not word.content:
                    continue
                rows = [i for i, (a, b) in enumerate(offsets) if a < word.end - start and b > word.start - start]
                if not rows:
                    continue  # behind the encoder's 128 tokens
                mean = tokens[rows].mean(axis=0)
                words.append(word)
                vectors.append(mean / max(float(np.linalg.norm(mean)), 1e-9))
        if not words:
            return (), np.zeros((0, DIMENSIONS), dtype=np.float32)
        return tuple(words), np.stack(vectors).astype(np.float16).astype(np.float32)


def _of_words(parsed: Parsed, span: Span) -> str:
    """The text of a span, on one line, each character in its place."""
    return parsed.text[parsed.words[span.first].start : parsed.words[span.last - 1].end].replace("\n", " ")


def _tidy(text: str) -> str:
    """One line without a joining word in front, as the encoder sees a clause."""
    words = text.split()
    while len(words) > 2 and words[0].lower().strip(",;:-") in (
        "and",
        "but",
        "because",
        "so",
        "or",
        "then",
        "also",
        "plus",
        "",
    ):
        words = words[1:]
    return " ".join(words).strip(" ,;:-.") or " "
