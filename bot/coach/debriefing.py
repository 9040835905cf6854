"""The debrief as lines to say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from bot.coaching.debrief import Debrief, Finding
from bot.coaching.gaps import plain
from bot.coaching.model import Line, shorten

LONGEST_QUOTE = 110  # characters
SHOWN = 2  # findings of each kind in the chat; the page has all
NO_WORDS = frozenset(
    {
        "skip",
        "no",
        "none",
        "nothing",
        "never",
        "not yet",
        "no idea",
        "dont know",
        "i dont know",
        "idk",
        "nope",
        "stop",
        "-",
    }
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL_DAYS = 7
LOST = ("walks_away", "goes_to_manager")


def asked_to_skip(text: str) -> bool:
    """Whether a question after the play is to be left out."""
    return plain(text) in NO_WORDS or not plain(text)


def effect(temper: int, trust: int) -> str:
    """What was done to the customer, as figures."""
    parts = [f"{name} {by:+d}" for name, by in (("mood", temper), ("trust", trust)) if by]
    return ", ".join(parts) or "±0"


def listed(criteria: Iterable[str]) -> str:
    """Criteria as people write them: `D1 2.2, NOS P9`."""
    return ", ".join(f"{unit.upper()} {id}" for unit, _, id in (c.partition("/") for c in sorted(criteria, key=_order)))


def _order(criterion: str) -> tuple[str, list[int]]:
    unit, _, id = criterion.partition("/")
    return unit, [int(n) for n in re.findall(r"\d+", id)]


def due_on(text: str, now: datetime) -> date:
    """The day to be reminded: the weekday or "tomorrow" that was named, else in a week."""
    words = plain(text).split()
    today = now.date()
    if "tomorrow" in words:
        return today + timedelta(days=1)
    for number, name in enumerate(WEEKDAYS):
        if name in words and not re.search(rf"\b(?:last|on) {name}\b", " ".join(words)):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return today + timedelta(days=USUAL_DAYS)


def of_units(criteria: Iterable[str], units: Collection[str]) -> list[str]:
    """The criteria of these units, in order; all of them where none is."""
    kept = list(criteria)
    return [c for c in kept if c.partition("/")[0] in units] or kept


def debrief_lines(found: Debrief, run: int, units: Collection[str]) -> list[Line]:
    """What is said after the learner's own word; short, and of the learner's `units`: the page has the rest."""
    lines = [Line("utter_debrief_head")]
    good = [f for f in found.findings if f.level == "good"]
    fair = [f for f in found.findings if f.level == "fair"]
    rest = [f for f in found.findings if f.level in ("poor", "not_shown")]
    lines += [_finding(f) for f in (*good[:SHOWN], *fair[:SHOWN], *rest[:SHOWN])]
    lines += _keep_start_stop(found)
    if found.better_than:
        lines.append(Line("utter_debrief_better", {"criteria": listed(of_units(found.better_than, units))}))
    if found.worse_than:
        lines.append(
            Line(
                "utter_debrief_worse",
                {"criteria": listed(of_units(found.worse_than, units))},
                join=bool(found.better_than),
            )
        )
    if found.kind in LOST and found.turning_point:
        lines.append(Line("utter_debrief_again", {"turn": str(found.turning_point)}, join=True))
    practised = of_units(found.practised(), units)
    args = {"criteria": listed(practised), "page": f"/role-plays/{run}"}
    return [*lines, Line("utter_debrief_practised" if practised else "utter_debrief_not_practised", args)]


def _finding(finding: Finding) -> Line:
    args = {"label": finding.label, "seen": finding.text, "better": finding.better}
    if not finding.quotes:
        return Line(f"utter_debrief_{finding.level}_plain", args, join=True)
    quote = finding.quotes[0]
    args.update(
        quote=shorten(quote.text, LONGEST_QUOTE), effect=effect(quote.temper, quote.trust), turn=str(quote.turn)
    )
    return Line(f"utter_debrief_{finding.level}", args, join=True)


def _keep_start_stop(found: Debrief) -> list[Line]:
    lines = []
    if found.keep is not None:
        keep = found.findings[found.keep]
        lines.append(Line("utter_debrief_keep", {"label": keep.label}))
    if found.start is not None:
        start = found.findings[found.start]
        lines.append(Line("utter_debrief_start", {"label": start.label, "better": start.better}, join=bool(lines)))
    if found.hurt is not None:
        quote = {
            "quote": shorten(found.hurt.text, LONGEST_QUOTE),
            "effect": effect(found.hurt.temper, found.hurt.trust),
        }
        lines.append(Line("utter_debrief_stop", quote, join=bool(lines)))
    else:
        lines.append(Line("utter_debrief_no_stop", join=bool(lines)))
    return lines
