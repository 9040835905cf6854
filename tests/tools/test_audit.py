"""What the audit of packages says."""

from __future__ import annotations

import sys

import pytest

from bot.settings import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import audit


def report(**more: object) -> dict:
    found = {"id": "PYSEC-1", "aliases": ["CVE-2024-1"], "fix_versions": ["2.0"], **more}
    return {
        "dependencies": [{"name": "x", "version": "1.0", "vulns": [found]}, {"name": "y", "version": "1", "vulns": []}]
    }


@pytest.mark.parametrize("judged", ["CVE-2024-1: not reached", "PYSEC-1"])
def test_an_advisory_that_is_judged_under_any_of_its_ids_is_passed_over(judged: str) -> None:
    assert audit.unjudged(report(), judged) == []


def test_an_advisory_that_is_not_judged_is_named_with_the_version_that_fixes_it() -> None:
    assert audit.unjudged(report(), "CVE-2023-9") == ["x 1.0: PYSEC-1 (fixed in 2.0)"]
    assert "no version" in audit.unjudged(report(fix_versions=[]), "")[0]
