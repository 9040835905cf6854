"""A role-play to re-read: its turns, moves, effects, the mood curve and the debrief. Practice, never evidence."""

from __future__ import annotations

from typing import Any, Optional

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.coaching.debrief import Finding
from bot.coaching.roleplay import Played
from bot.records import reports, roleplays
from bot.records.people import Session
from bot.records.roleplays import Run
from bot.syllabus.scenario import SCALE
from bot.web.guard import Form, Web
from bot.web.seeing import saw

WIDTH, HEIGHT, LEFT, TOP, STEP = 640, 190, 34, 14, 16  # of the curve; STEP: units of height for one of temper


class Sentence(msgspec.Struct, frozen=True):
    """A sentence of the learner's with its moves and what they did."""

    text: str
    moves: tuple[str, ...]
    temper: int
    trust: int


class Curve(msgspec.Struct, frozen=True):
    """The mood curve as an SVG needs it: points (x, y, temper), and the same as a line."""

    width: int
    height: int
    points: tuple[tuple[float, float, int], ...]
    line: str
    grid: tuple[tuple[float, int], ...]


def show(request: Request, web: Web, session: Session) -> Response:
    """One run, for the learner and for those who may see them; 404 for a stranger's as for nobody's."""
    run = _visible(web, session, request.path_params["roleplay_id"])
    saw(web, session, run.person_id)
    scenario = web.syllabus.scenarios.get(run.scenario_id)
    about = {s.id: s.about for s in scenario.situations} if scenario else {}
    return web.pages.page(
        request,
        "roleplay.html",
        run=run,
        mine=run.person_id == session.person.id,
        turns=[_turn(number, turn, about, run) for number, turn in enumerate(run.turns, 1)],
        curve=curve(run.moods()),
        findings=_findings(web, run),
        practised=_named(web, tuple(run.debrief.practised()) if run.debrief else ()),
        better=_named(web, run.debrief.better_than if run.debrief else ()),
        worse=_named(web, run.debrief.worse_than if run.debrief else ()),
        scenario=scenario,
    )


async def reminder_done(request: Request, web: Web, session: Session, form: Form) -> Response:
    """Take a reminder off the list."""
    id: int = request.path_params["reminder_id"]
    await run_in_threadpool(roleplays.close_reminder, web.records, session.person.id, id, web.clock())
    return RedirectResponse("/progress#work", 303)


def curve(moods: tuple[int, ...]) -> Curve:
    """Where the points of a mood curve lie."""
    across = (WIDTH - LEFT - 20) / max(1, len(moods) - 1)
    points = tuple((round(LEFT + i * across, 1), _y(mood), mood) for i, mood in enumerate(moods))
    line = " ".join(f"{x},{y}" for x, y, _ in points)
    return Curve(WIDTH, HEIGHT, points, line, tuple((_y(mood), mood) for mood in (0, SCALE // 2, SCALE)))


def _y(mood: int) -> float:
    return float(TOP + (SCALE - mood) * STEP)


def _visible(web: Web, session: Session, roleplay_id: int) -> Run:
    run: Optional[Run] = roleplays.run_of(web.records, roleplay_id)
    if run is None:
        raise HTTPException(404)
    if run.person_id != session.person.id and not reports.learner_seen_by(web.records, session.person, run.person_id):
        raise HTTPException(404)
    return run


def _turn(number: int, turn: Played, about: dict[str, str], run: Run) -> dict[str, Any]:
    sentences = [
        Sentence(
            s.text,
            s.moves,
            sum(c.temper for c in turn.changes if c.sentence == place),
            sum(c.trust for c in turn.changes if c.sentence == place),
        )
        for place, s in enumerate(turn.said.sentences)
    ]
    return {
        "number": number,
        "it": turn,
        "sentences": sentences,
        "about": about.get(turn.situation, ""),
        "change": turn.temper - (run.turns[number - 2].temper if number > 1 else run.temper),
    }


def _findings(web: Web, run: Run) -> list[tuple[Finding, list[dict[str, str]]]]:
    return [(f, _named(web, f.criteria)) for f in run.debrief.findings] if run.debrief else []


def _named(web: Web, statements: tuple[str, ...]) -> list[dict[str, str]]:
    """Criteria with the unit's number and their words, as far as the content knows them."""
    found = []
    for statement in statements:
        unit, _, id = statement.partition("/")
        number = web.syllabus.units[unit].number if unit in web.syllabus.units else unit.upper()
        text = web.syllabus.text_of(statement) if web.syllabus.knows(statement) else ""
        found.append({"short": f"{number} {id}", "text": text})
    return found
