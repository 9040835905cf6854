"""Rows, lens and scorers for authored content: expectations and misconceptions."""

from __future__ import annotations

import glob
import hashlib
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import yaml
from fit_rows import code_stamp, gather
from fit_samples import samples
from fit_scorers import SEED, calibrated, ece, fit_scorer, held_out
from sklearn.metrics import cohen_kappa_score

from bot.marking import features
from bot.marking.encoder import marking_encoder
from bot.marking.head import Scorer
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.marking.shelf import Library, Shelf
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
        for raw in yaml.safe_load(Path(path).read_text(encoding="utf-8")) or []:
            try:
                question = msgspec.convert(raw, type=Question)
            except msgspec.ValidationError as error:
                print(f"left out: {path}: {raw.get('id')}: {error}")
                continue
            if question.expectations:
                out.append(question)
    return out


_BANK: list[Question] = []
_LENSES: list[Any] = []
_FOLDER: Any = None
FOLDS = 6
KNOWN = {
    "phrasing": 4,
    "slips": 2,
    "filler": 2,
    "joined": 3,
    "negated": 1,
    "counter": 1,
    "wrong": 2,
    "wrong-negated": 1,
}  # every n-th
LENS_SIZE, LENS_RIDGE = 120, 2.0


def topics(questions: list[Question]) -> list[int]:
    """A number per question, the same for questions on the same bullet or criterion: those are never on both sides."""
    known: dict[str, int] = {}
    return [known.setdefault((question.bullets or question.criteria)[0], len(known)) for question in questions]


def fit_lens(shelves: list[Shelf]) -> Any:
    """Discriminant analysis within questions: little spread inside a key point, much between key points."""
    size = shelves[0].senses.shape[1]
    within, between, count = np.zeros((size, size)), np.zeros((size, size)), 0
    for shelf in shelves:
        groups: dict[tuple[str, str], list[int]] = {}
        for row, entry in enumerate(shelf.entries):
            if entry.kind in ("phrasing", "statement", "wrong", "wrong-statement"):
                groups.setdefault((entry.kind[:5].replace("state", "phras"), entry.owner), []).append(row)
        centre = shelf.senses[[i for key, rows in groups.items() if key[0] == "phras" for i in rows]].mean(0)
        for rows in groups.values():
            points = shelf.senses[rows]
            spread = points - points.mean(0)
            within += spread.T @ spread
            away = points.mean(0) - centre
            between += len(rows) * np.outer(away, away)
            count += len(rows)
    within, between = within / count, between / count
    within += LENS_RIDGE * np.trace(within) / size * np.eye(size)
    values, vectors = np.linalg.eigh(within)
    white = vectors @ np.diag(values**-0.5) @ vectors.T
    values, vectors = np.linalg.eigh(white @ between @ white)
    strength = np.maximum(values[::-1][:LENS_SIZE], 0)
    return (white @ vectors[:, ::-1][:, :LENS_SIZE] @ np.diag(np.sqrt(strength / (strength + 0.3)))).astype(np.float32)


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


def content_table(questions: list[Question], work: Path, processes: int) -> tuple[Table, Table, Any]:
    """Rows of expectations and misconceptions (kept in `work` for the same code and content), and the lens."""
    global _BANK, _LENSES, _FOLDER
    _BANK, _FOLDER = questions, work / "shelves"
    library = Library(Reader(marking_encoder(), default_linguist()), "fit", np.eye(768, 1, dtype=np.float32), _FOLDER)
    shelves = [library.shelf(question) for question in questions]
    number = [topic % FOLDS for topic in topics(questions)]
    _LENSES = [fit_lens([shelf for shelf, at in zip(shelves, number) if at != fold]) for fold in range(FOLDS)]
    _LENSES.append(fit_lens(shelves))
    path = work / "content.pkl"
    stamp = code_stamp("features") + hashlib.sha256(msgspec.json.encode(questions)).hexdigest()
    if path.exists():
        kept, rows = pickle.loads(path.read_bytes())
        if kept == stamp:
            return (*tables(rows), _LENSES[-1])
    rows = gather(content_rows, list(range(len(questions))), processes, "questions")
    path.write_bytes(pickle.dumps((stamp, rows)))
    return (*tables(rows), _LENSES[-1])


ORDINARY = ["phrasing", "filler", "slips", "joined", "counter", "wrong", "elsewhere", "empty", "echo", "vague"]
KINDS = {
    "phrasing": 1.0,
    "filler": 1.0,
    "slips": 1.0,
    "joined": 1.0,
    "negated": 2.5,
    "counter": 3.0,
    "wrong": 1.0,
    "wrong-negated": 2.5,
    "echo": 1.0,
    "elsewhere": 0.7,
    "empty": 0.7,
    "vague": 1.5,
    "known-phrasing": 1.0,
    "known-slips": 1.0,
    "known-filler": 1.0,
    "known-joined": 1.0,
    "known-negated": 4.0,
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

    scores = held_out(fit, table.first, truth, weights, table.fold, FOLDS, table.second)
    scorer, p = calibrated(fit(table.first, truth, weights), scores, truth, np.ones(len(truth)))
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
