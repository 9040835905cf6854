"""Fit the marking head on authored content and on short-answer data; the same input gives the same files.

    python tools/fit_marking.py --content 'knowledge/units/*/questions*.yml' --asag /work/shared/asag --work /tmp/fit

Needs scikit-learn (Rasa brings it); the head that comes out needs numpy only. `--work` keeps features between runs.
Writes bot/marking/data/head.npz, head.json (hash, thresholds) and metrics.json.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # two processes share two cores

import argparse
import glob
import hashlib
import json
import multiprocessing
import pickle
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import yaml
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, f1_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from fit_samples import negate, samples

from bot.marking import features, reference_features
from bot.marking.encoder import default_encoder
from bot.marking.head import FOLDER, Scorer, pack
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.marking.shelf import Library, Shelf
from bot.syllabus.model import Question

SEED = 7


class Table(NamedTuple):
    """Rows for fitting: features at the one or two best candidates, truth, and where each row comes from."""

    first: Any  # [n, features]
    second: Any
    truth: Any
    novel: Any
    kind: Any
    fold: Any
    answer: Any


# ------------------------------------------------------------------ content


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
    reader = Reader(default_encoder(), linguist)
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
                        out.append((wrong, *best, kind, topic % FOLDS, f"{number}-{place}"))
    return out


def tables(rows: list[tuple[Any, ...]]) -> tuple[Table, Table]:
    """The rows of expectations and of misconceptions."""
    out = []
    for wrong in (False, True):
        part = [row[1:] for row in rows if row[0] == wrong]
        out.append(Table(*(np.array(column) for column in zip(*part))))
    return out[0], out[1]


# ------------------------------------------------------------------ one scorer


def fit_scorer(
    rows: Any, truth: Any, weights: Any, signs: list[int], *, trees: int, leaves: int, rate: float, share: float
) -> Scorer:
    """Trees and a logistic regression on the same rows; not calibrated yet."""
    forest = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=25,
        l2_regularization=2.0,
        monotonic_cst=signs,
        random_state=SEED,
        early_stopping=False,
    ).fit(rows, truth, sample_weight=weights)
    scaler = StandardScaler().fit(rows)
    coefficients, bias = fit_line(scaler.transform(rows), truth, weights, signs)
    nodes = [stage[0].nodes for stage in forest._predictors]
    width = max(len(each) for each in nodes)
    shape = (len(nodes), width)
    feature, left, right = (np.full(shape, -1, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.int32))
    threshold, value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for tree, each in enumerate(nodes):
        n = len(each)
        leaf = each["is_leaf"].astype(bool)
        feature[tree, :n] = np.where(leaf, -1, each["feature_idx"].astype(np.int32))
        threshold[tree, :n] = np.where(leaf, 0.0, each["num_threshold"])
        left[tree, :n], right[tree, :n], value[tree, :n] = each["left"], each["right"], each["value"]
    return Scorer(
        feature,
        threshold,
        left,
        right,
        value,
        float(np.ravel(forest._baseline_prediction)[0]),
        scaler.mean_.astype(np.float32),
        scaler.scale_.astype(np.float32),
        coefficients.astype(np.float32),
        bias,
        share,
        1.0,
        0.0,
    )


def fit_line(rows: Any, truth: Any, weights: Any, signs: list[int]) -> tuple[Any, float]:
    """Logistic regression whose weights keep their signs, so that more agreement can never count against an answer."""
    heavy = weights / weights.sum()

    def loss(theta: Any) -> tuple[float, Any]:
        z = rows @ theta[:-1] + theta[-1]
        p = 1 / (1 + np.exp(-z))
        ridge = 2e-4
        value = float((heavy * (np.logaddexp(0, z) - truth * z)).sum() + ridge * (theta[:-1] ** 2).sum())
        error = heavy * (p - truth)
        return value, np.append(rows.T @ error + 2 * ridge * theta[:-1], error.sum())

    bounds = [{1: (0, None), -1: (None, 0), 0: (None, None)}[sign] for sign in signs] + [(None, None)]
    found = minimize(
        loss, np.zeros(rows.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 500}
    )
    return found.x[:-1], float(found.x[-1])


def logit(p: Any) -> Any:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def calibrated(scorer: Scorer, scores: Any, truth: Any, weights: Any) -> tuple[Scorer, Any]:
    """The scorer with Platt's calibration fitted on held-out scores, and those scores calibrated."""
    platt = LogisticRegression(C=1e6).fit(logit(scores)[:, None], truth, sample_weight=weights)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    return scorer._replace(slope=slope, offset=offset), 1 / (1 + np.exp(-(slope * logit(scores) + offset)))


def held_out(fit: Any, rows: Any, truth: Any, weights: Any, groups: Any, folds: int, second: Any = None) -> Any:
    """Scores of every row by a scorer that saw nothing of its group."""
    scores = np.zeros(len(rows))
    for train, test in GroupKFold(folds).split(rows, truth, groups):
        scorer = fit(rows[train], truth[train], weights[train])
        scores[test] = scorer.probabilities(rows[test])
        if second is not None:
            scores[test] = np.maximum(scores[test], scorer.probabilities(second[test]))
    return scores


def ece(p: Any, truth: Any, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(p[place == b].mean() - truth[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        )
    )


# ------------------------------------------------------------------ authored content

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
    "vague": 0.7,
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
    """Figures per expectation, overall and by kind of answer; "unsure" counts as not met for accuracy."""
    truth = table.truth.astype(bool)
    ordinary = np.isin(
        table.kind, ["phrasing", "filler", "slips", "joined", "counter", "wrong", "elsewhere", "empty", "echo"]
    )
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


# ------------------------------------------------------------------ short-answer data


def asag_rows(argument: tuple[str, int]) -> list[tuple[Any, ...]]:
    """Rows of one question of the short-answer data."""
    payload, number = argument
    linguist = default_linguist()
    reader = Reader(default_encoder(), linguist)
    out = []
    items = json.loads(payload)
    references = [text for _, text in items[0]["refs"]]
    shelf, _ = reference_features.shelf(items[0]["question"], references, reader)
    for item in items:
        compared = reference_features.compare(shelf, item["answer"], reader, linguist, np.eye(768, 8, dtype=np.float32))
        out.append(
            (
                compared.values,
                compared.novel,
                item["label"],
                item["set"],
                item["qid"],
                item["module"],
                compared.mine,
                compared.wanted,
            )
        )
    return out


def asag_table(folder: Path, work: Path, processes: int) -> list[tuple[Any, ...]]:
    path = work / "asag.pkl"
    stamp = code_stamp("reference_features")
    if path.exists():
        kept, rows = pickle.loads(path.read_bytes())
        if kept == stamp:
            return list(rows)
    by_question: dict[str, list[Any]] = {}
    for name in ("sciEntsBank", "beetle"):
        for text in (folder / f"{name}-train.jsonl").read_text(encoding="utf-8").splitlines():
            item = json.loads(text)
            item["set"] = name
            by_question.setdefault(name + item["qid"], []).append(item)
    jobs = [(json.dumps(items), number) for number, items in enumerate(by_question.values())]
    rows = gather(asag_rows, jobs, processes, "short-answer questions")
    rows += made_rows(by_question, processes)
    path.write_bytes(pickle.dumps((stamp, rows)))
    return rows


def made_rows(by_question: dict[str, list[Any]], processes: int) -> list[tuple[Any, ...]]:
    """Answers that are made up: a reference word for word, a reference negated, the question's own words."""
    linguist, jobs = default_linguist(), []
    for number, items in enumerate(by_question.values()):
        first, made = items[0], []
        dice = random.Random(f"{SEED}-{number}")
        for _, text in first["refs"][:4]:
            made.append({**first, "answer": text, "label": "correct", "set": "made"})
            if negative := negate(text, linguist._nlp, linguist.lexicon, dice):
                made.append({**first, "answer": negative, "label": "contradictory", "set": "made"})
        made.append({**first, "answer": first["question"], "label": "incorrect", "set": "made"})
        jobs.append((json.dumps(made), number))
    return gather(asag_rows, jobs, processes, "made-up short answers")


def fit_references(
    rows: list[tuple[Any, ...]], options: dict[str, Any]
) -> tuple[dict[str, Scorer], Any, dict[str, float], dict[str, Any]]:
    """Scorers "correct" and "contradictory", thresholds, figures with whole questions and modules held out."""
    values = np.array([row[0] for row in rows], dtype=np.float32)
    label, source, question, module = (np.array([row[i] for row in rows]) for i in (2, 3, 4, 5))
    group = question  # names of questions and modules differ between the two sets
    modules = module
    made = source == "made"
    signs = [reference_features.SIGNS.get(name, 0) for name in reference_features.NAMES]
    sci = source == "sciEntsBank"
    weights = np.ones(len(rows))
    counts = {g: (group == g).sum() for g in set(group)}
    weights = weights * np.array([min(1.0, 60 / counts[g]) for g in group])
    right, against = (label == "correct").astype(int), (label == "contradictory").astype(int)

    def fit(v: Any, y: Any, w: Any) -> Scorer:
        return fit_scorer(v, y, w, signs, **options)

    def fit_against(v: Any, y: Any, w: Any) -> Scorer:
        return fit_scorer(v, y, w, [0] * len(signs), **{**options, "leaves": 5})

    mine, wanted = (np.array([row[i] for row in rows], dtype=np.float32) for i in (6, 7))
    figures: dict[str, Any] = {}
    lens = fit_reference_lens(mine, wanted, right, weights)
    for name, groups, folds in (("modules held out", modules, 8), ("questions held out", group, 10)):
        looked = values.copy()
        for train, test in GroupKFold(folds).split(values, right, groups):
            looked[test] = looked_through(
                fit_reference_lens(mine[train], wanted[train], right[train], weights[train]),
                values[test],
                mine[test],
                wanted[test],
            )
        correct = held_out(fit, looked, right, weights, groups, folds)
        opposed = held_out(fit_against, looked, against, weights, groups, folds)
        model, p = calibrated(fit(looked, right, weights), correct, right, weights * ~made)
        model2, q = calibrated(fit_against(looked, against, weights), opposed, against, weights * ~made)
        cut = best_threshold(p[~made], right[~made])
        cut_against = best_three_way(p[~made], q[~made], label[~made], cut)
        for part, at in (("sciEntsBank", sci), ("beetle", source == "beetle"), ("both", ~made)):
            figures[f"{name}: {part}"] = reference_figures(p[at], q[at], label[at], cut, cut_against)
    settings = {"correct": cut, "contradictory": cut_against}
    margin = np.abs(logit(p[~made]) - logit(cut))
    settings["sure"] = float(np.quantile(margin, 0.35))
    return {"correct": model, "contradictory": model2}, lens, settings, figures


def fit_reference_lens(mine: Any, wanted: Any, right: Any, weights: Any) -> Any:
    """Directions in which wrong answers leave their reference and right ones do not."""
    away = mine - wanted

    def scatter(at: Any) -> Any:
        return (away[at] * weights[at, None]).T @ away[at] / weights[at].sum()

    within, between = scatter(right == 1), scatter(right == 0)
    size = len(within)
    within = within + LENS_RIDGE * np.trace(within) / size * np.eye(size)
    values, vectors = np.linalg.eigh(within)
    white = vectors @ np.diag(values**-0.5) @ vectors.T
    values, vectors = np.linalg.eigh(white @ between @ white)
    strength = np.maximum(values[::-1][:LENS_SIZE], 0)
    return (white @ vectors[:, ::-1][:, :LENS_SIZE] @ np.diag(np.sqrt(strength))).astype(np.float32)


def looked_through(lens: Any, values: Any, mine: Any, wanted: Any) -> Any:
    """The feature rows with the two lens columns made anew."""
    out = values.copy()
    out[:, -2:] = [reference_features.through(lens, one, other) for one, other in zip(mine, wanted)]
    return out


def best_threshold(p: Any, right: Any) -> float:
    cuts = np.linspace(0.3, 0.7, 41)
    return float(cuts[int(np.argmax([f1_score(right, p >= cut, average="macro") for cut in cuts]))])


def three(p: Any, q: Any, cut: float, cut_against: float) -> Any:
    return np.where((q >= cut_against) & (q > 0.6 * p), "contradictory", np.where(p >= cut, "correct", "incorrect"))


def best_three_way(p: Any, q: Any, label: Any, cut: float) -> float:
    cuts = np.linspace(0.1, 0.7, 61)
    return float(cuts[int(np.argmax([f1_score(label, three(p, q, cut, c), average="macro") for c in cuts]))])


def reference_figures(p: Any, q: Any, label: Any, cut: float, cut_against: float) -> dict[str, float]:
    right = label == "correct"
    said = p >= cut
    margin = np.abs(logit(p) - logit(cut))
    sure = margin >= np.median(margin)
    return {
        "answers": int(len(p)),
        "2-way macro-F1": float(f1_score(right, said, average="macro")),
        "2-way accuracy": float((right == said).mean()),
        "accuracy of the surest half": float((right == said)[sure].mean()),
        "ece": ece(p, right),
        "3-way macro-F1": float(f1_score(label, three(p, q, cut, cut_against), average="macro")),
    }


# ------------------------------------------------------------------ run


def gather(function: Any, jobs: list[Any], processes: int, what: str) -> list[tuple[Any, ...]]:
    """Rows of all jobs in order, with progress."""
    rows: list[tuple[Any, ...]] = []
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for done, part in enumerate(pool.imap(function, jobs), 1):
            rows += part
            if done % 10 == 0 or done == len(jobs):
                print(f"{what}: {done} of {len(jobs)}", flush=True)
    return rows


SHARED = ("encoder", "lexicon", "spelling", "linguistics", "pieces", "shelf", "alignment")


def code_stamp(*modules: str) -> str:
    """A hash of the code that makes features, so that kept rows are made again when it changes."""
    files = [FOLDER.parent / f"{name}.py" for name in (*SHARED, *modules)]
    files += [FOLDER / "lexicon.json", Path(__file__).with_name("fit_samples.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def content_table(questions: list[Question], work: Path, processes: int) -> tuple[Table, Table]:
    global _BANK, _LENSES, _FOLDER
    _BANK, _FOLDER = questions, work / "shelves"
    library = Library(Reader(default_encoder(), default_linguist()), "fit", np.eye(768, 1, dtype=np.float32), _FOLDER)
    shelves = [library.shelf(question) for question in questions]
    number = [topic % FOLDS for topic in topics(questions)]
    _LENSES = [fit_lens([shelf for shelf, at in zip(shelves, number) if at != fold]) for fold in range(FOLDS)]
    _LENSES.append(fit_lens(shelves))
    path = work / "content.pkl"
    stamp = code_stamp("features") + hashlib.sha256(msgspec.json.encode(questions)).hexdigest()
    if path.exists():
        kept, rows = pickle.loads(path.read_bytes())
        if kept == stamp:
            return tables(rows)
    rows = gather(content_rows, list(range(len(questions))), processes, "questions")
    path.write_bytes(pickle.dumps((stamp, rows)))
    return tables(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", default="knowledge/units/*/questions*.yml")
    parser.add_argument("--asag", type=Path, default=Path("/work/shared/asag"))
    parser.add_argument("--work", type=Path, default=Path("/tmp/fit_marking"))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    questions = bank(options.content)
    print(f"{len(questions)} open questions")
    default_linguist()
    points, wrongs = content_table(questions, options.work, options.processes)
    settings: dict[str, float] = {"lower": 0.33, "upper": 0.48, "wrong_lower": 0.4, "wrong_upper": 0.5}
    figures: dict[str, Any] = {}
    expectation, p = fit_content(points, features.NAMES, {"trees": 200, "leaves": 10, "rate": 0.06, "share": 0.9})
    figures["expectations, topics held out"] = report_content(points, p, settings["lower"], settings["upper"])
    misconception, q = fit_content(wrongs, features.NAMES, {"trees": 80, "leaves": 6, "rate": 0.06, "share": 0.9})
    figures["misconceptions, topics held out"] = report_content(
        wrongs, q, settings["wrong_lower"], settings["wrong_upper"]
    )
    rows = asag_table(options.asag, options.work, options.processes)
    scorers, reference_lens, cuts, more = fit_references(rows, {"trees": 150, "leaves": 8, "rate": 0.05, "share": 0.6})
    settings |= cuts
    figures |= more
    content = pack({"expectation": expectation, "misconception": misconception, **scorers}, _LENSES[-1], reference_lens)
    (FOLDER / "head.npz").write_bytes(content)
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoder_sha256": default_encoder().sha256,
        "settings": settings,
        "fitted_on": {"questions": len(questions), "expectation rows": len(p), "short answers": len(rows)},
    }
    (FOLDER / "head.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    rounded = json.loads(json.dumps(figures), parse_float=lambda text: round(float(text), 3))
    (FOLDER / "metrics.json").write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(rounded, indent=1))


if __name__ == "__main__":
    main()
