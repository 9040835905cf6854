"""Fit the moves' head on data/nlu/moves/*.yml; the same input gives the same files.

    python tools/fit_moves.py [--folds 5]      fits, writes bot/moves/data/moves.npz, moves.json and metrics.json
    python tools/fit_moves.py --score          only scores the head on tests/data/moves_test.jsonl

Needs scikit-learn and scipy (Rasa brings them); the head that comes out needs numpy only. About two minutes.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the same sums on every machine

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.errors import ContentError
from bot.marking.encoder import default_encoder
from bot.moves.classifier import MOST, MoveClassifier, chosen
from bot.moves.examples import Example, contradictions, parse
from bot.moves.features import WORD_WEIGHT, Row, row
from bot.moves.head import FOLDER, Head, load_head, pack
from bot.moves.model import MOVES

ROOT = Path(__file__).parent.parent
STRENGTH = 6.0  # how much the examples count against the wish for small weights
STEPS = 60
FEWEST_WORDS, FEWEST_LETTERS = 2, 3  # examples a word or letter group must be in
USUAL = 0.45  # threshold of a second move, that each move's own is drawn to
GRID = np.arange(0.15, 0.66, 0.025)
CARD = FOLDER / "MODEL_CARD.md"
BEGIN, END = "<!-- figures: written by tools/fit_moves.py -->", "<!-- end of figures -->"
TEST = ROOT / "tests" / "data" / "moves_test.jsonl"


def main() -> None:
    """Fit, or only score."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--score", action="store_true")
    options = parser.parse_args()
    if not options.score:
        fit_all(options.folds)
    score_test()


def fit_all(folds: int) -> None:
    """Thresholds from held-out folds, then the head from everything."""
    examples = read_examples()
    print(f"{len(examples)} sentences", flush=True)
    rows = [row(example.text, default_encoder()) for example in examples]
    truth = np.array([[move in example.moves for move in MOVES] for example in examples], dtype=float)
    fold = np.array([fold_of(example.text, folds) for example in examples])
    held = np.zeros_like(truth)
    for number in range(folds):
        head = fit([r for r, f in zip(rows, fold) if f != number], truth[fold != number])
        held[fold == number] = [head.probabilities(r) for r, f in zip(rows, fold) if f == number]
        print(f"fold {number + 1} of {folds}", flush=True)
    thresholds = np.array([threshold(held[:, place], truth[:, place]) for place in range(len(MOVES))])
    head = fit(rows, truth)._replace(thresholds=thresholds.astype(np.float32))
    content = pack(head)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "moves.npz").write_bytes(content)
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoder_sha256": default_encoder().sha256,
        "examples_sha256": examples_hash(),
        "moves": list(MOVES),
    }
    (FOLDER / "moves.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    predicted = np.zeros(held.shape, dtype=bool)
    for place, each in enumerate(held):
        predicted[place, chosen(each, thresholds)] = True
    figures = {move: figure(truth[:, p] > 0, predicted[:, p]) for p, move in enumerate(MOVES)}
    report = {"sentences": len(examples), "held_out": summary(figures), "held_out_moves": figures}
    (FOLDER / "metrics.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print("held out:", summary(figures))


def read_examples() -> list[Example]:
    """Every example of data/nlu/moves; ContentError with all problems."""
    examples: list[Example] = []
    problems: list[str] = []
    for path in example_files():
        found, wrong = parse(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
        examples += found
        problems += wrong
    problems += contradictions(examples)
    if problems:
        raise ContentError(problems)
    return list({" ".join(e.text.split()): e for e in examples}.values())


def example_files() -> list[Path]:
    """The files of examples, in order."""
    return sorted((ROOT / "data" / "nlu" / "moves").glob("*.yml"))


def examples_hash() -> str:
    """One hash over all example files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in example_files())).hexdigest()


def fold_of(text: str, folds: int) -> int:
    """Always the same fold for a text."""
    return int(hashlib.sha256(text.lower().encode()).hexdigest(), 16) % folds


def fit(rows: list[Row], truth: Any) -> Head:
    """One logistic regression a move, all at once."""
    words = vocabulary([r.words for r in rows], FEWEST_WORDS)
    letters = vocabulary([r.letters for r in rows], FEWEST_LETTERS)
    sparse = [
        counted([r.words for r in rows], words, WORD_WEIGHT),
        counted([r.letters for r in rows], letters, 1.0),
    ]
    matrix = hstack([*sparse, csr_matrix(np.stack([r.dense for r in rows]).astype(float))]).tocsr()
    weights, bias = regress(matrix, truth)
    first, second = len(words), len(words) + len(letters)
    parts = [part.astype(np.float32) for part in (weights[:first], weights[first:second], weights[second:], bias)]
    parts[0], parts[1] = (part.astype(np.float16).astype(np.float32) for part in parts[:2])
    return Head(words, letters, *parts, np.full(len(MOVES), USUAL, dtype=np.float32))


def vocabulary(found: list[frozenset[str]], fewest: int) -> dict[str, int]:
    """Groups that stand in at least `fewest` sentences, with their places."""
    counts = Counter(group for groups in found for group in groups)
    return {group: place for place, group in enumerate(sorted(g for g, n in counts.items() if n >= fewest))}


def counted(found: list[frozenset[str]], places: dict[str, int], weight: float) -> Any:
    """A row a sentence, of length `weight`."""
    data, columns, starts = [], [], [0]
    for groups in found:
        known = sorted(places[g] for g in groups if g in places)
        columns += known
        data += [weight / np.sqrt(max(1, len(known)))] * len(known)
        starts.append(len(columns))
    return csr_matrix((data, columns, starts), shape=(len(found), len(places)))


def regress(matrix: Any, truth: Any) -> tuple[Any, Any]:
    """Weights [features, moves] and bias [moves] by L-BFGS."""
    features, moves = matrix.shape[1], truth.shape[1]
    turned = matrix.T.tocsr()

    def loss(flat: Any) -> tuple[float, Any]:
        weights, bias = flat[: features * moves].reshape(features, moves), flat[features * moves :]
        scores = np.asarray(matrix @ weights) + bias
        wrong = 1.0 / (1.0 + np.exp(-scores)) - truth
        value = STRENGTH * float((np.logaddexp(0, scores) - truth * scores).sum()) + 0.5 * float((weights**2).sum())
        slope = STRENGTH * np.asarray(turned @ wrong) + weights
        return value, np.concatenate([slope.ravel(), STRENGTH * wrong.sum(axis=0)])

    start = np.concatenate([np.zeros(features * moves), np.full(moves, -3.0)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 8})
    return found.x[: features * moves].reshape(features, moves), found.x[features * moves :]


def threshold(probabilities: Any, truth: Any) -> float:
    """The threshold with the best F1 on held-out sentences, drawn half way to the usual one."""
    scores = [f1(truth > 0, probabilities >= each) for each in GRID]
    smooth = np.convolve(np.pad(scores, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return float((GRID[int(np.argmax(smooth))] + USUAL) / 2)


def f1(truth: Any, found: Any) -> float:
    """F1 of two boolean arrays."""
    both = float((truth & found).sum())
    return 2 * both / max(1.0, float(truth.sum() + found.sum()))


def figure(truth: Any, found: Any) -> dict[str, float]:
    """Sentences with the move, precision, recall, F1."""
    both = float((truth & found).sum())
    return {
        "sentences": int(truth.sum()),
        "precision": round(both / max(1.0, float(found.sum())), 3),
        "recall": round(both / max(1.0, float(truth.sum())), 3),
        "f1": round(f1(truth, found), 3),
    }


def summary(figures: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Macro-F1 and the weakest moves."""
    order = sorted(figures, key=lambda move: figures[move]["f1"])
    return {
        "macro_f1": round(float(np.mean([f["f1"] for f in figures.values()])), 3),
        "weakest": {move: figures[move]["f1"] for move in order[:5]},
    }


def score_test(names: tuple[str, ...] = ("read", "unread")) -> None:
    """Score the head in the repository on the test file; figures only, so that the unread half stays unread."""
    classifier = MoveClassifier(default_encoder(), load_head(FOLDER, default_encoder().sha256))
    lines: list[dict[str, Any]] = [json.loads(line) for line in TEST.read_text(encoding="utf-8").splitlines()]
    report: dict[str, Any] = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
    for name in names:
        some = [line for line in lines if line["half"] == name]
        found = [{m for s in classifier.read(line["text"]) for m in s.moves} for line in some]
        figures = {
            move: figure(np.array([move in line["moves"] for line in some]), np.array([move in f for f in found]))
            for move in MOVES
        }
        report[f"test_{name}"], report[f"test_{name}_moves"] = summary(figures), figures
        print(name, len(some), summary(figures), "at most", MOST, flush=True)
    (FOLDER / "metrics.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write_card(report)


def write_card(report: dict[str, Any]) -> None:
    """Put the figures between the marks of the model card."""
    macro = {name: report[name]["macro_f1"] for name in ("held_out", "test_read", "test_unread")}
    lines = [
        f"Fitted on {report['sentences']} sentences. Macro-F1 over the {len(MOVES)} moves: {macro['held_out']:.3f} on",
        f"held-out fifths of them, {macro['test_read']:.3f} on the half of the test file that was read while",
        f"features were chosen, **{macro['test_unread']:.3f} on the half that nobody reads**.",
        "",
        "| move | held out, F1 | read half, F1 | unread half: sentences | precision | recall | F1 |",
        "|---|---|---|---|---|---|---|",
    ]
    for move in MOVES:
        held, read, last = (report[f"{name}_moves"][move] for name in ("held_out", "test_read", "test_unread"))
        shown = [f"{held['f1']:.2f}", f"{read['f1']:.2f}", str(last["sentences"])]
        shown += [f"{last[key]:.2f}" for key in ("precision", "recall", "f1")]
        lines.append(f"| `{move}` | {' | '.join(shown)} |")
    before, _, rest = CARD.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    CARD.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
