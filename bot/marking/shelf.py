"""All authored texts of one question, read and encoded once, kept in memory and (if a folder is given) on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from threading import Lock
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

KEPT = 96  # shelves in memory, about 1.5 MB each; reading one again takes 4 ms
Integers = npt.NDArray[np.int64]
LAYOUT = "6"  # raise it when what is stored changes


_Words = tuple[tuple[tuple[Word, ...], ...], frozenset[str]]


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


@dataclass(frozen=True, eq=False)
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
    def lemmas(self) -> dict[str, int]:
        """A number for each lemma of the texts."""
        return {lemma: number for number, lemma in enumerate(dict.fromkeys(w.lemma for ws in self.words for w in ws))}

    @cached_property
    def lemma_rows(self) -> Integers:
        """The lemma's number of each row of words [rows]."""
        return np.array([self.lemmas[word.lemma] for words in self.words for word in words], dtype=np.int64)

    @cached_property
    def steepness(self) -> Array:
        """The squared lengths of `leaning` [texts]."""
        return np.asarray((self.leaning**2).sum(axis=1), dtype=np.float32)


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


def novelty(vectors: Array, words: Sequence[Word], asked: Array, asked_lemmas: frozenset[str]) -> Array:
    """How far each word goes beyond the question's own words, 0.2–1, [words]."""
    if not len(words):
        return np.zeros(0, dtype=np.float32)
    near = (vectors @ asked.T).max(axis=1) if len(asked) else np.zeros(len(words), dtype=np.float32)
    out = 1.0 - 0.6 * np.clip((near - 0.5) / 0.5, 0.0, 1.0)
    out[[i for i, word in enumerate(words) if word.lemma in asked_lemmas]] = 0.2
    return out.astype(np.float32)


def sense(vector: Array, word_vectors: Array, weights: Array, question: Array) -> Array:
    """What a text says beyond the question [768]; see `senses_of`."""
    words = weights @ word_vectors if len(weights) else np.zeros(DIMENSIONS, dtype=np.float32)
    return np.asarray(senses_of(vector[None, :], words[None, :], question)[0])


def senses_of(vectors: Array, words: Array, question: Array) -> Array:
    """What texts say beyond the question [n, 768]: vectors less most of the question's, and weighted sums of words."""
    beyond = vectors - 0.7 * np.outer(vectors @ question, question)
    lengths = np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-6)
    return np.asarray(np.concatenate([beyond, words / lengths], axis=1), dtype=np.float32)


def unit(rows: Array) -> Array:
    """Rows [n, k] at length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), dtype=np.float32)


def assemble(
    entries: tuple[Entry, ...], pieces: list[Piece], vocabulary: frozenset[str], reader: Reader, lenses: Lenses = PLAIN
) -> Shelf:
    """The shelf of texts that were read; the question's own text must be the first."""
    words = [word for piece in pieces for word in piece.words]
    lengths = [len(piece.words) for piece in pieces]
    starts = [0, *np.cumsum(lengths[:-1]).tolist()]
    vectors = np.stack([piece.vector for piece in pieces])
    word_vectors = np.concatenate([piece.word_vectors for piece in pieces])
    rare = np.array([reader.rarity(word) for word in words], dtype=np.float32)
    asked = pieces[0].word_vectors, frozenset(word.lemma for word in pieces[0].words)
    weights = rare * novelty(word_vectors, words, *asked)
    heavy = np.append(word_vectors * weights[:, None], np.zeros((1, DIMENSIONS), dtype=np.float32), axis=0)
    meant = np.add.reduceat(heavy, starts, axis=0) * (np.array(lengths) > 0)[:, None]
    senses = senses_of(vectors, meant, vectors[0])
    return Shelf(
        entries,
        vectors,
        tuple(piece.words for piece in pieces),
        tuple(starts),
        word_vectors,
        weights,
        senses,
        unit(senses @ lenses.points),
        senses @ lenses.turns,
        vocabulary,
    )


class Library:
    """Shelves by question: the last `kept` in memory; in `folder` a file each, under the hash of what it is made of."""

    def __init__(
        self, reader: Reader, stamp: str, lenses: Lenses, folder: Optional[Path] = None, kept: int = KEPT
    ) -> None:
        self._reader = reader
        self._lenses = lenses
        self._stamp = stamp
        self._folder = folder
        self._kept = kept
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._lock = Lock()

    def shelf(self, question: Question) -> Shelf:
        """The shelf of a question: from memory, from disk, or read now."""
        key = self._key(question)
        if (known := self._shelves.get(key)) is None:
            entries = entries_of(question)
            stored = self._stored(key, entries)
            if stored is None:
                vocabulary = vocabulary_of(question, self._reader)
                stored = self._reader.pieces([entry.text for entry in entries], vocabulary), vocabulary
                self._store(key, *stored)
            known = assemble(entries, *stored, self._reader, self._lenses)
        with self._lock:
            self._shelves[key] = known
            self._shelves.move_to_end(key)
            while len(self._shelves) > self._kept:
                self._shelves.popitem(last=False)
        return known

    def keep_only(self, questions: Sequence[Question]) -> None:
        """Delete the cache files of all other questions, and of these as they were once."""
        if self._folder is None:
            return
        wanted = {f"{self._key(question)}.npz" for question in questions}
        for path in self._folder.glob("*.npz"):
            if path.name not in wanted:
                with suppress(OSError):  # only saves room
                    path.unlink()

    def _key(self, question: Question) -> str:
        content = msgspec.json.encode(question) + self._stamp.encode() + LAYOUT.encode()
        return hashlib.sha256(content).hexdigest()[:32]

    def _stored(self, key: str, entries: tuple[Entry, ...]) -> Optional[tuple[list[Piece], frozenset[str]]]:
        """The pieces and the vocabulary of a cache file; None if there is no file or it is damaged in any way."""
        if self._folder is None or not (path := self._folder / f"{key}.npz").exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as data:
                words, vocabulary = msgspec.json.decode(data["words"].tobytes(), type=_Words)
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
        return pieces, vocabulary

    def _store(self, key: str, pieces: list[Piece], vocabulary: frozenset[str]) -> None:
        if self._folder is None:
            return
        words: _Words = tuple(piece.words for piece in pieces), vocabulary
        buffer = BytesIO()
        np.savez(  # not compressed: it would save a sixth and cost more than all the rest of reading it
            buffer,
            words=np.frombuffer(msgspec.json.encode(words), dtype=np.uint8),
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
