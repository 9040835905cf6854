"""What the figures depend on: machine, versions, revision, load; and the memory of processes. Linux only."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Optional

PACKAGES = ("rasa", "tensorflow-cpu", "onnxruntime", "tokenizers", "spacy", "numpy", "sqlalchemy", "starlette")


def about_this_run(root: Path) -> dict[str, Any]:
    """Machine, versions, date and git revision."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "revision": git_revision(root),
        "machine": {
            "cpu": _first(r"model name\s*:\s*(.+)", "/proc/cpuinfo") or platform.processor(),
            "cores": os.cpu_count(),
            "cores_usable": len(os.sched_getaffinity(0)),
            "memory_mb": round(int(_first(r"MemTotal:\s*(\d+)", "/proc/meminfo") or 0) * 1.024e-3),
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def git_revision(root: Path) -> Optional[str]:
    """The commit checked out at `root`, read from the files of git; None outside of a repository."""
    try:
        git = root / ".git"
        if git.is_file():  # a worktree
            git = (root / git.read_text().split("gitdir:", 1)[1].strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        common = git / (git / "commondir").read_text().strip() if (git / "commondir").exists() else git
        if (common / ref).exists():
            return (common / ref).read_text().strip()
        packed = (common / "packed-refs").read_text()
        found = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(ref)}$", packed, re.MULTILINE)
        return found[1] if found else None
    except (OSError, IndexError):
        return None


def load_average() -> list[float]:
    """Processes that wanted to run, over 1, 5 and 15 minutes."""
    return [round(each, 2) for each in os.getloadavg()]


def _version(package: str) -> Optional[str]:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _first(pattern: str, file: str) -> Optional[str]:
    try:
        found = re.search(pattern, Path(file).read_text())
    except OSError:
        return None
    return found[1].strip() if found else None


def process_tree(pid: int) -> list[tuple[int, str]]:
    """`pid` and all processes below it that are alive, each with its start time (a pid alone may be used again)."""
    parents: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        stat = _stat(int(folder.name))
        if stat is not None:
            parents[int(folder.name)] = stat
    tree, found = [pid], {pid}
    for one in tree:
        for child, (parent, _) in parents.items():
            if parent == one and child not in found:
                found.add(child)
                tree.append(child)
    return [(one, parents[one][1]) for one in tree if one in parents]


def processor_seconds(pids: Iterable[int]) -> float:
    """Processor time that these processes, and children of theirs that have ended, have used."""
    return sum(sum(int(ticks) for ticks in stat[11:15]) for stat in map(_fields, pids) if stat) / os.sysconf(
        "SC_CLK_TCK"
    )


def same_process(pid: int, started: str) -> bool:
    """Whether the process `pid` that began at `started` is still running."""
    stat = _stat(pid)
    return stat is not None and stat[1] == started


def _stat(pid: int) -> Optional[tuple[int, str]]:
    """Parent and start time; None for a process that is gone or a zombie."""
    fields = _fields(pid)
    return None if not fields or fields[0] in "ZX" else (int(fields[1]), fields[19])


def _fields(pid: int) -> list[str]:
    """What stands after the name in /proc/PID/stat: state, parent …; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def memory_of(pids: Iterable[int]) -> dict[str, Any]:
    """`kind` (PSS, or RSS where a PSS cannot be read), `total` in MB, `each` process with its command line."""
    all_pids = list(pids)
    pss = {pid: kilobytes(f"/proc/{pid}/smaps_rollup", "Pss") for pid in all_pids}
    rss = {pid: kilobytes(f"/proc/{pid}/status", "VmRSS") for pid in all_pids}
    kind = "RSS" if None in pss.values() else "PSS"
    used = rss if kind == "RSS" else pss
    each = [
        {"command": _command(pid), "pss_mb": _megabytes(pss[pid]), "rss_mb": _megabytes(rss[pid])} for pid in all_pids
    ]
    return {"kind": kind, "total": sum(_megabytes(value) or 0.0 for value in used.values()), "each": each}


def _megabytes(kilobytes: Optional[int]) -> Optional[float]:
    return None if kilobytes is None else round(kilobytes * 1.024e-3, 1)


def kilobytes(file: str, name: str) -> Optional[int]:
    found = _first(rf"(?m)^{name}:\s*(\d+) kB", file)
    return int(found) if found else None


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return " ".join([Path(words[0]).name, *words[1:]]).strip()[:120]
