"""Pictures of a benchmark's JSON: `python benchmarks/plots.py var/bench.json docs/images`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Optional

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # after the choice of a backend without a screen

STARTER, OURS, GOAL = "#8a8f98", "#1f6feb", "#d1242f"
AGAINST = {
    "training": "Training",
    "start_ready": "Start-up",
    "memory": "Memory",
    "turn_p50": "Turn p50",
    "turn_p95": "Turn p95",
}


def against(rows: dict[str, dict[str, Any]]) -> Any:
    """Ours as a part of the starter's, with the goals."""
    keys = [key for key in AGAINST if rows.get(key, {}).get("ratio") is not None]
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    places = range(len(keys))
    bars = axes.barh(places, [rows[key]["ratio"] for key in keys], color=OURS, height=0.55)
    axes.bar_label(bars, [f"{rows[key]['ratio']:.2f}" for key in keys], padding=3)
    for place, key in zip(places, keys):
        axes.plot([rows[key]["goal"]] * 2, [place - 0.4, place + 0.4], color=GOAL, linewidth=2)
    axes.axvline(1, color=STARTER, linestyle="--", linewidth=1)
    axes.set_yticks(places, [AGAINST[key] for key in keys])
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.1, *(1.15 * rows[key]["ratio"] for key in keys)))
    axes.set_xlabel("ours as a part of the untouched `rasa init` assistant's (1 = the same; red: the goal)")
    return figure


def crowd(rows: dict[str, dict[str, Any]]) -> Optional[Any]:
    """Turns a second and turn times by learners at once."""
    sizes = sorted(int(key.removeprefix("throughput_")) for key in rows if key.startswith("throughput_"))
    if len(sizes) < 2:
        return None
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    for name, colour in (("starter", STARTER), ("ours", OURS)):
        left.plot(sizes, [rows[f"throughput_{n}"][name] for n in sizes], "o-", color=colour, label=name)
        for percent, style in ((50, "o-"), (95, "o:")):
            times = [rows[f"crowd_{n}_p{percent}"][name] for n in sizes]
            right.plot(sizes, times, style, color=colour, label=f"{name} p{percent}")
    for axes, title in ((left, "turns a second"), (right, "turn, ms")):
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [str(n) for n in sizes])
        axes.set_xlabel("learners at once")
        axes.set_title(title, fontsize=10)
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize=8)
    return figure


def growth(rows: dict[str, dict[str, Any]]) -> Optional[Any]:
    """Ours under a small and a large load."""
    names = {
        "turn_500_p50": "turn 5 / 500",
        "turn_million_p50": "turn, 1 k / 1 M, SQLite",
        "turn_million_postgres_p50": "turn, 1 k / 1 M, PostgreSQL",
    }
    keys = [key for key in names if rows.get(key, {}).get("ratio") is not None]
    if not keys:
        return None
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for shift, (side, colour) in ((-0.2, ("starter", STARTER)), (0.2, ("ours", OURS))):
        bars = axes.bar([n + shift for n in range(len(keys))], [rows[k][side] for k in keys], 0.38, color=colour)
        axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.set_xticks(range(len(keys)), [names[key] for key in keys])
    axes.set_ylabel("ms, half are faster")
    axes.set_title("small load (grey) and large load (blue)", fontsize=10)
    return figure


def pages(shown: list[dict[str, Any]]) -> Optional[Any]:
    """p95 of every page with the most attempts that were stored, beside the goal."""
    most = max((row["attempts"] for row in shown), default=0)
    rows = [row for row in shown if row["attempts"] == most]
    if not rows:
        return None
    names = list(dict.fromkeys(row["page"] for row in rows))
    figure, axes = plt.subplots(figsize=(7, 0.32 * len(names) + 1), layout="constrained")
    for shift, (database, colour) in ((-0.2, ("sqlite", OURS)), (0.2, ("postgres", STARTER))):
        times = {row["page"]: row["p95"] for row in rows if row["database"] == database}
        places = [n + shift for n, name in enumerate(names) if name in times]
        axes.barh(places, [times[name] for name in names if name in times], 0.38, color=colour, label=database)
    axes.axvline(rows[0]["goal"], color=GOAL, linewidth=2)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    figure.supxlabel(f"ms, 95 of 100 pages are faster; {most:,} attempts stored (red: the goal)", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    return figure


def made_of(rows: dict[str, dict[str, Any]], shown: list[dict[str, Any]]) -> list[tuple[str, Optional[Any]]]:
    """The name of every picture with the picture; None for what was not measured."""
    beside = against(rows) if any(rows.get(key, {}).get("ratio") is not None for key in AGAINST) else None
    return [("against", beside), ("crowd", crowd(rows)), ("growth", growth(rows)), ("pages", pages(shown))]


def main(arguments: Optional[list[str]] = None) -> int:
    """Write `bench-*.png` for what the JSON holds; 1 if it cannot be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("figures", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    try:
        report = json.loads(given.figures.read_text(encoding="utf-8"))
        rows = {row["key"]: row for row in report["rows"]}
    except (OSError, ValueError, KeyError) as error:
        print(f"{given.figures} cannot be used ({type(error).__name__}: {error}).", file=sys.stderr)
        return 1
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, made in made_of(rows, report.get("pages", [])):
        if made is not None:
            made.savefig(given.folder / f"bench-{name}.png", dpi=110)
            plt.close(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
