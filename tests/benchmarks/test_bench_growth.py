"""`rapport bench --growth` as one command, from its start to its table; a small one, and one that cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from benchmarks.growth import enough_room
from benchmarks.systems import CannotMeasure
from bot.settings import ROOT


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot.cli", "bench", "--growth", "--quick", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


@pytest.mark.e2e
@pytest.mark.timeout(1800)  # two minutes on a quiet machine, one more where the model is not trained
def test_the_growth_of_both_databases_is_measured_by_one_command(
    make_postgres_url: Callable[[], str], tmp_path: Path
) -> None:
    out = tmp_path / "bench.json"
    done = bench("--out", str(out), "--postgres", make_postgres_url())
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    assert report["complete"] and report["problem"] is None
    assert [(x["database"], x["attempts"]) for x in report["raw"]["stored"]] == [
        ("sqlite", 1200), ("sqlite", 2000), ("postgres", 1200), ("postgres", 2000)
    ]  # fmt: skip
    assert {"work list, whole centre", "learner"} <= {page["page"] for page in report["pages"]}
    assert "measured with 2,000 stored attempts in postgres" in done.stderr and "Pages and downloads" in done.stdout


def test_a_database_that_will_not_do_is_said_before_anything_is_begun(tmp_path: Path) -> None:
    done = bench("--out", str(tmp_path / "bench.json"), "--postgres", "postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 1 and "cannot be used" in done.stderr and "Traceback" not in done.stderr
    assert json.loads((tmp_path / "bench.json").read_text())["complete"] is False


def test_a_database_with_tables_in_it_is_not_filled(postgres_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="not empty"):
        enough_room((1000,), tmp_path, str(postgres_engine.url))


def test_a_disk_that_is_too_small_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="need about .* GB"):
        enough_room((10**12,), tmp_path, None)
