"""Rows, lens and scorers for answers marked against plain references (short-answer data)."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from fit_rows import code_stamp, gather
from fit_scorers import SEED, calibrated, ece, fit_scorer, held_out, logit
from fit_turns import turned
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from bot.marking import reference_features
from bot.marking.encoder import default_encoder
from bot.marking.head import Scorer
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.syllabus.model import Question

LENS_SIZE, LENS_RIDGE = 120, 2.0
SETS = ("sciEntsBank", "beetle")


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


def asag_table(folder: Path, questions: list[Question], work: Path, processes: int) -> list[tuple[Any, ...]]:
    """Rows of the short-answer data, of answers made from them, and of authored key points taken as references."""
    path = work / "asag.pkl"
    stamp = code_stamp("reference_features") + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    stamp += hashlib.sha256(msgspec.json.encode(questions)).hexdigest()
    if path.exists():
        kept, rows = pickle.loads(path.read_bytes())
        if kept == stamp:
            return list(rows)
    by_question: dict[str, list[Any]] = {}
    for name in SETS:
        for text in (folder / f"{name}-train.jsonl").read_text(encoding="utf-8").splitlines():
            item = json.loads(text)
            item["set"] = name
            by_question.setdefault(name + item["qid"], []).append(item)
    jobs = [(json.dumps(items), number) for number, items in enumerate(by_question.values())]
    rows = gather(asag_rows, jobs, processes, "short-answer questions")
    rows += made_rows(by_question, processes)
    rows += content_rows(questions, processes)
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
            if negative := turned(text, linguist._nlp, linguist.lexicon, dice):
                made.append({**first, "answer": negative, "label": "contradictory", "set": "made"})
        made.append({**first, "answer": first["question"], "label": "incorrect", "set": "made"})
        jobs.append((json.dumps(made), number))
    return gather(asag_rows, jobs, processes, "made-up short answers")


def content_rows(questions: list[Question], processes: int) -> list[tuple[Any, ...]]:
    """Each authored key point as a reference: its phrasings right; others', counters and turned texts wrong."""
    linguist, jobs = default_linguist(), []
    for question in questions:
        dice = random.Random(f"{SEED}-{question.id}")

        def turns(texts: Sequence[str], count: int, dice: random.Random = dice) -> list[str]:
            made = [turned(text, linguist._nlp, linguist.lexicon, dice) for text in texts]
            return dice.sample([text for text in dict.fromkeys(made) if text], min(count, len(set(filter(None, made)))))

        for point in dice.sample(question.expectations, min(3, len(question.expectations))):
            others = [p.phrasings for p in question.expectations if p.id != point.id]
            others += [wrong.phrasings for wrong in question.misconceptions]
            rivals = [text for some in others for text in some]
            reference = dice.choice((point.statement, point.statement, point.assertion))
            answers = [(text, "correct") for text in dice.sample(point.phrasings, min(5, len(point.phrasings)))]
            answers += [(text, "incorrect") for text in dice.sample(rivals, min(2, len(rivals)))]
            answers += [(text, "contradictory") for text in point.counter[:2]]
            answers += [(text, "contradictory") for text in turns([reference] * 4, 2)]
            answers += [(text, "contradictory") for text in turns(point.phrasings, 1)]
            made = {"question": question.text, "refs": [[None, reference]], "qid": question.id, "set": "content"}
            topic = (question.bullets or question.criteria)[0]
            items = [{**made, "module": topic, "answer": text, "label": label} for text, label in answers]
            jobs.append((json.dumps(items), len(jobs)))
    return gather(asag_rows, jobs, processes, "authored references")


def fit_references(
    rows: list[tuple[Any, ...]], options: dict[str, Any]
) -> tuple[dict[str, Scorer], Any, dict[str, float], dict[str, Any], tuple[Any, Any]]:
    """Scorers "correct" and "contradictory", thresholds, figures with whole questions and modules held out."""
    values = np.array([row[0] for row in rows], dtype=np.float32)
    label, source, question, module = (np.array([row[i] for row in rows]) for i in (2, 3, 4, 5))
    group = question  # names of questions and modules differ between the two sets
    modules = module
    made = source == "made"
    signs = [reference_features.SIGNS.get(name, 0) for name in reference_features.NAMES]
    sci, beetle = source == "sciEntsBank", source == "beetle"
    weights = np.ones(len(rows))
    counts = {g: (group == g).sum() for g in set(group)}
    weights = weights * np.array([min(1.0, 60 / counts[g]) for g in group]) * np.where(source == "content", 0.6, 1.0)
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
        people = sci | beetle
        cut = best_threshold(p[people], right[people])
        cut_against = best_three_way(p[people], q[people], label[people], cut)
        for part, at in (
            ("sciEntsBank", sci),
            ("beetle", beetle),
            ("both", sci | (source == "beetle")),
            ("authored", source == "content"),
        ):
            figures[f"{name}: {part}"] = reference_figures(p[at], q[at], label[at], cut, cut_against)
    settings = {"correct": cut, "contradictory": cut_against}
    margin = np.abs(logit(p[people]) - logit(cut))
    settings["sure"] = float(np.quantile(margin, 0.35))
    return {"correct": model, "contradictory": model2}, lens, settings, figures, (p[people], right[people])


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
