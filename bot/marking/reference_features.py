"""The numbers for marking an answer against plain reference answers, without an authored question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.marking import soft_words
from bot.marking.alignment import Overlap, layout_of, overlap, side_of, soften, turn
from bot.marking.encoder import DIMENSIONS, Array
from bot.marking.linguistics import Linguist, Word
from bot.marking.pieces import Reader
from bot.marking.shelf import Entry, Shelf, assemble, novelty, sense, words_of

_NAMES = """
    sim residual sim_clause sim_mean recall precision both recall_rare precision_rare both_rare both_mean
    recall_clause both_clause least_covered covered_60 covered_80 heaviest_covered lemma_recall lemma_precision
    lemma_recall_rare trigrams pairs negation opposites swapped against negations_differ own_negated
    reference_negated sim_question reference_question novel_weight novel_share words reference_words word_ratio
    references sim_beyond_question best_coverage_mean unmatched_weight sim_max recall_max sense sense_words
    sense_clause roles pointed_words unmet_negation about_service practice
    practice_reference practice_margin
"""
# More of these never lowers the probability …
_RAISING = """
    sim residual sim_clause recall both recall_rare both_rare recall_clause both_clause least_covered covered_60
    covered_80 heaviest_covered lemma_recall lemma_recall_rare trigrams sim_max recall_max sense sense_words
    sense_clause
"""
# … and more of these never raises it.
_LOWERING = "opposites swapped roles"
NAMES = (*soft_words.NAMES, *_NAMES.split())
SERVICE = ["about_service", "practice", "practice_reference", "practice_margin"]
SIGNS = {**dict.fromkeys((*_RAISING.split(), *soft_words.RAISING), 1), **dict.fromkeys(_LOWERING.split(), -1)}


def shelf(question: str, references: Sequence[str], reader: Reader) -> tuple[Shelf, frozenset[str]]:
    """The question and its reference answers, ready for comparison, and their vocabulary."""
    entries = (Entry("question", "", question), *(Entry("reference", "", text) for text in references))
    vocabulary = words_of([entry.text for entry in entries])
    pieces = reader.pieces([entry.text for entry in entries], vocabulary)
    return assemble(entries, pieces, vocabulary, reader), vocabulary


def single(question: str, references: Sequence[str]) -> bool:
    """Whether references are compared one at a time, by the encoder fine-tuned for marking: about customer service."""
    return any(soft_words.about_service(text) for text in (question, *references))


class Compared(NamedTuple):
    """Features [len(NAMES)] at the nearest reference; has the answer words of its own; unit vectors [384] of both."""

    values: Array
    novel: bool
    said: Array
    wanted: Array


def practised(compared: Compared, practice: Array) -> Array:
    """The features of an answer about service: with how much it and the reference sound like good practice.

    `practice` [385]: weights of a unit vector, and a constant. Of "we ring back when it suits us" it says much without
    any reference, where words in common say nothing.
    """
    answer, reference = (float(vector @ practice[:-1] + practice[-1]) for vector in (compared.said, compared.wanted))
    values = compared.values.copy()
    values[-len(SERVICE) :] = 1.0, answer, reference, answer - reference
    return values


def compare(shelf: Shelf, answer: str, reader: Reader, linguist: Linguist) -> Compared:
    """An answer beside the references of a shelf."""
    reading, parsed = linguist.read(answer, shelf.vocabulary)
    said = reader.answer(parsed)
    if not said.candidates or not said.words:
        nothing = np.zeros(DIMENSIONS, dtype=np.float32)
        return Compared(np.zeros(len(NAMES), dtype=np.float32), False, nothing, nothing)
    asked = shelf.question_words
    rare = np.array([reader.rarity(word) for word in said.words], dtype=np.float32)
    weights = rare * novelty(said.word_vectors, said.words, shelf.question_vectors, asked)
    cosines = shelf.word_vectors @ said.word_vectors.T
    close = soften(cosines)
    shelf_rare = np.array([reader.rarity(word) for words in shelf.words for word in words], dtype=np.float32)
    whole = said.candidates[-1].vector
    sims = shelf.vectors @ whole
    clauses = said.candidates
    spans = [candidate.columns for candidate in clauses]
    parts = overlap(close, shelf.layout, weights, spans)
    over = Overlap(*(each[:, -1] for each in parts))
    plain = Overlap(*(e[:, -1] for e in overlap(close, layout_of(shelf.starts, shelf_rare), rare, spans[-1:])))
    references = range(1, len(shelf.entries))
    best = max(references, key=lambda i: float(sims[i] + over.both[i] + 0.5 * plain.recall[i]))
    rows = slice(shelf.starts[best], shelf.starts[best] + len(shelf.words[best]))
    wanted, wanted_weights, wanted_rare = shelf.words[best], shelf.weights[rows], shelf_rare[rows]
    cover: Array = close[rows].max(axis=1) if len(wanted) else np.zeros(1, dtype=np.float32)
    heavy = wanted_weights if len(wanted) else np.ones(1, dtype=np.float32)
    question = shelf.vectors[0]
    beyond = _beyond(whole, question)
    clause_sim = max(float(shelf.vectors[best] @ c.vector) for c in clauses)
    mine, yours = side_of(said.words, linguist.lexicon), side_of(wanted, linguist.lexicon)
    turned = turn(mine, yours, cosines[rows], wanted_weights)
    lemmas, wanted_lemmas = {w.lemma for w in said.words}, {w.lemma for w in wanted}
    key = max(float(heavy.max()) * 0.7, 1e-6)
    others = list(references)
    senses = [sense(c.vector, said.word_vectors[c.columns], weights[c.columns], question) for c in clauses]
    target = shelf.senses[best]
    half = len(question)
    closeness = [_cosine(each, target) for each in senses]
    values = (
        *_tokens(shelf, best, reading.text, reader),
        float(sims[best]),
        float(beyond @ _beyond(shelf.vectors[best], question)),
        clause_sim,
        float(sims[others].mean()),
        float(over.recall[best]),
        float(over.precision[best]),
        float(over.both[best]),
        float(plain.recall[best]),
        float(plain.precision[best]),
        float(plain.both[best]),
        float(over.both[others].mean()),
        float(parts.recall[best].max()),
        float(parts.both[best].max()),
        float(cover[heavy >= key].min()),
        _share(heavy, cover >= 0.5),
        _share(heavy, cover >= 0.8),
        float(cover[int(heavy.argmax())]),
        _held(wanted, wanted_weights, lemmas),
        _held(said.words, weights, wanted_lemmas),
        _held(wanted, wanted_rare, lemmas),
        _dice(_grams(reading.text), _grams(shelf.entries[best].text)),
        _dice(_pairs(said.words), _pairs(wanted)),
        turned.negation,
        float(turned.opposites),
        float(turned.swapped),
        float(turned.against),
        float(any(w.negated for w in said.words) != any(w.negated for w in wanted)),
        float(sum(w.negated for w in said.words)),
        float(sum(w.negated for w in wanted)),
        float(sims[0]),
        float(shelf.vectors[best] @ question),
        float(weights.sum()),
        float(weights.sum() / max(float(rare.sum()), 1e-6)),
        float(len(said.words)),
        float(len(wanted)),
        len(said.words) / max(1, len(wanted)),
        float(len(others)),
        float(sims[best] - sims[0]),
        float((cover * heavy).sum() / max(float(heavy.sum()), 1e-6)) if len(cover) == len(heavy) else 0.0,
        float((weights * (1 - close[rows].max(axis=0))).sum()) if len(wanted) else float(weights.sum()),
        float(sims[others].max()),
        float(over.recall[others].max()),
        closeness[-1],
        _cosine(senses[-1][half:], target[half:]),
        max(closeness),
        float(turned.roles),
        float(sum(map(bool, mine.opposed))),
        float(any(w.negated for w in said.words)) * (1 - turned.negation),
        *[0.0] * len(SERVICE),
    )
    novel = any(w.lemma not in asked and r > 0.35 for w, r in zip(said.words, rare))
    return Compared(np.array(values, dtype=np.float32), novel, whole, shelf.vectors[best])


def _tokens(shelf: Shelf, best: int, answer: str, reader: Reader) -> list[float]:
    """The numbers of `soft_words` for an answer that is spelled right, against a reference of the shelf."""
    question = soft_words.tokens_of(shelf.entries[0].text, reader)
    reference = soft_words.tokens_of(shelf.entries[best].text, reader)
    mine = soft_words.tokens_of(answer, reader)
    return soft_words.compared(soft_words.beside(mine, question), soft_words.beside(reference, question))


def _cosine(one: Array, other: Array) -> float:
    return float(one @ other) / max(float(np.linalg.norm(one)) * float(np.linalg.norm(other)), 1e-6)


def _beyond(vector: Array, question: Array) -> Array:
    """What is in a vector beyond the question's direction, of length about 1."""
    rest = vector - float(vector @ question) * question
    return np.asarray(rest / max(float(np.linalg.norm(rest)), 0.2), dtype=np.float32)


def _share(weights: Array, at: npt.NDArray[np.bool_]) -> float:
    return float(weights[at].sum() / max(float(weights.sum()), 1e-6))


def _held(words: Sequence[Word], weights: Array, lemmas: set[str]) -> float:
    """Share of the words' weight whose lemmas are in the set."""
    total = float(weights.sum())
    return sum(float(w) for w, word in zip(weights, words) if word.lemma in lemmas) / total if total > 0 else 0.0


def _grams(text: str) -> set[str]:
    flat = f" {' '.join(text.lower().split())} "
    return {flat[i : i + 4] for i in range(len(flat) - 3)}


def _pairs(words: Sequence[Word]) -> set[str]:
    return {f"{one.lemma} {other.lemma}" for one, other in zip(words, words[1:])}


def _dice(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
