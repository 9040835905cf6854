"""What a fit says of itself: figures on the marked answers; the figures put into the model card and the docs."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "marking"))

from measures import agreement, changed_by_slips, flips_of_answers, flips_of_phrasings, judged, marked  # noqa: E402

from bot.marking.head import FOLDER  # noqa: E402
from bot.marking.marker import Marker  # noqa: E402
from bot.syllabus.loader import load  # noqa: E402

CARD, DOCS = FOLDER / "MODEL_CARD.md", ROOT / "docs" / "marking.md"
PARTS = ("sciEntsBank", "beetle", "both", "authored", "authored, the reference's own words")


def marked_figures(cache: Path) -> dict[str, Any]:
    """The new head on answers never used in fitting, on the same turned round and misspelt, and on turned phrasings."""
    questions, marker = load(ROOT / "knowledge").questions, Marker(cache=cache)
    found = marked(questions, marker)
    pairs = judged(questions, found)
    accuracy, kappa = agreement(pairs)
    kinds: dict[str, dict[str, float]] = {}
    for kind in sorted({kind for kind, _, _ in pairs}):
        for name, truth in (("found", True), ("credited wrongly", False)):
            said = [program for each, person, program in pairs if each == kind and person == truth]
            if said:
                kinds.setdefault(kind, {})[name] = sum(said) / len(said)
    flips = {}
    for name, some in (
        ("authored phrasings", flips_of_phrasings(questions, marker)),
        ("marked answers", flips_of_answers(questions, marker, found)),
    ):
        ways = defaultdict(list)
        for flip in some:
            ways[flip.way].append(flip.flipped)
        all_of_them = [flip.flipped for flip in some]
        flips[name] = {"all": sum(all_of_them) / len(all_of_them)} | {w: sum(f) / len(f) for w, f in ways.items()}
    slips = changed_by_slips(questions, marker, found)
    return {
        "answers": len(found),
        "key points": len(pairs),
        "accuracy": accuracy,
        "kappa": kappa,
        "kinds": kinds,
        "no longer met when turned round": flips,
        "verdict changed by slips": sum(slips) / len(slips),
    }


def write(figures: dict[str, Any]) -> None:
    """Put the figures into the model card and docs/marking.md, between their marks."""
    (FOLDER / "metrics.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    _fill(CARD, {"content": _content(figures), "references": _references(figures), "answers": _answers(figures)})
    _fill(DOCS, {"answers": _answers(figures)})


def _fill(path: Path, texts: dict[str, str]) -> None:
    whole = path.read_text(encoding="utf-8")
    for name, text in texts.items():
        start, end = f"<!-- figures: {name} -->\n", "<!-- end of figures -->"
        before, mark, rest = whole.partition(start)
        _, close, after = rest.partition(end)
        if not mark or not close:
            raise SystemExit(f"{path}: the marks of the figures {name} are missing")
        whole = before + start + text + end + after
    path.write_text(whole, encoding="utf-8")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _content(figures: dict[str, Any]) -> str:
    points, wrongs = figures["expectations, topics held out"], figures["misconceptions, topics held out"]
    lines = [
        "| key points, topics held out | nearest text hidden | nothing hidden |",
        "|---|---|---|",
    ]
    for kind, name, what in (
        ("phrasing", "phrasing met", "met of true"),
        ("slips", "phrasing with slips met", "met of true"),
        ("joined", "point met in an answer of several", "met of true"),
        ("counter", "counter met wrongly", "met of false"),
        ("negated", "phrasing turned round met wrongly", "met of false"),
        ("mixed", "likewise, beside another point", "met of false"),
        ("wrong", "misconception met wrongly", "met of false"),
        ("echo", "the question's own words met wrongly", "met of false"),
        ("vague", "vague answer met wrongly", "met of false"),
    ):
        known = points.get(f"known-{kind}")
        lines.append(f"| {name} | {_percent(points[kind][what])} | {_percent(known[what]) if known else ''} |")
    return "\n".join(
        [
            f"{points['rows']:,} pairs of answer and key point: accuracy {points['accuracy']:.2f}, kappa "
            f"{points['kappa']:.2f}, precision {points['precision']:.2f}, recall {points['recall']:.2f}, calibration "
            f"error {points['ece']:.3f}.",
            "",
            *lines,
            "",
            f"Misconceptions (topics held out, unseen wording): precision {wrongs['precision']:.2f}, recall "
            f"{wrongs['recall']:.2f}; in the bank's wording {_percent(wrongs['known-wrong']['met of true'])} found; "
            f"claimed for {_percent(wrongs['phrasing']['met of false'])} of right answers.",
            "",
        ]
    )


def _references(figures: dict[str, Any]) -> str:
    lines = [
        "| plain references | 2-way macro-F1 | accuracy | surest half | ECE | 3-way macro-F1 |",
        "|---|---|---|---|---|---|",
    ]
    names = ("2-way macro-F1", "2-way accuracy", "accuracy of the surest half", "ece", "3-way macro-F1")
    for held_out in ("questions held out", "modules held out"):
        for part in PARTS:
            some = figures[f"{held_out}: {part}"]
            lines.append(f"| {part}, {held_out} | " + " | ".join(f"{some[name]:.3f}" for name in names) + " |")
    return "\n".join(lines) + "\n"


def _answers(figures: dict[str, Any]) -> str:
    some = figures["marked answers"]
    lines = ["| kind of answer | its points found | others credited wrongly |", "|---|---|---|"]
    for kind, shares in some["kinds"].items():
        cells = [_percent(shares[name]) if name in shares else "" for name in ("found", "credited wrongly")]
        lines.append(f"| {kind.replace('_', ' ')} | {cells[0]} | {cells[1]} |")
    turned = some["no longer met when turned round"]
    ways = [
        f"{name} {_percent(shares['all'])} (worst way: {min(shares, key=lambda way: shares[way]).replace('_', ' ')} "
        f"{_percent(min(shares.values()))})"
        for name, shares in turned.items()
    ]
    return "\n".join(
        [
            f"{some['answers']} answers, {some['key points']:,} key points: accuracy {some['accuracy']:.3f}, kappa "
            f"{some['kappa']:.2f}.",
            "",
            *lines,
            "",
            f"No longer met when the clause that met the point is turned round: {'; '.join(ways)}. One or two slips in "
            f"an answer change the verdict of {100 * some['verdict changed by slips']:.1f} %.",
            "",
        ]
    )
