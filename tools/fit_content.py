"""Rows, lens and scorers for authored content: expectations and misconceptions."""

from __future__ import annotations

import glob
import hashlib
import pickle
import random
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import yaml
from fit_lenses import TURN_SIZE, apart, between_points, turn_pairs
from fit_rows import code_stamp, gather, joined
from fit_samples import samples
from fit_scorers import SEED, calibrated, ece, fit_scorer, held_out
from sklearn.metrics import cohen_kappa_score

from bot.marking import features
from bot.marking.encoder import marking_encoder
from bot.marking.head import Scorer
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.marking.shelf import PLAIN, Lenses, Library
from bot.syllabus.model import Question


class Table(NamedTuple):
    """Rows for fitting: features at the one or two best candidates, truth, and where each row comes from."""

    first: Any  # [n, features]
    second: Any
    truth: Any
    novel: Any
    kind: Any
    fold: Any


def bank(pattern: str) -> list[Question]:
    """Open questions of the content files; entries that do not pass are named and left out."""
    out = []
    for path in sorted(glob.glob(pattern)):
        for raw in yaml.load(Path(path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or []:
            try:
                question = msgspec.convert(raw, type=Question)
            except msgspec.ValidationError as error:
                print(f"left out: {path}: {raw.get('id')}: {error}")
                continue
            if question.expectations:
                out.append(question)
    return out


_BANK: list[Question] = []
_LENSES: list[Lenses] = []
_FOLDER: Any = None
FOLDS = 6
KNOWN = {
    "phrasing": 4,
    "slips": 2,
    "filler": 2,
    "joined": 3,
    "negated": 1,
    "mixed": 1,
    "counter": 1,
    "wrong": 2,
    "wrong-negated": 1,
}  # every n-th


def topics(questions: list[Question]) -> list[int]:
    """A number per question, the same for questions on the same bullet or criterion: those are never on both sides."""
    known: dict[str, int] = {}
    return [known.setdefault((question.bullets or question.criteria)[0], len(known)) for question in questions]


def content_rows(number: int) -> list[tuple[Any, ...]]:
    """Rows of one question of the bank."""
    question = _BANK[number]
    linguist = default_linguist()
    reader = Reader(marking_encoder(), linguist)
    topic = topics(_BANK)[number]
    shelf = Library(reader, "fit", _LENSES[topic % FOLDS], _FOLDER).shelf(question)
    out = []
    for place, sample in enumerate(samples(question, _BANK, linguist._nlp, linguist.lexicon, SEED)):
        hidden = frozenset(i for i, entry in enumerate(shelf.entries) if entry.text in sample.sources)
        _, parsed = linguist.read(sample.text, shelf.vocabulary)
        comparison = features.Comparison(reader.answer(parsed), shelf, reader, linguist.lexicon, _LENSES[topic % FOLDS])
        views = [(sample.kind, hidden)]
        if sample.kind in KNOWN and place % KNOWN[sample.kind] == 0:
            views.append(
                (f"known-{sample.kind}", frozenset())
            )  # as the coach will see it: the same or nearly the same text is there
        for kind, unseen in views:
            for wrong, truths in ((False, sample.truth), (True, sample.wrong)):
                for owner, truth in truths.items():
                    found = comparison.find(owner, wrong, unseen)
                    if found:
                        best = (found[0].values, found[-1].values, truth, found[0].novel)
                        out.append((wrong, *best, kind, topic % FOLDS))
    return out


def tables(rows: list[tuple[Any, ...]]) -> tuple[Table, Table]:
    """The rows of expectations and of misconceptions."""
    out = []
    for wrong in (False, True):
        part = [row[1:] for row in rows if row[0] == wrong]
        out.append(Table(*(np.array(column) for column in zip(*part))))
    return out[0], out[1]


def pairs_of(number: int) -> tuple[Any, Any]:
    """`turn_pairs` of one question of the bank."""
    linguist = default_linguist()
    reader = Reader(marking_encoder(), linguist)
    shelf = Library(reader, "fit", PLAIN, _FOLDER).shelf(_BANK[number])
    return turn_pairs(shelf, reader, linguist, random.Random(f"{SEED}-{_BANK[number].id}"))


def content_table(questions: list[Question], work: Path, processes: int) -> tuple[Table, Table, Lenses]:
    """Rows of expectations and misconceptions (kept in `work` for the same code and content), and the lenses."""
    global _BANK, _FOLDER
    _LENSES.clear()
    _BANK, _FOLDER = questions, work / "shelves"
    path = work / "content.pkl"
    stamp = code_stamp("features") + hashlib.sha256(msgspec.json.encode(questions)).hexdigest()
    if path.exists():
        kept, lenses, rows = pickle.loads(path.read_bytes())
        if kept == stamp:
            return (*tables(rows), lenses)
    library = Library(Reader(marking_encoder(), default_linguist()), "fit", PLAIN, _FOLDER)
    shelves = [library.shelf(question) for question in questions]
    pairs = gather(pairs_of, list(range(len(questions))), processes, "turned phrasings")
    number = [topic % FOLDS for topic in topics(questions)]
    for left_out in range(FOLDS + 1):  # the last one is fitted on all
        inside = [at for at, fold in enumerate(number) if fold != left_out]
        away, same = (np.concatenate([pairs[at][part] for at in inside]) for part in (0, 1))
        turns = apart(away, same, np.ones(len(away)), TURN_SIZE)
        _LENSES.append(Lenses(between_points([shelves[at] for at in inside]), turns))
    rows = joined(gather(content_rows, list(range(len(questions))), processes, "questions"))
    path.write_bytes(pickle.dumps((stamp, _LENSES[-1], rows)))
    return (*tables(rows), _LENSES[-1])


SECOND = 0.5  # share of the weight that a second candidate has where the point is not met
ORDINARY = ["phrasing", "filler", "slips", "joined", "counter", "wrong", "elsewhere", "empty", "echo", "vague"]
KINDS = {
    "phrasing": 1.0,
    "filler": 1.0,
    "slips": 1.0,
    "joined": 1.0,
    "negated": 3.0,
    "mixed": 2.5,
    "counter": 3.0,
    "wrong": 1.5,
    "wrong-negated": 2.5,
    "echo": 1.0,
    "elsewhere": 0.7,
    "empty": 0.7,
    "vague": 1.5,
    "known-phrasing": 1.0,
    "known-slips": 1.0,
    "known-filler": 1.0,
    "known-joined": 1.0,
    "known-negated": 6.0,
    "known-mixed": 4.0,
    "known-counter": 2.0,
    "known-wrong": 1.0,
    "known-wrong-negated": 2.0,
}


def fit_content(table: Table, names: tuple[str, ...], options: dict[str, Any]) -> tuple[Scorer, Any]:
    """The head for expectations or misconceptions, and held-out calibrated probabilities of the rows."""
    signs = [features.SIGNS.get(name, 0) for name in names]
    truth = table.truth.astype(int)
    weights = np.array([KINDS[kind] for kind in table.kind])
    weights = weights * np.where(truth == 1, 2.0, 1.0)

    def fit(rows: Any, labels: Any, heavy: Any) -> Scorer:
        return fit_scorer(rows, labels, heavy, signs, **options)

    def fit_both(at: Any) -> Scorer:
        """A point that is not met is met at no candidate: there the second counts, too."""
        also = at[(truth[at] == 0) & (table.second[at] != table.first[at]).any(axis=1)]
        halved = np.where(np.isin(at, also), 1 - SECOND, 1.0) * weights[at]
        return fit(
            np.concatenate([table.first[at], table.second[also]]),
            np.concatenate([truth[at], truth[also]]),
            np.concatenate([halved, SECOND * weights[also]]),
        )

    scores = held_out(fit_both, table.first, table.second, truth, table.fold, FOLDS)
    scorer, p = calibrated(fit_both(np.arange(len(truth))), scores, truth, np.ones(len(truth)))
    return scorer, np.where(table.novel, p, np.minimum(p, 0.02))


def report_content(table: Table, p: Any, lower: float, upper: float) -> dict[str, Any]:
    """Figures per expectation on questions new to encoder and head; "unsure" counts as not met for accuracy."""
    truth = table.truth.astype(bool)
    ordinary = np.isin(table.kind, ORDINARY)
    met, unsure = p >= upper, (p >= lower) & (p < upper)
    out: dict[str, Any] = {
        "rows": int(len(p)),
        "accuracy": float((met == truth)[ordinary].mean()),
        "kappa": float(cohen_kappa_score(truth[ordinary], met[ordinary])),
        "precision": float(truth[ordinary & met].mean()),
        "recall": float(met[ordinary & truth].mean()),
        "unsure": float(unsure[ordinary].mean()),
        "half": {
            "accuracy": float(((p >= 0.5) == truth)[ordinary].mean()),
            "kappa": float(cohen_kappa_score(truth[ordinary], p[ordinary] >= 0.5)),
        },
        "ece": ece(p[ordinary], truth[ordinary]),
    }
    for kind in sorted(set(table.kind)):
        at = table.kind == kind
        one: dict[str, Any] = {"rows": int(at.sum()), "unsure": float(unsure[at].mean())}
        if (at & truth).any():
            one["met of true"] = float(met[at & truth].mean())
            one["unsure of true"] = float(unsure[at & truth].mean())
        if (at & ~truth).any():
            one["met of false"] = float(met[at & ~truth].mean())
            one["unsure of false"] = float(unsure[at & ~truth].mean())
        out[kind] = one
    return out
