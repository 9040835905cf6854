"""The pure parts of the benchmark; nothing here is timed."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from benchmarks import plots
from benchmarks.answers import Learner
from benchmarks.centre import fill
from benchmarks.figures import (
    Raw,
    Row,
    growth_rows,
    page_rows,
    page_table,
    percentile,
    report_of,
    rows_of,
    table_of,
    turn_times,
    write_report,
)
from benchmarks.machine import about_this_run, git_revision, memory_of, process_tree, same_process
from benchmarks.pages import cast_of
from benchmarks.systems import Starter, environment
from benchmarks.talking import PATHS, examples
from bot.records import assessment_tables as a
from bot.records import audit, people
from bot.records import tables as t
from bot.records.engine import open_engine
from bot.records.store import Records
from bot.settings import ROOT, read_settings
from bot.syllabus.loader import load


def raw() -> Raw:
    made = Raw()
    made.training = {"starter": [100.0, 120.0, 110.0], "ours": [33.0]}
    made.preparing = [12.0]
    made.start_ready = {"starter": [20.0], "ours": [10.0]}
    made.start_first_answer = {"starter": [25.0], "ours": [5.0]}
    made.memory = {"starter": {"kind": "PSS", "total": 1000.0}, "ours": {"kind": "PSS", "total": 800.0}}
    made.turns = {
        "starter": [{"seconds": s / 1000, "counts": True} for s in range(1, 102)],
        "ours": [{"seconds": 0.0102, "counts": True}, {"seconds": 9.0, "counts": False}],
    }
    return made


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1.0), (50, 2.5), (95, 3.85), (100, 4.0)], ids=["least", "middle", "95", "most"]
)
def test_a_percentile_lies_straight_between_its_neighbours(percent: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == pytest.approx(expected)


def test_a_percentile_of_one_value_is_that_value_and_of_none_an_error() -> None:
    assert percentile([7.0], 99) == 7.0
    with pytest.raises(ValueError):
        percentile([], 50)


def test_turns_that_do_not_count_are_left_out_of_the_times() -> None:
    assert turn_times(raw().turns["ours"]) == pytest.approx([10.2])


def test_the_rows_hold_medians_ratios_and_whether_the_goal_is_met() -> None:
    rows = {row.key: row for row in rows_of(raw())}
    assert rows["training"].starter == 110.0
    assert rows["training"].ratio == pytest.approx(0.3)
    assert rows["training"].met is True
    assert rows["start_ready"].met is False
    assert rows["memory"].met is False
    assert rows["turn_p50"].starter == pytest.approx(51.0)
    assert rows["turn_p99"].met is None
    assert (rows["preparing"].ratio, rows["preparing"].met) == (None, None)


def test_a_role_play_turn_stands_beside_the_practice_turn() -> None:
    made = raw()
    made.roleplay = [{"seconds": 0.008, "counts": True}, {"seconds": 1.0, "counts": False}]
    row = next(row for row in rows_of(made) if row.key == "roleplay_p95")
    assert row.ours == pytest.approx(8.0) and "a practice turn: 10.2 ms" in row.figure


def test_a_ratio_that_is_exactly_the_goal_meets_it() -> None:
    assert Row("memory", "", "MB", 1000.0, 900.0, 0.9).met is True


def test_throughput_is_better_the_higher_it_is() -> None:
    crowded = raw()
    for name, speed in (("starter", 10.0), ("ours", 41.0)):
        crowded.crowds[name] = [{"learners": 32, "turns_per_second": speed, "times": [0.1, 0.3]}]
    rows = {row.key: row for row in rows_of(crowded)}
    assert rows["throughput_32"].ratio == pytest.approx(4.1) and rows["throughput_32"].met is True
    assert rows["crowd_32_p50"].ours == pytest.approx(200.0)
    crowded.crowds["ours"][0]["turns_per_second"] = 39.0
    assert {row.key: row.met for row in rows_of(crowded)}["throughput_32"] is False
    shown = io.StringIO()
    Console(file=shown, width=160).print(table_of(rows_of(crowded)))
    assert "≥ 4.00" in shown.getvalue()


def test_growth_is_ours_under_a_large_load_beside_a_small_one() -> None:
    grown = raw()
    assert growth_rows(grown) == []
    grown.growth = {"turn_5": [0.010, 0.012], "turn_500": [0.0121, 0.0123], "turn_sqlite_thousand": [0.01]}
    rows = {row.key: row for row in growth_rows(grown)}
    assert rows["turn_500_p50"].ratio == pytest.approx(12.2 / 11.0) and rows["turn_500_p50"].met is True
    assert rows["turn_500_p95"].goal is None
    assert rows["turn_million_p50"].ratio is None


def test_the_memory_row_says_how_memory_was_read() -> None:
    mixed = raw()
    mixed.memory["ours"]["kind"] = "RSS"
    assert "(PSS / RSS)" in next(row.figure for row in rows_of(mixed) if row.key == "memory")


def test_the_table_shows_every_figure_and_says_no_where_a_goal_is_missed() -> None:
    shown = io.StringIO()
    Console(file=shown, width=160).print(table_of(rows_of(raw())))
    text = shown.getvalue()
    for row in rows_of(raw()):
        assert row.figure in text
    line = next(line for line in text.splitlines() if "until ready" in line)
    assert "20.0 s" in line and "10.0 s" in line and "0.50" in line and "≤ 0.20" in line and "no" in line


def test_a_run_that_was_cut_short_still_gives_a_table_and_a_report(tmp_path: Path) -> None:
    table_of(rows_of(Raw()))
    write_report(report_of(Raw(), {"problem": "Stopped"}, complete=False), tmp_path / "new" / "bench.json")
    read = json.loads((tmp_path / "new" / "bench.json").read_text())
    assert read["complete"] is False and read["problem"] == "Stopped"
    assert all(row["ratio"] is None for row in read["rows"])


def test_the_report_keeps_every_raw_figure_and_the_machine(tmp_path: Path) -> None:
    write_report(report_of(raw(), about_this_run(ROOT), complete=True), tmp_path / "bench.json")
    read = json.loads((tmp_path / "bench.json").read_text())
    assert read["raw"] == json.loads(msgspec.json.encode(raw()))
    assert read["machine"]["cores"] and read["versions"]["rasa"] == "3.6.21" and read["date"]


def test_two_raws_share_nothing() -> None:
    one = Raw()
    one.training["ours"].append(1.0)
    one.load.append({})
    assert Raw().training["ours"] == [] and Raw().load == []


def test_the_revision_is_read_from_loose_packed_and_detached_heads(tmp_path: Path) -> None:
    assert git_revision(tmp_path) is None
    git, commit = tmp_path / ".git", "a" * 40
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert git_revision(tmp_path) is None
    (git / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    assert git_revision(tmp_path) == commit
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    assert git_revision(tmp_path) == "b" * 40
    (git / "HEAD").write_text("c" * 40 + "\n")
    assert git_revision(tmp_path) == "c" * 40


def test_the_tree_of_a_process_has_its_children_and_their_memory_adds_up() -> None:
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        tree = process_tree(process.pid)
        while len(tree) < 2:
            tree = process_tree(process.pid)
        memory = memory_of([pid for pid, _ in tree])
        process.communicate(b"\n")
    assert memory["kind"] in {"PSS", "RSS"} and memory["total"] > 0 and len(memory["each"]) == 2
    assert not any(same_process(pid, started) for pid, started in tree)
    assert process_tree(os.getpid())[0][0] == os.getpid()


def test_answers_are_all_different_and_the_same_for_the_same_seed() -> None:
    questions = [q for q in load(read_settings({}).knowledge).questions.values() if q.form == "open"]
    one, other = Learner(5), Learner(5)
    given = [one.answer(q, [q.expectations[0].id]) for q in questions * 5]
    assert given == [other.answer(q, [q.expectations[0].id]) for q in questions * 5]
    assert len(set(given)) == len(given) and all(given)
    authored = {p for q in questions for e in q.expectations for p in e.phrasings}
    assert not authored & set(given)


def test_the_starter_is_what_rasa_init_makes_and_has_every_sentence_its_talk_needs(tmp_path: Path) -> None:
    starter = Starter(tmp_path / "starter", tmp_path, Path(sys.executable))
    assert {"config.yml", "domain.yml", "data", "actions"} <= {p.name for p in starter.folder.iterdir()}
    known = examples(starter.folder / "data" / "nlu.yml")
    assert all(known[intent] for path in PATHS for intent in path)


NOW = datetime(2026, 11, 24, 9, tzinfo=timezone.utc)


def test_a_made_up_centre_fits_the_tables_and_its_pages_open(engine: Engine) -> None:
    syllabus, told = load(ROOT / "knowledge"), []
    assert fill(engine, syllabus, 1200, NOW, told.append) == 1200 and told[-1] == 1200
    assert fill(engine, syllabus, 1000, NOW, told.append) == 1200
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
        for table in (t.coverage, t.dispute, a.override, a.decision, a.sample, t.tutor_request):
            assert connection.execute(select(func.count()).select_from(table)).scalar() > 0, table.name
        assert connection.execute(select(t.attempt.c.made_at)).scalars().first().tzinfo is not None
    records = Records(engine)
    assert audit.verify(records).broken_at is None
    assert people.add_person(records, "New", ["learner"], NOW) > 0  # ids go on after those that were written
    cast = cast_of(records)
    assert set(cast.who) == {v.who for v in [*cast.pages(), *cast.exports()]}


def test_the_same_seed_makes_the_same_centre(sqlite_template: Path, tmp_path: Path) -> None:
    found = []
    for name in ("one", "other"):
        shutil.copy(sqlite_template, tmp_path / name)
        engine = open_engine(f"sqlite:///{tmp_path / name}")
        fill(engine, load(ROOT / "knowledge"), 300, NOW, lambda done: None)
        with engine.connect() as connection:
            found.append(connection.execute(select(t.attempt.c.answer, t.attempt.c.made_at)).fetchall())
        engine.dispose()
    assert found[0] == found[1]


def test_pages_are_shown_with_their_goal() -> None:
    made = raw()
    export = {"first_byte": 0.1, "seconds": 1.0, "megabytes": 2.0, "grown_megabytes": 3.0}
    made.stored = [
        {
            "database": "sqlite",
            "attempts": 10,
            "pages": {"fast": [0.1], "slow": [0.1, 0.9]},
            "exports": {"csv": export},
        }
    ]
    assert [(row.page, row.met) for row in page_rows(made)] == [("fast", True), ("slow", False)]
    assert [row["met"] for row in report_of(made, {}, complete=True)["pages"]] == [True, False]
    shown = io.StringIO()
    Console(file=shown, width=160).print(page_table(made))
    assert "≤ 300 ms" in shown.getvalue() and "first byte 100 ms" in shown.getvalue()


def test_nobodys_real_system_is_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAPPORT_DATA", "RAPPORT_MODELS", "DATABASE_URL", "TELEGRAM_TOKEN", "RASA_CACHE_DIRECTORY"):
        monkeypatch.setenv(name, "/real")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    made = environment(RAPPORT_PORT="1")
    assert "/real" not in made.values() and "PYTHONDONTWRITEBYTECODE" not in made
    assert made["RASA_TELEMETRY_ENABLED"] == "false" and made["RAPPORT_PORT"] == "1"


def test_plots_are_made_from_the_json_for_what_it_holds(tmp_path: Path) -> None:
    full = raw()
    for name in ("starter", "ours"):
        full.crowds[name] = [{"learners": n, "turns_per_second": 5.0 * n, "times": [0.1, 0.2]} for n in (1, 32)]
    full.stored = [{"database": "sqlite", "attempts": 10, "pages": {"work": [0.1]}, "exports": {}}]
    full.growth = {"turn_5": [0.01], "turn_500": [0.011]}
    write_report(report_of(full, {}, complete=True), tmp_path / "bench.json")
    assert plots.main([str(tmp_path / "bench.json"), str(tmp_path)]) == 0
    wanted = {f"bench-{name}.png" for name in ("against", "crowd", "growth", "pages")}
    assert {p.name for p in tmp_path.glob("*.png")} == wanted
    assert plots.main([str(tmp_path / "none.json"), str(tmp_path)]) == 1


def test_the_time_of_marking_has_a_goal_of_its_own() -> None:
    raw = Raw(marking=[0.010, 0.012, 0.050])
    rows = {row.key: row for row in rows_of(raw)}
    assert rows["marking_p95"].met is True
    assert rows["marking_p50"].met is None
    raw.marking = [0.070]
    assert {row.key: row for row in rows_of(raw)}["marking_p95"].met is False
