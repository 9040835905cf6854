"""Lens and scorers for answers marked against plain references, and their figures with whole questions held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from fit_lenses import apart
from fit_scorers import calibrated, ece, fit_scorer, logit, moved, platt
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from bot.marking import reference_features
from bot.marking.head import Scorer

LENS_SIZE = 120
FOLDS, INNER = 6, 2
SIGNS = [reference_features.SIGNS.get(name, 0) for name in reference_features.NAMES]
FREE = [0] * len(SIGNS)
Rows = list[tuple[Any, ...]]


class Answers:
    """The rows as columns: features, truth, weights and where each row comes from."""

    def __init__(self, rows: Rows) -> None:
        self.values = np.array([row[0] for row in rows], dtype=np.float32)
        self.label, self.source, self.question, self.module = (np.array([row[i] for row in rows]) for i in (2, 3, 4, 5))
        self.away = np.array([row[6] - row[7] for row in rows], dtype=np.float32)
        self.mine, self.wanted = (np.array([row[i] for row in rows], dtype=np.float32) for i in (6, 7))
        self.right = (self.label == "correct").astype(int)
        self.against = (self.label == "contradictory").astype(int)
        self.people = np.isin(self.source, ("sciEntsBank", "beetle"))
        count = {group: (self.question == group).sum() for group in set(self.question)}
        few = np.array([min(1.0, 60 / count[group]) for group in self.question])
        self.weights = few * np.where(self.source == "content", 0.6, 1.0)

    def lens(self, at: Any) -> Any:
        """The lens fitted on some rows."""
        return apart(self.away[at], self.right[at], self.weights[at], LENS_SIZE)

    def looked(self, lens: Any, at: Any) -> Any:
        """The feature rows with the two lens columns filled in."""
        out = self.values[at].copy()
        pairs = zip(self.mine[at], self.wanted[at])
        out[:, -2:] = [reference_features.through(lens, one, other) for one, other in pairs]
        return out

    def looked_by_others(self, at: Any, groups: Any, folds: int) -> Any:
        """Likewise, each row through a lens that was fitted without its group."""
        out = np.zeros((len(at), self.values.shape[1]), dtype=np.float32)
        for train, test in GroupKFold(folds).split(at, None, groups[at]):
            out[test] = self.looked(self.lens(at[train]), at[test])
        return out


def fit_references(
    rows: Rows, options: dict[str, Any]
) -> tuple[dict[str, Scorer], Any, dict[str, float], dict[str, Any], tuple[Any, Any]]:
    """Scorers "correct" and "contradictory", lens, thresholds, figures, and (held-out probabilities, truth)."""
    data = Answers(rows)
    every = np.arange(len(rows))

    def fit(values: Any, at: Any) -> Scorer:
        return fit_scorer(values, data.right[at], data.weights[at], SIGNS, **options)

    def fit_against(values: Any, at: Any) -> Scorer:
        return fit_scorer(values, data.against[at], data.weights[at], FREE, **{**options, "leaves": 5})

    figures: dict[str, Any] = {}
    for name, groups in (("modules held out", data.module), ("questions held out", data.question)):
        scores, opposed = np.zeros(len(rows)), np.zeros(len(rows))
        folds = list(GroupKFold(FOLDS).split(data.values, None, groups))
        for train, test in folds:
            seen, unseen = data.looked_by_others(train, groups, INNER), data.looked(data.lens(train), test)
            scores[test] = fit(seen, train).probabilities(unseen)
            opposed[test] = fit_against(seen, train).probabilities(unseen)
        figures |= figures_of(name, data, folds, scores, opposed)
    looked = data.looked_by_others(every, data.question, INNER)
    counted = data.weights * (data.source != "made")
    model, p = calibrated(fit(looked, every), scores, data.right, counted)
    model2, q = calibrated(fit_against(looked, every), opposed, data.against, counted)
    people = data.people
    cut = best_threshold(p[people], data.right[people])
    settings = {"correct": cut, "contradictory": best_three_way(p[people], q[people], data.label[people], cut)}
    settings["sure"] = float(np.quantile(np.abs(logit(p[people]) - logit(cut)), 0.35))
    scorers = {"correct": model, "contradictory": model2}
    return scorers, data.lens(every), settings, figures, (p[people], data.right[people])


def figures_of(name: str, data: Answers, folds: Any, scores: Any, opposed: Any) -> dict[str, Any]:
    """Figures by source; calibration and thresholds of each fold are those of the other folds."""
    p, margin = np.zeros(len(scores)), np.zeros(len(scores))
    said = np.full(len(scores), "incorrect", dtype=object)
    counted = data.weights * (data.source != "made")
    for train, test in folds:
        line = platt(scores[train], data.right[train], counted[train])
        other = platt(opposed[train], data.against[train], counted[train])
        tuned = train[data.people[train]]
        cut = best_threshold(moved(scores[tuned], *line), data.right[tuned])
        opposing = moved(opposed[tuned], *other)
        cut_against = best_three_way(moved(scores[tuned], *line), opposing, data.label[tuned], cut)
        p[test] = moved(scores[test], *line)
        said[test] = three(p[test], moved(opposed[test], *other), cut, cut_against)
        margin[test] = logit(p[test]) - logit(cut)
    out = {}
    for part, at in (
        ("sciEntsBank", data.source == "sciEntsBank"),
        ("beetle", data.source == "beetle"),
        ("both", data.people),
        ("authored", data.source == "content"),
    ):
        right, yes = data.right[at] == 1, margin[at] >= 0
        sure = np.abs(margin[at]) >= np.median(np.abs(margin[at]))
        out[f"{name}: {part}"] = {
            "answers": int(at.sum()),
            "2-way macro-F1": float(f1_score(right, yes, average="macro")),
            "2-way accuracy": float((right == yes).mean()),
            "accuracy of the surest half": float((right == yes)[sure].mean()),
            "ece": ece(p[at], right),
            "3-way macro-F1": float(f1_score(data.label[at], said[at].astype(str), average="macro")),
        }
    return out


def best_threshold(p: Any, right: Any) -> float:
    cuts = np.linspace(0.3, 0.7, 41)
    return float(cuts[int(np.argmax([f1_score(right, p >= cut, average="macro") for cut in cuts]))])


def three(p: Any, q: Any, cut: float, cut_against: float) -> Any:
    return np.where((q >= cut_against) & (q > 0.6 * p), "contradictory", np.where(p >= cut, "correct", "incorrect"))


def best_three_way(p: Any, q: Any, label: Any, cut: float) -> float:
    cuts = np.linspace(0.1, 0.7, 61)
    return float(cuts[int(np.argmax([f1_score(label, three(p, q, cut, c), average="macro") for c in cuts]))])
