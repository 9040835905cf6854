"""Fit the marking head on authored content and on short-answer data; the same input gives the same files.

    python tools/fit_marking.py --content 'knowledge/units/*/questions*.yml' --asag /work/shared/asag --work /tmp/fit

Needs scikit-learn (Rasa brings it); the head that comes out needs numpy only. `--work` keeps features between runs.
Writes bot/marking/data/head.npz, head.json (hash, thresholds) and metrics.json, the figures in MODEL_CARD.md and
docs/marking.md, and the reliability diagram.
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
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from fit_answers import answer_rows
from fit_content import ORDINARY, bank, content_table, fit_content, report_content
from fit_diagram import draw
from fit_references import fit_references
from fit_report import marked_figures, write
from fit_rows import seen_by_encoder

from bot.marking import features
from bot.marking.encoder import default_encoder, marking_encoder
from bot.marking.head import FOLDER, pack
from bot.marking.linguistics import default_linguist

TREES = {"rate": 0.06, "share": 0.9}
DIAGRAM = Path(__file__).parent.parent / "docs" / "images" / "marking-reliability.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", default="knowledge/units/*/questions*.yml")
    parser.add_argument("--asag", type=Path, default=Path("/work/shared/asag"))
    parser.add_argument("--work", type=Path, default=Path("/tmp/fit_marking"))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    seen = seen_by_encoder()[0]
    everything = bank(options.content)
    questions = [question for question in everything if question.id not in seen]
    print(f"{len(questions)} open questions that the encoder was not fine-tuned on")
    default_linguist()
    points, wrongs, lenses = content_table(questions, options.work, options.processes)
    rows = answer_rows(options.asag, everything, options.work, options.processes)
    with ProcessPoolExecutor(options.processes) as pool:
        references = pool.submit(fit_references, rows, {"trees": 150, "leaves": 8, "rate": 0.05, "share": 0.6})
        first = pool.submit(fit_content, points, features.NAMES, {**TREES, "trees": 200, "leaves": 12})
        second = pool.submit(fit_content, wrongs, features.NAMES, {**TREES, "trees": 80, "leaves": 6})
        expectation, p = first.result()
        misconception, q = second.result()
        scorers, reference_lens, cuts, more, curve = references.result()
    settings: dict[str, float] = {"lower": 0.33, "upper": 0.47, "wrong_lower": 0.4, "wrong_upper": 0.5}
    figures: dict[str, Any] = {
        "expectations, topics held out": report_content(points, p, settings["lower"], settings["upper"]),
        "misconceptions, topics held out": report_content(wrongs, q, settings["wrong_lower"], settings["wrong_upper"]),
    }
    ordinary = np.isin(points.kind, ORDINARY)
    curves = {
        "key points, topics held out": (p[ordinary], points.truth[ordinary]),
        "misconceptions, topics held out": (q, wrongs.truth),
        "plain references, questions held out": curve,
    }
    settings |= cuts
    figures |= more
    content = pack({"expectation": expectation, "misconception": misconception, **scorers}, lenses, reference_lens)
    (FOLDER / "head.npz").write_bytes(content)
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoder_sha256": marking_encoder().sha256,
        "reference_encoder_sha256": default_encoder().sha256,
        "settings": settings,
        "fitted_on": {"questions": len(questions), "expectation rows": len(p), "short answers": len(rows)},
    }
    (FOLDER / "head.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    draw(curves, DIAGRAM)
    figures["marked answers"] = marked_figures(options.work / "marker")
    rounded = json.loads(json.dumps(figures), parse_float=lambda text: round(float(text), 3))
    write(rounded)
    print(json.dumps(rounded, indent=1))


if __name__ == "__main__":
    main()
