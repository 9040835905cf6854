"""Scorers for answers marked against plain references, and their figures with whole questions held out."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from fit_forest import fit_forest, put_before
from fit_practice import Practice
from fit_scorers import ece, logit, platt
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import GroupKFold

from bot.marking import reference_features, soft_words
from bot.marking.head import Scorer
from bot.marking.reference_features import NAMES

FOLDS = 6
TREES = {"trees": 80, "leaf": 12}
# What the forests look at; all that there is was a little worse on held-out questions.
_LOOKED_AT = """
    sim residual sim_question reference_question sim_beyond_question sim_max references negation opposites swapped
    against negations_differ own_negated reference_negated roles unmet_negation pointed_words
"""
LOOKED_AT = (*soft_words.NAMES, "about_service", *_LOOKED_AT.split())
COLUMNS = [NAMES.index(name) for name in LOOKED_AT]
SERVICE_COLUMNS = [*COLUMNS, *(NAMES.index(name) for name in reference_features.SERVICE[1:])]
SEVERAL, SERVICE = NAMES.index("references"), NAMES.index("about_service")
# Kinds of authored answers in the reference's own words; the others have been measured on since before they were made.
OWN_WORDS = ("echo", "formal", "begun", "reference turned", "echo turned", "formal turned", "begun turned")
Rows = list[tuple[Any, ...]]


class Expert(NamedTuple):
    """A forest of its own for some answers: what its rows weigh by where they come from, what it is calibrated on.

    One forest for all was worse for each of them: answers to questions of science and answers about customer service
    differ in what tells right from wrong.
    """

    weights: dict[str, float]
    own: str
    columns: list[int] = COLUMNS
    trees: dict[str, Any] = TREES
    kinds: dict[str, float] = {}  # likewise by kind, 1 where nothing is said


ONE = Expert({"sciEntsBank": 1.0, "made": 0.4}, "sciEntsBank")
SEVERAL_REFERENCES = Expert({"beetle": 1.0, "sciEntsBank": 1.0, "made": 0.4}, "beetle")
# Far phrasings and counters are what a learner may say who does not know the reference: they count twice.
ABOUT_SERVICE = Expert(
    {"content": 1.0},
    "content",
    SERVICE_COLUMNS,
    {"trees": 80, "leaf": 8, "tried": 0.5},
    {"far": 2.0, "counter": 2.0, "begun": 0.5, "begun turned": 0.5},
)
EXPERTS = (ONE, ABOUT_SERVICE, SEVERAL_REFERENCES)


class Answers:
    """The rows as columns: features, truth, where each row comes from, and the expert [rows] that marks it."""

    def __init__(self, rows: Rows, practice: Practice) -> None:
        self.values = np.array([row[0] for row in rows], dtype=np.float32)
        about = (np.array([row[i] for row in rows]) for i in (2, 3, 4, 5, 6))
        self.label, self.source, self.question, self.module, self.kind = about
        own = self.source == "content"
        said, wanted = np.array([row[7] for row, its in zip(rows, own) if its], dtype=np.float32).transpose(1, 0, 2)
        scores = practice.held_out(said, wanted, self.module[own])
        added = (np.ones(len(scores)), scores[:, 0], scores[:, 1], scores[:, 0] - scores[:, 1])
        self.values[own, -len(reference_features.SERVICE) :] = np.stack(added, axis=1)
        self.right = (self.label == "correct").astype(int)
        self.against = (self.label == "contradictory").astype(int)
        self.people = np.isin(self.source, ("sciEntsBank", "beetle"))
        several = self.values[:, SEVERAL] > 1
        self.expert = np.where(several, 2, np.where(self.values[:, SERVICE] > 0.5, 1, 0))

    def fit(self, expert: int, at: Any, truth: Any) -> Scorer:
        """The forest of an expert, fitted on those of the rows that count for it; not calibrated."""
        its = EXPERTS[expert]
        weights = np.array([its.weights.get(source, 0.0) for source in self.source[at]])
        weights *= [its.kinds.get(kind, 1.0) for kind in self.kind[at]]
        if expert != 2:
            weights[self.expert[at] == 2] = 0
        chosen = at[weights > 0]
        return fit_forest(self.values[chosen], truth[chosen], weights[weights > 0], its.columns, **its.trees)

    def calibration(self, scores: Any, truth: Any, at: Any) -> list[tuple[float, float]]:
        """Slope and offset of each expert, by held-out scores of some rows."""
        own = [at[(self.expert[at] == e) & (self.source[at] == expert.own)] for e, expert in enumerate(EXPERTS)]
        return [platt(scores[some], truth[some], np.ones(len(some))) for some in own]

    def calibrated(self, scores: Any, lines: list[tuple[float, float]], at: Any) -> Any:
        """Scores of some rows calibrated, each by its expert's line."""
        slope, offset = np.array(lines)[self.expert[at]].T
        return 1 / (1 + np.exp(-(slope * logit(scores[at]) + offset)))

    def levelled(
        self, lines: list[tuple[float, float]], opposed: Any, p: Any, at: Any, cut: float
    ) -> tuple[Any, float]:
        """The lines of "contradictory" moved so that one threshold serves all experts; that threshold.

        Contradictions are rare among people's answers and frequent among authored ones. `p` is of all rows.
        """
        bests = []
        for e, expert in enumerate(EXPERTS):
            own = at[(self.expert[at] == e) & (self.source[at] == expert.own)]
            bests.append(best_three_way(p[own], self.calibrated(opposed, lines, own), self.label[own], cut))
        moved = [(slope, float(offset + logit(bests[0]) - logit(best))) for (slope, offset), best in zip(lines, bests)]
        return moved, bests[0]


def together(experts: list[Scorer], lines: list[tuple[float, float]]) -> Scorer:
    """One scorer of the three experts, calibrated."""
    one, service, several = (e._replace(slope=line[0], offset=line[1]) for e, line in zip(experts, lines))
    return put_before(put_before(one, service, SERVICE, 0.5), several, SEVERAL, 1.5)


def _scores(argument: tuple[Answers, Any, Any]) -> tuple[Any, Any]:
    """Scores of test rows, each by its expert fitted on the training rows: correct, contradictory."""
    data, train, test = argument
    out = []
    for truth in (data.right, data.against):
        scores = np.zeros(len(test))
        for expert in range(len(EXPERTS)):
            own = data.expert[test] == expert
            if own.any():
                scores[own] = data.fit(expert, train, truth).probabilities(data.values[test[own]])
        out.append(scores)
    return out[0], out[1]


def fit_references(
    rows: Rows, practice: Practice, processes: int
) -> tuple[dict[str, Scorer], dict[str, float], dict[str, Any], tuple[Any, Any]]:
    """Scorers "correct" and "contradictory", thresholds, figures, and (held-out probabilities, truth)."""
    data = Answers(rows, practice)
    every = np.arange(len(rows))
    figures: dict[str, Any] = {}
    with ProcessPoolExecutor(processes) as pool:
        for name, groups in (("modules held out", data.module), ("questions held out", data.question)):
            scores, opposed = np.zeros(len(rows)), np.zeros(len(rows))
            folds = list(GroupKFold(FOLDS).split(data.values, None, groups))
            for (_, test), (one, other) in zip(folds, pool.map(_scores, [(data, *fold) for fold in folds])):
                scores[test], opposed[test] = one, other
            figures |= figures_of(name, data, folds, scores, opposed)
    lines, others = data.calibration(scores, data.right, every), data.calibration(opposed, data.against, every)
    p = data.calibrated(scores, lines, every)
    one = data.source == "sciEntsBank"
    cut = best_threshold(p[one], data.right[one])
    others, cut_against = data.levelled(others, opposed, p, every, cut)
    scorers = {
        name: together([data.fit(expert, every, truth) for expert in range(len(EXPERTS))], some)
        for name, truth, some in (("correct", data.right, lines), ("contradictory", data.against, others))
    }
    settings = {"correct": cut, "contradictory": cut_against}
    settings["sure"] = float(np.quantile(np.abs(logit(p[one])), 0.5))
    return scorers, settings, figures, (p[data.people], data.right[data.people])


def figures_of(name: str, data: Answers, folds: Any, scores: Any, opposed: Any) -> dict[str, Any]:
    """Figures by source; calibration and thresholds of each fold are those of the other folds."""
    p, yes = np.zeros(len(scores)), np.zeros(len(scores), dtype=bool)
    said = np.full(len(scores), "incorrect", dtype=object)
    for train, test in folds:
        lines = data.calibration(scores, data.right, train)
        others = data.calibration(opposed, data.against, train)
        tuned = train[data.source[train] == "sciEntsBank"]
        known = data.calibrated(scores, lines, np.arange(len(scores)))
        cut = best_threshold(known[tuned], data.right[tuned])
        others, cut_against = data.levelled(others, opposed, known, train, cut)
        p[test] = known[test]
        yes[test] = p[test] >= cut
        said[test] = three(p[test], data.calibrated(opposed, others, test), cut, cut_against)
    own, in_its_words = data.source == "content", np.isin(data.kind, OWN_WORDS)
    out = {}
    for part, at in (
        ("sciEntsBank", data.source == "sciEntsBank"),
        ("beetle", data.source == "beetle"),
        ("both", data.people),
        ("authored", own & ~in_its_words),
        ("authored, the reference's own words", own & in_its_words),
    ):
        right = data.right[at] == 1
        distance = np.abs(logit(p[at]))
        sure = distance >= np.median(distance)
        out[f"{name}: {part}"] = {
            "answers": int(at.sum()),
            "2-way macro-F1": float(f1_score(right, yes[at], average="macro")),
            "2-way accuracy": float((right == yes[at]).mean()),
            "accuracy of the surest half": float((right == yes[at])[sure].mean()),
            "ece": ece(p[at], right),
            "3-way macro-F1": float(f1_score(data.label[at], said[at].astype(str), average="macro")),
        }
    kinds = {
        kind: {"answers": int((data.kind == kind).sum()), "called right": float(yes[data.kind == kind].mean())}
        for kind in sorted(set(data.kind[own]))
    }
    hard = (data.kind == "far") | np.isin(data.kind, [kind for kind in OWN_WORDS if kind.endswith(" turned")])
    out[f"{name}: authored"] |= {
        "kinds": kinds,
        "AUC of far phrasings against turned texts in the reference's words": float(
            roc_auc_score(data.right[hard], p[hard])
        ),
    }
    return out


def best_threshold(p: Any, right: Any) -> float:
    """The middle of the thresholds that are about as good as the best one."""
    cuts = np.linspace(0.3, 0.7, 41)
    found = np.array([f1_score(right, p >= cut, average="macro") for cut in cuts])
    return float(np.median(cuts[found >= found.max() - 0.005]))


def three(p: Any, q: Any, cut: float, cut_against: float) -> Any:
    return np.where((q >= cut_against) & (q > 0.6 * p), "contradictory", np.where(p >= cut, "correct", "incorrect"))


def best_three_way(p: Any, q: Any, label: Any, cut: float) -> float:
    cuts = np.linspace(0.1, 0.7, 61)
    return float(cuts[int(np.argmax([f1_score(label, three(p, q, cut, c), average="macro") for c in cuts]))])
