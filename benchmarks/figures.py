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
    "start_ready": 0.2,
    "start_first_answer": 0.2,
    "memory": 0.7,
    "turn_p50": 0.5,
    "turn_p95": 0.5,
    "turn_500": 1.2,
    "turn_million": 1.2,
    "turn_million_postgres": 1.2,
}  # most of the other's figure that ours may be
PAGE_GOAL = 300.0  # milliseconds within which 95 of 100 pages are there, with a million attempts stored
AT_LEAST = {"throughput_32": 4.0}  # least
MARKING_GOAL = 60.0  # milliseconds within which 95 of 100 answers to a question of six key points are marked

# Processor time is less moved by whatever else runs on the machine; it has no goals of its own.
CPU_ROWS = (
    ("training", "Processor time of training", "s", 1.0),
    ("start", "Processor time until a first message is answered", "s", 1.0),
    ("turn", "Processor time of a turn", "ms", 1000.0),
)


TOGETHER = (32, 64)  # learners at once with one dialogue process and with two

# Of ours alone: key, figure, and the lists of seconds in `Raw.growth` under a small and a large load.
GROWTH_ROWS = (
    ("turn_500", "Turn 500 of a conversation beside turn 5", "turn_5", "turn_500"),
    (
        "turn_million",
        "Turn with 1 million attempts stored beside 1 thousand",
        "turn_sqlite_thousand",
        "turn_sqlite_million",
    ),
    ("turn_million_postgres", "The same with PostgreSQL", "turn_postgres_thousand", "turn_postgres_million"),
    ("cpu_million", "Processor time of a turn, the same with SQLite", "cpu_sqlite_thousand", "cpu_sqlite_million"),
    (
        "cpu_million_postgres",
        "Processor time of a turn, the same with PostgreSQL",
        "cpu_postgres_thousand",
        "cpu_postgres_million",
    ),
)


class Row(msgspec.Struct, frozen=True):
    """One figure of both assistants in the same unit; `goal` is the highest (`at_least`: lowest) good ratio, `most`
    the highest good figure of ours.

    In the rows about ours alone, `starter` is ours under the smaller load.
    """

    key: str
    figure: str
    unit: str
    starter: Optional[float]
    ours: Optional[float]
    goal: Optional[float] = None
    at_least: bool = False
    most: Optional[float] = None

    @property
    def ratio(self) -> Optional[float]:
        """Ours divided by the starter's; None where there is nothing to compare."""
        return self.ours / self.starter if self.starter and self.ours is not None else None

    @property
    def met(self) -> Optional[bool]:
        """Whether the goal is met; None where there is no goal or nothing to hold against it."""
        if self.most is not None and self.ours is not None:
            return self.ours <= self.most
        if self.goal is None or self.ratio is None:
            return None
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


class PageRow(msgspec.Struct, frozen=True):
    """How long a page takes, in milliseconds, with so many attempts stored in that database."""

    page: str
    database: str
    attempts: int
    p50: float
    p95: float
    p99: float

    @property
    def met(self) -> bool:
        """Whether 95 of 100 come within PAGE_GOAL."""
        return self.p95 <= PAGE_GOAL


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
    marking: list[float] = msgspec.field(default_factory=list)  # of ours alone, see marking.py
    crowds: dict[str, list[dict[str, Any]]] = msgspec.field(default_factory=lambda: {"starter": [], "ours": []})
    growth: dict[str, Any] = msgspec.field(default_factory=dict)  # ours alone, see growth.py
    stored: list[dict[str, Any]] = msgspec.field(default_factory=list)  # pages and exports of ours, see growth.py
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
    if raw.marking:
        for percent, most in ((50, None), (95, MARKING_GOAL)):
            figure = f"Marking an answer to a question of six key points, one core, {percent} of 100 are faster"
            value = 1000 * percentile(raw.marking, percent)
            rows.append(Row(f"marking_p{percent}", figure, "ms", None, value, most=most))
    rows += _crowd_rows(raw)
    for what, figure, unit, factor in CPU_ROWS:
        both = {name: [factor * seconds for seconds in cpu[what]] for name, cpu in raw.cpu.items()}
        rows.append(_row(f"cpu_{what}", figure, unit, both))
    return rows


def _row(key: str, figure: str, unit: str, both: Mapping[str, list[float]]) -> Row:
    return Row(key, figure, unit, _middle(both["starter"]), _middle(both["ours"]), GOALS.get(key))


def _crowd_rows(raw: Raw) -> list[Row]:
    """Turns a second, and how long a turn takes, with so many learners at once."""
    by = {name: {crowd["learners"]: crowd for crowd in crowds} for name, crowds in raw.crowds.items()}
    rows = []
    for learners in sorted({*by["starter"], *by["ours"]}):
        both = {name: crowds.get(learners) for name, crowds in by.items()}
        key = f"throughput_{learners}"
        speeds = [crowd["turns_per_second"] if crowd else None for crowd in (both["starter"], both["ours"])]
        figure = f"Turns a second with {learners} at once"
        rows.append(Row(key, figure, "/s", speeds[0], speeds[1], AT_LEAST.get(key), at_least=True))
        for percent in (50, 95, 99):
            times = [1000 * percentile(c["times"], percent) if c else None for c in (both["starter"], both["ours"])]
            figure = f"Turn with {learners} at once, {percent} of 100 are faster"
            rows.append(Row(f"crowd_{learners}_p{percent}", figure, "ms", times[0], times[1]))
    return rows


def growth_rows(raw: Raw) -> list[Row]:
    """Ours under a small and a large load."""
    rows = []
    for key, figure, small, large in GROWTH_ROWS:
        values = [raw.growth.get(name) or [] for name in (small, large)]
        for percent in (50, 95) if values[0] or values[1] else ():
            pair = [1000 * percentile(times, percent) if times else None for times in values]
            goal = GOALS.get(key) if percent == 50 else None
            rows.append(
                Row(f"{key}_p{percent}", f"{figure}, {percent} of 100 are faster", "ms", pair[0], pair[1], goal)
            )
    for learners in TOGETHER:
        rates = [raw.growth.get(f"rate_{processes}_{learners}") for processes in (1, 2)]
        if any(rates):
            figure = f"Turns a second with {learners} at once, 2 dialogue processes beside 1"
            rows.append(Row(f"dialogues_{learners}", figure, "/s", *rates))
    return rows


def page_rows(raw: Raw) -> list[PageRow]:
    """Every page with every load and database it was measured with."""
    return [
        PageRow(name, each["database"], each["attempts"], *(1000 * percentile(seconds, p) for p in (50, 95, 99)))
        for each in raw.stored
        for name, seconds in each["pages"].items()
    ]


def page_table(raw: Raw) -> Table:
    """The pages for people, then the exports."""
    table = Table("Page or download", "Attempts", "Database", title="Pages and downloads")
    for name in ("p50", "p95", "p99", "Goal", "Met"):
        table.add_column(name, justify="right")
    for row in page_rows(raw):
        times = (_number(row.p50, "ms"), _number(row.p95, "ms"), _number(row.p99, "ms"))
        met = "[green]yes[/]" if row.met else "[red]no[/]"
        table.add_row(row.page, f"{row.attempts:,}", row.database, *times, f"≤ {PAGE_GOAL:.0f} ms", met)
    for each in raw.stored:
        for name, took in each["exports"].items():
            said = f"first byte {1000 * took['first_byte']:.0f} ms, whole {took['seconds']:.1f} s"
            size = f"{took['megabytes']:.1f} MB, memory + {took['grown_megabytes']:.0f} MB"
            table.add_row(name, f"{each['attempts']:,}", each["database"], said, size)
    return table


def _middle(values: Sequence[float]) -> Optional[float]:
    return float(median(values)) if values else None


def _memory_kind(raw: Raw) -> str:
    kinds = sorted({str(each["kind"]) for each in raw.memory.values()})
    return " / ".join(kinds) or "not measured"


def table_of(rows: Sequence[Row], alone: bool = False) -> Table:
    """The rows for people; `alone`: those of ours under a small and a large load."""
    title = "Rapport under a small and a large load" if alone else "Rapport beside the untouched `rasa init` assistant"
    table = Table("Figure", title=title)
    for name in (*(("Small", "Large") if alone else ("Starter", "Ours")), "Ratio", "Goal", "Met"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.figure,
            _number(row.starter, row.unit),
            _number(row.ours, row.unit),
            "–" if row.ratio is None else f"{row.ratio:.2f}",
            _goal(row),
            {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[row.met],
        )
    return table


def _goal(row: Row) -> str:
    if row.most is not None:
        return f"≤ {_number(row.most, row.unit)}"
    return "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal:.2f}"


def _number(value: Optional[float], unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:.0f} {unit}" if abs(value) >= 100 else f"{value:.1f} {unit}"


def report_of(raw: Raw, about: Mapping[str, Any], complete: bool) -> dict[str, Any]:
    """What goes into the JSON: `about` (machine, versions, date …), the rows with their ratios, and all raw figures."""
    both = [*rows_of(raw), *growth_rows(raw)]
    rows = [{**msgspec.structs.asdict(row), "ratio": row.ratio, "met": row.met} for row in both]
    shown = [{**msgspec.structs.asdict(row), "goal": PAGE_GOAL, "met": row.met} for row in page_rows(raw)]
    return {"format": 3, "complete": complete, **about, "rows": rows, "pages": shown, "raw": msgspec.to_builtins(raw)}


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Write it as JSON, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
