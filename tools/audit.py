"""Ask pip-audit about every pinned package: `uv run --with pip-audit python tools/audit.py`.

Ends with 0 where every advisory found is named in docs/security.md, 1 where one is not (they are printed), 2 where the
advisory service could not be asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pin import BEGIN, END, PROJECT

JUDGED = PROJECT.parent / "docs" / "security.md"


def unjudged(report: dict[str, list[dict[str, object]]], judged: str) -> list[str]:
    """`package version: advisory` of each that `judged` names by none of its ids; `report` as pip-audit prints it."""
    lines = []
    for package in report["dependencies"]:
        for found in package.get("vulns", []):  # type: ignore[attr-defined]
            if not any(id in judged for id in (found["id"], *found.get("aliases", []))):
                fixed = ", ".join(found.get("fix_versions", [])) or "no version"
                lines.append(f"{package['name']} {package['version']}: {found['id']} (fixed in {fixed})")
    return lines


def main() -> int:
    """Audit the pins between the marks of pyproject.toml."""
    pins = PROJECT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(line.strip().strip('",') for line in pins.splitlines()))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-f", "json", "-r", file.name]
        done = subprocess.run(command, text=True, capture_output=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        print(f"The advisory service could not be asked: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return 2
    skipped = [package["name"] for package in report["dependencies"] if "skip_reason" in package]
    if skipped:
        print(f"The advisory service did not answer for {len(skipped)} packages, {skipped[0]} first.", file=sys.stderr)
        return 2
    found = unjudged(report, JUDGED.read_text(encoding="utf-8"))
    print("\n".join(found) or "Every advisory found is judged in docs/security.md.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
