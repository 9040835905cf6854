"""A minute of kills and other mishaps in the real system: nothing is lost, nothing is doubled.

`python -m tests.faults.harness --database postgresql` is the long form (ten minutes, 44 kills).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.faults.harness import run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
OUTPUT = Path(os.environ.get("RAPPORT_CI_OUTPUT") or ROOT / "tests" / "output")


@pytest.mark.parametrize(("kind", "seconds", "kills"), [("sqlite", 30, 4), ("postgresql", 60, 8)])
def test_a_minute_of_faults_loses_and_doubles_nothing(kind: str, seconds: float, kills: int) -> None:
    possible = os.geteuid() == 0 and any(Path("/usr/lib/postgresql").glob("*/bin")) and shutil.which("runuser")
    if kind == "postgresql" and not possible:
        if os.environ.get("CI") == "true":
            pytest.fail("a PostgreSQL server of its own cannot be started: it needs root and Debian's postgresql")
        pytest.skip("needs root and Debian's postgresql, to start a server of its own")
    with tempfile.TemporaryDirectory(prefix="rapport-faults-") as folder:  # pytest's own is closed to the user postgres
        report = run(Path(folder), kind, seconds, kills, seed=11, web=6, phones=2)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / f"faults-{kind}.json").write_text(json.dumps(asdict(report), indent=2), encoding="utf-8")
    assert report.good(), report
    assert report.kills >= kills / 2 and report.answered > 10 and report.attempts > 0, report
