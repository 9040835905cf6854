"""docs/operating.md: its commands, as they stand there, bring up the PostgreSQL form by processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from bot.settings import ROOT
from bot.training import child_environment
from bot.up import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

SET_BY_SOMEBODY_ELSE = re.compile(r"RAPPORT_|DATABASE_URL|TELEGRAM|PG")


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.M | re.S)


def test_the_commands_of_the_page_bring_it_up_and_the_smoke_test_passes(
    tmp_path: Path, make_postgres_url: Callable[[], str]
) -> None:
    """In one shell, in the page's order; only the place of the project, the ports and the database are given."""
    for program in ("bash", "curl", "openssl", "createdb", "dropdb"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not there")
    url = make_url(make_postgres_url())
    ports = free_ports(4)
    given = {
        "RAPPORT_HOME": str(ROOT), "RAPPORT_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT),
        "PGHOST": str(url.host), "PGPORT": str(url.port), "PGUSER": str(url.username),
        "PGDATABASE": f"{url.database}_page",
        **{name: str(port) for name, port in zip(("WEB1", "WEB2", "DIALOGUE1", "DIALOGUE2"), ports)},
    }  # fmt: skip
    (tmp_path / "data").mkdir()
    (ROOT / "var" / "cache").mkdir(parents=True, exist_ok=True)
    (tmp_path / "data" / "cache").symlink_to(ROOT / "var" / "cache")  # vectors that were made before are used
    env = {name: value for name, value in child_environment().items() if not SET_BY_SOMEBODY_ELSE.match(name)}
    script = "set -eux\n" + "\n".join(blocks(ROOT / "docs" / "operating.md"))
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=tmp_path, env={**env, **given}, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=1000)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        drop = ["dropdb", "--if-exists", "--force", given["PGDATABASE"]]
        subprocess.run(drop, env={**os.environ, **given}, capture_output=True)
    logs = "".join(path.read_text() for path in (tmp_path / "data" / "logs").glob("*.log"))
    assert process.returncode == 0, said[-4000:] + logs[-2000:]
    assert said.count("Rapport works.") == 2
    assert said.count("database: ok\ndialogue: ok\n") == 2
    assert "/invitation/" in said and "The audit chain is whole" in said
    assert (tmp_path / "data" / "first.backup").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "rapport.env").stat().st_mode & 0o077 == 0
    assert "Traceback" not in logs
