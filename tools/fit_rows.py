"""Rows made by several processes and kept between runs; which questions the encoder has seen."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from pathlib import Path
from typing import Any

from bot.marking.head import FOLDER


def seen_by_encoder() -> tuple[frozenset[str], frozenset[str]]:
    """Ids of the bank's questions and of the short-answer questions on which the encoder was fine-tuned.

    Their vectors are better than those of new questions will be, so the head is fitted and measured without them.
    """
    path = FOLDER / "tuned" / "seen.json"
    if not path.exists():
        return frozenset(), frozenset()
    seen = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(seen["questions"]), frozenset(seen["answers"])


def gather(function: Any, jobs: list[Any], processes: int, what: str) -> list[Any]:
    """What comes of each job, in their order, with progress."""
    out: list[Any] = []
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for done, part in enumerate(pool.imap(function, jobs), 1):
            out.append(part)
            if done % 10 == 0 or done == len(jobs):
                print(f"{what}: {done} of {len(jobs)}", flush=True)
    return out


def joined(parts: list[list[Any]]) -> list[Any]:
    """The rows of all parts."""
    return [row for part in parts for row in part]


SHARED = ("encoder", "lexicon", "spelling", "slips", "linguistics", "pieces", "shelf", "alignment")


def code_stamp(*modules: str) -> str:
    """A hash of the code that makes features, so that kept rows are made again when it changes."""
    files = [FOLDER.parent / f"{name}.py" for name in (*SHARED, *modules)]
    files += [FOLDER / "lexicon.json", FOLDER / "tuned" / "manifest.json"]
    files += [Path(__file__).with_name(f"fit_{name}.py") for name in ("samples", "turns", "lenses")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
