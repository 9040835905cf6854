"""Pictures for channels that cannot draw: the mood curve of a role-play as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence

SCALE = 10
INK, LINE, GRID = "#1f2937", "#0b6e99", "#d1d5db"


def mood_curve_png(points: Sequence[int]) -> bytes:
    """The customer's temper at the start and after each turn (0–10) as a PNG, 1200 × 600 pixels."""
    # Slow to import, so only where a picture is drawn; without pyplot there is no state shared between threads.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), dpi=200)
    axes = figure.add_subplot()
    turns = list(range(len(points)))
    axes.plot(turns, list(points), color=LINE, linewidth=2.5, marker="o")
    axes.set_ylim(-0.5, SCALE + 0.5)
    axes.set_yticks([0, SCALE // 2, SCALE])
    axes.set_yticklabels(["furious", "", "delighted"])
    axes.set_xticks(turns)
    axes.set_xticklabels(["start", *(str(t) for t in turns[1:])] if turns else [])
    axes.grid(axis="y", color=GRID)
    axes.set_xlabel("your turns · Practice – not evidence", color=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()
