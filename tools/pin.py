"""Pin every package in pyproject.toml: `uv lock --upgrade && uv run --no-sync python tools/pin.py`.

uv's own lock file names the package index's hosts, which this repository must not do; the exact versions are kept as
constraints between two marks in pyproject.toml, so that `uv sync` on a fresh clone resolves to the same set.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
BEGIN, END = "  # pins: made by tools/pin.py\n", "  # end of pins\n"


def pins() -> list[str]:
    """`name==version` of all packages, for the environments named in pyproject.toml."""
    command = ["uv", "export", "--quiet", "--no-hashes", "--no-emit-project", "--no-annotate", "--no-header"]
    lines: list[str] = []
    for which in ((), ("--extra", "tensorflow", "--no-group", "stand-in")):  # one of the two is ever installed
        made = subprocess.run([*command, *which], check=True, text=True, capture_output=True)
        lines += made.stdout.splitlines()
    return sorted({line.split(";")[0].strip() for line in lines if re.match(r"[A-Za-z0-9]", line)}, key=str.lower)


def main() -> None:
    """Write the pins between the marks."""
    text = PROJECT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = "".join(f'  "{pin}",\n' for pin in pins())
    PROJECT.write_text(head + BEGIN + made + END + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
