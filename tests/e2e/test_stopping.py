"""Runs last of the end-to-end tests: it stops the session's system."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import System

pytestmark = pytest.mark.e2e


def test_ctrl_c_stops_everything(system: System) -> None:
    """The last test of the session's system: it stops by itself and leaves no process."""
    assert system.stop() == 0
    assert "Rapport has stopped." in system.log.read_text()
    assert not (system.data / "run.json").exists()
