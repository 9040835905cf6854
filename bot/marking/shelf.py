"""All authored texts of one question, read and encoded once, kept in memory and (if a folder is given) on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Optional

import msgspec
import numpy as np
import numpy.typing as npt

from bot.marking.alignment import Layout, Side, layout_of
from bot.marking.encoder import DIMENSIONS, Array
from bot.marking.linguistics import Word
from bot.marking.pieces import Piece, Reader
from bot.marking.spelling import WORD
from bot.syllabus.model import Question

Integers = npt.NDArray[np.int64]
LAYOUT = "5"  # raise it when what is stored changes


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One authored text: `kind` is question, phrasing, statement, counter, wrong or wrong-statement; `owner` an id."""

    kind: str
    owner: str
    text: str


class Lenses(NamedTuple):
    """Linear maps of senses: `points` [768, k] puts texts of one key point near, `turns` [768, m] turned ones far."""

    points: Array
    turns: Array


PLAIN = Lenses(np.eye(768, 1, dtype=np.float32), np.eye(768, 1, dtype=np.float32))  # where no lens is wanted


@dataclass(frozen=True)
class Shelf:
    """A question's texts side by side, and what follows from them alone.

    `starts[i]` is the row of text i's first word; rows of all words are stacked.
    """

    entries: tuple[Entry, ...]
    vectors: Array  # [texts, 384]
    words: tuple[tuple[Word, ...], ...]
    starts: tuple[int, ...]
    word_vectors: Array  # [rows, 384]
    weights: Array  # [rows] rarity × novelty against the question
    senses: Array  # [texts, 768] see `sense`
    through: Array  # [texts, k] senses seen through the lens of points, of length 1
    leaning: Array  # [texts, m] likewise through that of turns, as long as they are
    vocabulary: frozenset[str]

    def rows(self, owner: str, *kinds: str) -> list[int]:
        """Numbers of the texts of that owner ("" for any) and those kinds."""
        return [i for i, e in enumerate(self.entries) if e.kind in kinds and (not owner or e.owner == owner)]

    @cached_property
    def question_words(self) -> frozenset[str]:
        """Lemmas of the question's own content words."""
        return frozenset(word.lemma for i in self.rows("", "question") for word in self.words[i])

    @cached_property
    def question_vectors(self) -> Array:
        """Word vectors of the question's own text [words, 384]."""
        return self.word_vectors[: len(self.words[0])]

    @cached_property
    def away(self) -> Array:
        """The texts' vectors less the question's direction, of length about 1, [texts, 384]."""
        question = self.vectors[0]
        rest = self.vectors - np.outer(self.vectors @ question, question)
        return np.asarray(rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 0.2), dtype=np.float32)

    @cached_property
    def layout(self) -> Layout:
        """Where each text's words are, for alignment."""
        return layout_of(self.starts, self.weights)

    @cached_property
    def sides(self) -> dict[int, Side]:
        """The texts made ready for `alignment.turn`, filled as they are asked for."""
        return {}

    @cached_property
    def plans(self) -> dict[tuple[str, bool, frozenset[int]], Optional[Plan]]:
        """Which texts count for an expectation or misconception, filled as they are asked for."""
        return {}


class Plan(NamedTuple):
    """Which texts count how for one expectation or misconception, and their means."""

    own: Integers
    formal: Integers
    counter: Integers
    others: Integers
    against: Integers
    near: Integers  # own and formal
    centre: Array  # [384] unit mean of own
    rivals: Array  # [owners, 384] unit means of the others
    lens_centre: Array  # [k]
    lens_rivals: Array  # [owners, k]
    negated: Array  # [texts] 1 where a text negates


def plan_of(shelf: Shelf, owner: str, wrong: bool = False, hidden: frozenset[int] = frozenset()) -> Optional[Plan]:
    """The plan of one expectation (or, if `wrong`, misconception) without hidden texts; None if nothing is left."""

    def rows(owner: str, *kinds: str) -> Integers:
        return np.array([i for i in shelf.rows(owner, *kinds) if i not in hidden], dtype=np.int64)

    own = rows(owner, "wrong" if wrong else "phrasing")
    formal = rows(owner, "wrong-statement" if wrong else "statement")
    counter = rows("", "phrasing", "statement") if wrong else rows(owner, "counter")
    siblings = rows("", *(("wrong", "wrong-statement") if wrong else ("phrasing", "statement")))
    others = np.array([i for i in siblings if shelf.entries[i].owner != owner], dtype=np.int64)
    against = rows("", "counter") if wrong else rows("", "wrong", "wrong-statement")
    own = own if len(own) else formal
    if not len(own):
        return None
    grouped: dict[str, list[int]] = {}
    for text in others:
        grouped.setdefault(shelf.entries[text].owner, []).append(int(text))
    groups = list(grouped.values())
    return Plan(
        own,
        formal,
        counter,
        others,
        against,
        np.concatenate([own, formal]) if own is not formal else own,
        unit(shelf.vectors[own].mean(axis=0)[None, :])[0],
        unit(np.stack([shelf.vectors[g].mean(axis=0) for g in groups]))
        if groups
        else np.zeros((1, DIMENSIONS), dtype=np.float32),
        unit(shelf.through[own].mean(axis=0)[None, :])[0],
        unit(np.stack([shelf.through[g].mean(axis=0) for g in groups]))
        if groups
        else np.zeros((0, shelf.through.shape[1]), dtype=np.float32),
        np.array([any(word.negated for word in words) for words in shelf.words], dtype=np.float32),
    )


def entries_of(question: Question) -> tuple[Entry, ...]:
    """Every text of a question that marking compares answers with; the question itself first."""
    out = [Entry("question", "", question.text)]
    for point in question.expectations:
        out += [Entry("phrasing", point.id, text) for text in point.phrasings]
        out += [Entry("statement", point.id, text) for text in dict.fromkeys((point.statement, point.assertion))]
        out += [Entry("counter", point.id, text) for text in point.counter]
    for wrong in question.misconceptions:
        out += [Entry("wrong", wrong.id, text) for text in wrong.phrasings]
        out.append(Entry("wrong-statement", wrong.id, wrong.statement))
    return tuple(out)


def vocabulary_of(question: Question, reader: Reader) -> frozenset[str]:
    """Lower-case words of a question's texts, spelled right: of phrasings only the words that are known."""
    careful = [question.text, question.model_answer, *question.topics]
    for point in question.expectations:
        careful += [
            point.statement,
            point.assertion,
            point.label,
            point.prompt.text,
            *point.prompt.answers,
            *point.hints,
        ]
    careful += [text for wrong in question.misconceptions for text in (wrong.statement, wrong.correction)]
    free = [text for point in question.expectations for text in (*point.phrasings, *point.counter)]
    free += [text for wrong in question.misconceptions for text in wrong.phrasings]
    return words_of(careful) | frozenset(word for word in words_of(free) if reader.known(word))


def words_of(texts: list[str]) -> frozenset[str]:
    """Lower-case words of at least three letters."""
    return frozenset(
        w.lower() for text in texts for w in WORD.findall(text) if len(w) > 2 and w.isascii() and w.isalpha()
    )


def novelty(vectors: Array, words: tuple[Word, ...], asked: Array, asked_lemmas: frozenset[str]) -> Array:
    """How far each word goes beyond the question's own words, 0.2–1, [words]."""
    if not len(words):
        return np.zeros(0, dtype=np.float32)
    near = (vectors @ asked.T).max(axis=1) if len(asked) else np.zeros(len(words), dtype=np.float32)
    out = 1.0 - 0.6 * np.clip((near - 0.5) / 0.5, 0.0, 1.0)
    out[[i for i, word in enumerate(words) if word.lemma in asked_lemmas]] = 0.2
    return out.astype(np.float32)


def sense(vector: Array, word_vectors: Array, weights: Array, question: Array) -> Array:
    """What a text says beyond the question [768]: its vector less most of the question's, and its weighted words."""
    beyond = vector - 0.7 * float(vector @ question) * question
    words = weights @ word_vectors if len(weights) else np.zeros(DIMENSIONS, dtype=np.float32)
    words = words / max(float(np.linalg.norm(words)), 1e-6)
    return np.asarray(np.concatenate([beyond, words]), dtype=np.float32)


def unit(rows: Array) -> Array:
    """Rows [n, k] at length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), dtype=np.float32)


def assemble(
    entries: tuple[Entry, ...], pieces: list[Piece], vocabulary: frozenset[str], reader: Reader, lenses: Lenses = PLAIN
) -> Shelf:
    """The shelf of texts that were read; the question's own text must be the first."""
    asked = pieces[0].word_vectors
    lemmas = frozenset(word.lemma for word in pieces[0].words)
    starts, weights, senses, row = [], [], [], 0
    for piece in pieces:
        starts.append(row)
        row += len(piece.words)
        rare = np.array([reader.rarity(word) for word in piece.words], dtype=np.float32)
        weights.append(rare * novelty(piece.word_vectors, piece.words, asked, lemmas))
        senses.append(sense(piece.vector, piece.word_vectors, weights[-1], pieces[0].vector))
    stacked = np.stack(senses)
    return Shelf(
        entries,
        np.stack([piece.vector for piece in pieces]),
        tuple(piece.words for piece in pieces),
        tuple(starts),
        np.concatenate([piece.word_vectors for piece in pieces]),
        np.concatenate(weights),
        stacked,
        unit(stacked @ lenses.points),
        stacked @ lenses.turns,
        vocabulary,
    )


class Library:
    """Shelves by question; a file a question in `folder`, named by the hash of content, encoder and layout."""

    def __init__(self, reader: Reader, stamp: str, lenses: Lenses, folder: Optional[Path] = None) -> None:
        self._reader = reader
        self._lenses = lenses
        self._stamp = stamp
        self._folder = folder
        self._shelves: dict[str, Shelf] = {}

    def shelf(self, question: Question) -> Shelf:
        """The shelf of a question: from memory, from disk, or read now."""
        key = self._key(question)
        if (known := self._shelves.get(key)) is None:
            entries = entries_of(question)
            vocabulary = vocabulary_of(question, self._reader)
            pieces = self._stored(key, entries)
            if pieces is None:
                pieces = self._reader.pieces([entry.text for entry in entries], vocabulary)
                self._store(key, entries, pieces)
            known = self._shelves[key] = assemble(entries, pieces, vocabulary, self._reader, self._lenses)
        return known

    def _key(self, question: Question) -> str:
        content = msgspec.json.encode(question) + self._stamp.encode() + LAYOUT.encode()
        return hashlib.sha256(content).hexdigest()[:32]

    def _stored(self, key: str, entries: tuple[Entry, ...]) -> Optional[list[Piece]]:
        """The pieces of a cache file; None if there is no file or it is damaged in any way."""
        if self._folder is None or not (path := self._folder / f"{key}.npz").exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as data:
                words = msgspec.json.decode(data["words"].tobytes(), type=tuple[tuple[Word, ...], ...])
                vectors, word_vectors = data["vectors"].astype(np.float32), data["word_vectors"].astype(np.float32)
        except Exception:  # a damaged zip, array or JSON raises many unrelated classes; all mean: build it again
            return None
        total = sum(len(each) for each in words)
        if (
            vectors.shape != (len(entries), DIMENSIONS)
            or len(words) != len(entries)
            or word_vectors.shape != (total, DIMENSIONS)
        ):
            return None
        pieces, row = [], 0
        for vector, each in zip(vectors, words):
            pieces.append(Piece(vector, each, word_vectors[row : row + len(each)], len(each)))
            row += len(each)
        return pieces

    def _store(self, key: str, entries: tuple[Entry, ...], pieces: list[Piece]) -> None:
        if self._folder is None:
            return
        buffer = BytesIO()
        np.savez_compressed(
            buffer,
            words=np.frombuffer(msgspec.json.encode([piece.words for piece in pieces]), dtype=np.uint8),
            vectors=np.stack([piece.vector for piece in pieces]),
            word_vectors=np.concatenate([piece.word_vectors for piece in pieces]).astype(np.float16),
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
                part.write(buffer.getvalue())
            os.replace(part.name, self._folder / f"{key}.npz")
        except OSError:
            return  # the cache only saves time; a full or read-only disk must not stop marking
