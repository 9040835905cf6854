"""Fit the marking head on authored content and on short-answer data; the same input gives the same files.

    python tools/fit_marking.py --content 'knowledge/units/*/questions*.yml' --asag /work/shared/asag --work /tmp/fit

Needs scikit-learn (Rasa brings it); the head that comes out needs numpy only. `--work` keeps features between runs.
Writes bot/marking/data/head.npz, head.json (hash, thresholds) and metrics.json, the figures in MODEL_CARD.md and
docs/marking.md, and the reliability diagram. `--only references` (or content) fits that part and keeps the other of the
present head, so that both can be worked on.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # two processes share two cores

import argparse
import hashlib
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from fit_answers import answer_rows
from fit_content import ORDINARY, bank, content_table, fit_content, report_content
from fit_diagram import binned, draw
from fit_practice import practice_of
from fit_references import fit_references
from fit_report import marked_figures, write
from fit_rows import seen_by_encoder

from bot.marking import features
from bot.marking.encoder import default_encoder, marking_encoder
from bot.marking.head import FOLDER, Scorer, load_head, pack
from bot.marking.linguistics import default_linguist
from bot.marking.shelf import Lenses
from bot.syllabus.model import Question

TREES = {"rate": 0.06, "share": 0.9}
DIAGRAM = Path(__file__).parent.parent / "docs" / "images" / "marking-reliability.png"
CURVES = (
    "key points, topics held out",
    "misconceptions, topics held out",
    "plain references, questions held out",
)


class Part(NamedTuple):
    """One part of the head: arrays by name in head.npz, thresholds, what it was fitted on, figures, curves."""

    scorers: dict[str, Scorer]
    lenses: Optional[Lenses]
    settings: dict[str, float]
    fitted_on: dict[str, int]
    figures: dict[str, Any]
    curves: dict[str, list[list[float]]]
    practice: Any = None  # [385] the line of good practice


def unseen(everything: list[Question]) -> list[Question]:
    """The questions that the encoder was not fine-tuned on."""
    seen = seen_by_encoder()[0]
    return [question for question in everything if question.id not in seen]


def content_part(everything: list[Question], work: Path, processes: int) -> Part:
    """Key points and misconceptions of the bank."""
    questions = unseen(everything)
    print(f"{len(questions)} open questions that the encoder was not fine-tuned on")
    points, wrongs, lenses = content_table(questions, work, processes)
    with ProcessPoolExecutor(processes) as pool:
        first = pool.submit(fit_content, points, features.NAMES, {**TREES, "trees": 200, "leaves": 12})
        second = pool.submit(fit_content, wrongs, features.NAMES, {**TREES, "trees": 80, "leaves": 6})
        expectation, p = first.result()
        misconception, q = second.result()
    settings = {"lower": 0.33, "upper": 0.47, "wrong_lower": 0.4, "wrong_upper": 0.5}
    ordinary = np.isin(points.kind, ORDINARY)
    return Part(
        {"expectation": expectation, "misconception": misconception},
        lenses,
        settings,
        {"questions": len(questions), "expectation rows": len(p)},
        {
            "expectations, topics held out": report_content(points, p, settings["lower"], settings["upper"]),
            "misconceptions, topics held out": report_content(
                wrongs, q, settings["wrong_lower"], settings["wrong_upper"]
            ),
        },
        {
            "key points, topics held out": binned(p[ordinary], points.truth[ordinary]),
            "misconceptions, topics held out": binned(q, wrongs.truth),
        },
    )


def references_part(everything: list[Question], asag: Path, work: Path, processes: int) -> Part:
    """Answers against plain references."""
    rows, texts = answer_rows(asag, unseen(everything), work, processes)
    practice = practice_of(texts)
    scorers, settings, figures, (p, truth) = fit_references(rows, practice, processes)
    curves = {"plain references, questions held out": binned(p, truth)}
    return Part(scorers, None, settings, {"short answers": len(rows)}, figures, curves, practice.line(slice(None)))


def present_part(names: tuple[str, ...], settings: tuple[str, ...], *counts: str) -> Part:
    """What the present head holds of a part, unchanged; its figures stay in metrics.json.

    Refused where the head was fitted with another encoder: plain references about service need both.
    """
    head = load_head(encoder_sha256=marking_encoder().sha256)
    facts = json.loads((FOLDER / "head.json").read_text(encoding="utf-8"))
    if facts["reference_encoder_sha256"] != default_encoder().sha256:
        raise SystemExit("the general encoder is another one: fit both parts")
    return Part(
        {name: getattr(head, name) for name in names},
        head.lenses,
        {name: head.settings[name] for name in settings},
        {name: facts["fitted_on"][name] for name in counts},
        {},
        {},
        head.practice,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", default="knowledge/units/*/questions*.yml")
    parser.add_argument("--asag", type=Path, default=Path("/work/shared/asag"))
    parser.add_argument("--work", type=Path, default=Path("/tmp/fit_marking"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=("content", "references"), help="keep the other part of the present head")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    everything = bank(options.content)
    default_linguist()
    if options.only == "references":
        limits = ("lower", "upper", "wrong_lower", "wrong_upper")
        content = present_part(("expectation", "misconception"), limits, "questions", "expectation rows")
    else:
        content = content_part(everything, options.work, options.processes)
    if options.only == "content":
        limits = ("correct", "contradictory", "sure")
        references = present_part(("correct", "contradictory"), limits, "short answers")
    else:
        references = references_part(everything, options.asag, options.work, options.processes)
    assert content.lenses is not None  # the bank's part has them, fitted or kept
    packed = pack({**content.scorers, **references.scorers}, content.lenses, references.practice)
    (FOLDER / "head.npz").write_bytes(packed)
    facts = {
        "sha256": hashlib.sha256(packed).hexdigest(),
        "encoder_sha256": marking_encoder().sha256,
        "reference_encoder_sha256": default_encoder().sha256,
        "settings": {**content.settings, **references.settings},
        "fitted_on": {**content.fitted_on, **references.fitted_on},
    }
    (FOLDER / "head.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    report({**content.figures, **references.figures}, {**content.curves, **references.curves}, options)


def report(figures: dict[str, Any], curves: dict[str, list[list[float]]], options: argparse.Namespace) -> None:
    """Figures and curves of what was fitted, those of what was kept from the last time, written down."""
    if options.only != "references":
        figures["marked answers"] = marked_figures(options.work / "marker")
    before = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
    known = {**before.get("curves", {}), **curves} if options.only else curves
    whole = {**before, **figures} if options.only else figures
    whole["curves"] = {name: known[name] for name in CURVES if name in known}
    if len(whole["curves"]) == len(CURVES):  # else one was kept that nobody has written down: the diagram stays
        draw(whole["curves"], DIAGRAM)
    rounded = json.loads(json.dumps(whole), parse_float=lambda text: round(float(text), 3))
    write(rounded)
    print(json.dumps({name: rounded[name] for name in figures}, indent=1))


if __name__ == "__main__":
    main()
