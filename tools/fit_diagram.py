"""The reliability diagram of docs/marking.md: of answers given a probability, how many were right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot

BINS = 10


def binned(p: Any, truth: Any) -> list[list[float]]:
    """Of each bin of probabilities: mean probability, share right, and how many answers."""
    p, truth = np.asarray(p), np.asarray(truth).astype(float)
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    bins = [place == b for b in range(BINS)]
    return [[float(p[b].mean()), float(truth[b].mean()), int(b.sum())] if b.any() else [0.0, 0.0, 0] for b in bins]


def draw(curves: dict[str, list[list[float]]], path: Path) -> None:
    """One panel a curve: name -> what `binned` gives; below each how many answers a bin has."""
    figure, panels = pyplot.subplots(
        2, len(curves), figsize=(4 * len(curves), 4.6), gridspec_kw={"height_ratios": (3, 1)}, squeeze=False
    )
    for (name, bins), panel, below in zip(curves.items(), panels[0], panels[1]):
        filled = [(given, right) for given, right, count in bins if count >= 20]
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        panel.plot([given for given, _ in filled], [right for _, right in filled], "o-", color="C0")
        panel.set(title=name, xlim=(0, 1), ylim=(0, 1), ylabel="share that people held to be right")
        below.bar(np.arange(BINS) / BINS + 0.05, [count for _, _, count in bins], width=0.09, color="0.6")
        below.set(xlim=(0, 1), yscale="log", xlabel="probability given", ylabel="answers")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    pyplot.close(figure)
