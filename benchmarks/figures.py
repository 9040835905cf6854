"""Figures as values: percentiles, rows with their goals, the table, the JSON. No measuring, no processes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Optional

import msgspec
from rich.table import Table

GOALS = {
    "training": 0.5,
    "start_ready": 0.35,
    "start_first_answer": 0.35,
    "memory": 0.9,
    "turn_p50": 0.8,
    "turn_p95": 0.8,
}  # most of the starter's figure that ours may be

# Processor time is less moved by whatever else runs on the machine; it has no goals of its own.
CPU_ROWS = (
    ("training", "Processor time of training", "s", 1.0),
    ("start", "Processor time until a first message is answered", "s", 1.0),
    ("turn", "Processor time of a turn", "ms", 1000.0),
)


class Row(msgspec.Struct, frozen=True):
    """One figure of both assistants in the same unit; `goal` is the highest good enough ratio ours / starter."""

    key: str
    figure: str
    unit: str
    starter: Optional[float]
    ours: Optional[float]
    goal: Optional[float] = None

    @property
    def ratio(self) -> Optional[float]:
        """Ours divided by the starter's; None where there is nothing to compare."""
        return self.ours / self.starter if self.starter and self.ours is not None else None

    @property
    def met(self) -> Optional[bool]:
        """Whether the goal is met; None where there is no goal or no ratio."""
        return None if self.goal is None or self.ratio is None else self.ratio <= self.goal


class Raw(msgspec.Struct):
    """Everything measured, in the order it was measured. Times in seconds, memory in megabytes (10^6 bytes)."""

    training: dict[str, list[float]] = msgspec.field(default_factory=lambda: {"starter": [], "ours": []})
    cpu: dict[str, dict[str, list[float]]] = msgspec.field(
        default_factory=lambda: {name: {"training": [], "start": [], "turn": []} for name in ("starter", "ours")}
    )
    preparing: list[float] = msgspec.field(default_factory=list)
    start_ready: dict[str, list[float]] = msgspec.field(default_factory=lambda: {"starter": [], "ours": []})
    start_first_answer: dict[str, list[float]] = msgspec.field(default_factory=lambda: {"starter": [], "ours": []})
    memory: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    turns: dict[str, list[dict[str, Any]]] = msgspec.field(default_factory=lambda: {"starter": [], "ours": []})
    roleplay: list[dict[str, Any]] = msgspec.field(default_factory=list)  # turns of ours; the starter has none
    load: list[dict[str, Any]] = msgspec.field(default_factory=list)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value at that percentile, straight between neighbours (as numpy's default); ValueError if there is none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def turn_times(turns: Sequence[Mapping[str, Any]]) -> list[float]:
    """Milliseconds of the turns that count."""
    return [1000 * float(turn["seconds"]) for turn in turns if turn["counts"]]


def rows_of(raw: Raw) -> list[Row]:
    """The rows of the table; what was not measured is None."""
    rows = [
        _row("training", "Training, empty cache", "s", raw.training),
        Row("preparing", "Content check and phrasing vectors, first start only", "s", None, _middle(raw.preparing)),
        _row("start_ready", "Start-up until ready", "s", raw.start_ready),
        _row("start_first_answer", "Start-up until a first message is answered", "s", raw.start_first_answer),
        Row(
            "memory",
            f"Memory of all processes after the turns ({_memory_kind(raw)})",
            "MB",
            raw.memory.get("starter", {}).get("total"),
            raw.memory.get("ours", {}).get("total"),
            GOALS["memory"],
        ),
    ]
    for percent in (50, 95, 99):
        times = {name: turn_times(turns) for name, turns in raw.turns.items()}
        both = {name: [percentile(values, percent)] if values else [] for name, values in times.items()}
        rows.append(_row(f"turn_p{percent}", f"Turn, {percent} of 100 are faster", "ms", both))
    played, practised = turn_times(raw.roleplay), turn_times(raw.turns["ours"])
    for percent in (50, 95):
        beside = f"; a practice turn: {percentile(practised, percent):.1f} ms" if practised else ""
        value = percentile(played, percent) if played else None
        rows.append(
            Row(f"roleplay_p{percent}", f"Role-play turn, {percent} of 100 are faster{beside}", "ms", None, value)
        )
    for what, figure, unit, factor in CPU_ROWS:
        both = {name: [factor * seconds for seconds in cpu[what]] for name, cpu in raw.cpu.items()}
        rows.append(_row(f"cpu_{what}", figure, unit, both))
    return rows


def _row(key: str, figure: str, unit: str, both: Mapping[str, list[float]]) -> Row:
    return Row(key, figure, unit, _middle(both["starter"]), _middle(both["ours"]), GOALS.get(key))


def _middle(values: Sequence[float]) -> Optional[float]:
    return float(median(values)) if values else None


def _memory_kind(raw: Raw) -> str:
    kinds = sorted({str(each["kind"]) for each in raw.memory.values()})
    return " / ".join(kinds) or "not measured"


def table_of(rows: Sequence[Row]) -> Table:
    """The rows for people."""
    table = Table("Figure", title="Rapport beside the untouched `rasa init` assistant")
    for name in ("Starter", "Ours", "Ratio", "Goal", "Met"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.figure,
            _number(row.starter, row.unit),
            _number(row.ours, row.unit),
            "–" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.goal is None else f"≤ {row.goal:.2f}",
            {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[row.met],
        )
    return table


def _number(value: Optional[float], unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:.0f} {unit}" if abs(value) >= 100 else f"{value:.1f} {unit}"


def report_of(raw: Raw, about: Mapping[str, Any], complete: bool) -> dict[str, Any]:
    """What goes into the JSON: `about` (machine, versions, date …), the rows with their ratios, and all raw figures."""
    rows = [{**msgspec.structs.asdict(row), "ratio": row.ratio, "met": row.met} for row in rows_of(raw)]
    return {"format": 1, "complete": complete, **about, "rows": rows, "raw": msgspec.to_builtins(raw)}


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Write it as JSON, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
