"""Pictures for channels that cannot draw: where a learner stands, and the mood curve of a role-play, as PNG."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

SCALE = 10
INK, LINE, GRID = "#1f2937", "#0b6e99", "#d1d5db"
READY, PRACTISING, NOT_STARTED = "#1a7f4e", "#f0b429", "#d9dee4"


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


def progress_png(units: Sequence[tuple[str, int, int, int]], words: tuple[str, str, str]) -> bytes:
    """A bar a unit: its title, and how many criteria are ready, practising and not started. `words` name the three."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 1.3 + 1.15 * len(units)), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for row, (title, *counts) in enumerate(units):
        left, all_ = 0.0, max(1, sum(counts))
        for name, colour, hatch, count in zip(words, (READY, PRACTISING, NOT_STARTED), ("", "//", ""), counts):
            width = count / all_
            axes.barh(row, width, left=left, height=0.5, color=colour, hatch=hatch, edgecolor="white",
                      label=name if row == 0 else None)  # fmt: skip
            if count:
                ink = "white" if colour == READY else INK
                axes.text(left + width / 2, row, str(count), ha="center", va="center", color=ink, fontweight="bold",
                          bbox={"facecolor": colour, "edgecolor": "none", "pad": 2})  # fmt: skip
            left += width
        axes.text(
            0, row - 0.34, textwrap.shorten(title, 70, placeholder=" …").replace("$", r"\$"), va="bottom", color=INK
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(len(units) - 0.4, -0.8)
    axes.axis("off")
    figure.legend(*axes.get_legend_handles_labels(), loc="lower center", ncol=3, frameon=False)
    figure.subplots_adjust(left=0.03, right=0.97, top=0.97, bottom=0.45 / figure.get_figheight())
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
