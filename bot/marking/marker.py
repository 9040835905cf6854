"""The marker: an answer and a question in, a `Marking` out. Deterministic; any text gives an ordinary marking."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, Optional
from weakref import WeakKeyDictionary

import numpy as np

from bot.marking import reference_features
from bot.marking.board import Board, whole_board
from bot.marking.encoder import Array, Encoder, default_encoder, marking_encoder
from bot.marking.features import Comparison, Look
from bot.marking.forest import Forest
from bot.marking.head import Head, load_head
from bot.marking.linguistics import Linguist, default_linguist
from bot.marking.model import Marking, Match, Verdict
from bot.marking.pieces import Answer, Candidate, Reader
from bot.marking.shelf import Library, Shelf
from bot.marking.spelling import Reading
from bot.syllabus.model import Question

CODE = "7"  # raise it when a change of code changes markings
ECHO = 0.02  # most that words of the question alone can reach
SHORT = 0.01  # so much below "met" is what the answer's own nearest clause denies: it is asked for again
NEAR = 0.15  # below it no quote is shown
WORTH = 0.15  # below it nobody asks what turns a text round: no quote is shown, nothing is met
State = Literal["met", "unsure", "not_met"]
Label = Literal["correct", "contradictory", "incorrect"]
Judged = tuple[float, Optional[Candidate]]


class Marker:
    """Marks answers. Vectors of questions are kept in memory and, if `cache` is a folder, on disk."""

    def __init__(
        self,
        encoder: Optional[Encoder] = None,
        head: Optional[Head] = None,
        linguist: Optional[Linguist] = None,
        cache: Optional[Path] = None,
        general: Optional[Encoder] = None,
    ) -> None:
        self._encoder = encoder or marking_encoder()
        self._head = head or load_head(encoder_sha256=self._encoder.sha256)
        self._linguist = linguist or default_linguist()
        self._reader = Reader(self._encoder, self._linguist)
        self._plain_reader = Reader(general or default_encoder(), self._linguist)  # for plain references
        stamp = self._encoder.sha256 + self._linguist.lexicon.sha256 + self._linguist.speller.words.sha256 + CODE
        self._library = Library(self._reader, stamp, self._head.lenses, cache)
        self._expectation, self._misconception = Forest(self._head.expectation), Forest(self._head.misconception)
        self._boards: WeakKeyDictionary[Shelf, Board] = WeakKeyDictionary()
        self._references: OrderedDict[tuple[str, ...], Shelf] = OrderedDict()
        self.version: str = hashlib.sha256((self._head.sha256 + stamp).encode()).hexdigest()[:12]

    def mark(self, question: Question, text: str) -> Marking:
        """Every expectation with its state, probability and the learner's words; the misconceptions found."""
        if not question.expectations:
            return Marking((), (), "not_yet", self.version)
        shelf = self._library.shelf(question)
        reading, parsed = self._linguist.read(text, shelf.vocabulary)
        answer = self._reader.answer(parsed)
        points, wrongs = question.expectations, question.misconceptions
        judged: list[Judged] = [(0.0, None)] * (len(points) + len(wrongs))
        if answer.candidates:
            judged = self._judge(shelf, answer, len(points))
        limits = self._head.settings
        matches = tuple(
            _match(point.id, found, text, reading, limits["lower"], limits["upper"])
            for point, found in zip(points, judged)
        )
        held = tuple(
            _match(wrong.id, found, text, reading, limits["wrong_lower"], limits["wrong_upper"])
            for wrong, found in zip(wrongs, judged[len(points) :])
        )
        return Marking(
            matches, tuple(m for m in held if m.state != "not_met"), _verdict(question, matches), self.version
        )

    def prepare(self, question: Question) -> None:
        """Have everything about a question at hand, so that its next answer is marked sooner."""
        if question.expectations:
            self._board(self._library.shelf(question))

    def _board(self, shelf: Shelf) -> Board:
        if (board := self._boards.get(shelf)) is None:
            board = self._boards[shelf] = whole_board(shelf)
        return board

    def mark_references(self, question: str, references: Sequence[str], answer: str) -> tuple[Label, float, bool]:
        """Label, probability of "correct" and whether that is sure, from plain reference answers only."""
        wanted = [text for text in references if text.strip()]
        if not wanted:
            return "incorrect", 0.0, False
        if reference_features.single(question, wanted):
            correct, against = max(self._rated(question, [text], answer, self._reader) for text in wanted)
        else:
            correct, against = self._rated(question, wanted, answer, self._plain_reader)
        limits = self._head.settings
        label: Label = "correct" if correct >= limits["correct"] else "incorrect"
        if against >= limits["contradictory"] and against > 0.6 * correct:
            label = "contradictory"
        return label, round(correct, 4), abs(_logit(correct)) >= limits["sure"]

    def warm(self, questions: Sequence[Question], progress: Optional[Callable[[int, int], None]] = None) -> None:
        """Read and encode the texts of all questions; `progress(done, total)` after each.

        What the cache on disk still holds of questions as they were before is deleted.
        """
        for done, question in enumerate(questions, 1):
            if question.expectations:
                self._library.shelf(question)
            if progress is not None:
                progress(done, len(questions))
        self._library.keep_only(questions)

    def _judge(self, shelf: Shelf, answer: Answer, points: int) -> list[Judged]:
        """Of the question's expectations (`points` of them), then its misconceptions: probability, deciding candidate.

        What turns a text round is looked for only where the probability is worth it without: it never raises it much.
        Of two candidates near alike the shorter one decides. What the clause nearest to a point denies is not met.
        """
        board = self._board(shelf)
        comparison = Comparison(answer, shelf, self._reader, self._linguist.lexicon, self._head.lenses)
        look = comparison.look(board)
        rated = self._probabilities(look, points)
        plans, places = np.nonzero(rated >= WORTH)
        for plan, place in zip(plans.tolist(), places.tolist()):
            comparison.turn(look, plan, place)
        for forest, some in ((self._expectation, plans < points), (self._misconception, plans >= points)):
            if some.any():
                rated[plans[some], places[some]] = forest.probabilities(look.values[plans[some], places[some]])
        out: list[Judged] = []
        upper = self._head.settings["upper"]
        for plan, (some, chosen) in enumerate(zip(rated.tolist(), look.chosen.tolist())):
            best = max(some)
            close = [answer.candidates[c] for p, c in zip(some, chosen) if p >= best - 0.05]
            if plan < points and best >= upper and comparison.denied(look.near[plan]):
                best = upper - SHORT
            out.append((best, min(close, key=lambda candidate: candidate.end - candidate.start)))
        return out

    def _probabilities(self, look: Look, points: int) -> Array:
        """Probabilities [plans, chosen]; the first `points` plans are expectations, the others misconceptions."""
        parts = (self._expectation, look.values[:points]), (self._misconception, look.values[points:])
        rated = [f.probabilities(v.reshape(-1, v.shape[2])).reshape(v.shape[:2]) for f, v in parts if len(v)]
        p = np.concatenate(rated)
        return np.where(look.novel, p, np.minimum(p, ECHO))

    def _rated(self, question: str, references: Sequence[str], answer: str, reader: Reader) -> tuple[float, float]:
        """Probabilities of "correct" and of "contradictory"."""
        shelf = self._reference_shelf(question, references, reader)
        compared = reference_features.compare(shelf, answer, reader, self._linguist)
        values = compared.values
        if reader is self._reader:
            values = reference_features.practised(compared, self._head.practice)
        correct = float(self._head.correct.probabilities(values[None, :])[0])
        against = float(self._head.contradictory.probabilities(values[None, :])[0])
        return (correct, against) if compared.novel else (min(correct, ECHO), 0.0)

    def _reference_shelf(self, question: str, references: Sequence[str], reader: Reader) -> Shelf:
        key = (question, *references, reader.encoder.sha256)
        if (known := self._references.get(key)) is None:
            known, _ = reference_features.shelf(question, references, reader)
            self._references[key] = known
            while len(self._references) > 256:
                self._references.popitem(last=False)
        return known


def _match(id: str, judged: Judged, text: str, reading: Reading, lower: float, upper: float) -> Match:
    probability, candidate = judged
    state: State = "met" if probability >= upper else "unsure" if probability >= lower else "not_met"
    quote = ""
    if candidate is not None and probability >= NEAR:
        start, end = reading.original(candidate.start, candidate.end)
        quote = text[start:end].strip(" \t\n\r,;:")
    return Match(id, state, round(probability, 4), quote)


def _verdict(question: Question, matches: Sequence[Match]) -> Verdict:
    met = sum(match.state == "met" for match in matches)
    needed = question.sufficient.points if question.sufficient is not None else len(matches)
    if met >= max(1, needed):
        return "right"
    if met:
        return "partly"
    return "not_sure" if any(match.state == "unsure" for match in matches) else "not_yet"


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))


@lru_cache(maxsize=1)
def default_marker() -> Marker:
    """A marker with everything from the repository and no cache on disk."""
    return Marker()
