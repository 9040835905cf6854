"""The tutor's matrix: learners by statements, filtered and sorted by the address, on screen and as a file."""

from __future__ import annotations

from typing import Optional
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bot.records import reports
from bot.records.people import Person, Session
from bot.records.reports import Row
from bot.syllabus.model import Unit
from bot.web import standing
from bot.web.downloads import download
from bot.web.guard import Web

KINDS = {"all": ("performance", "knowledge", "bullet"), "knowledge": ("knowledge",), "bullets": ("bullet",)}
KINDS["performance"] = ("performance",)
ORDER = ("knowledge", "bullet", "performance")
SORTS = ("name", "ready", "stuck")


class View(msgspec.Struct, frozen=True):
    """What the address asks for; anything unknown falls back."""

    unit: str
    cohort: Optional[int] = None
    kind: str = "all"
    q: str = ""
    stuck: bool = False
    sort: str = "name"
    down: bool = False

    def address(self, **changed: object) -> str:
        """The query of this view with some of it changed."""
        view = msgspec.structs.replace(self, **changed)
        values = {"unit": view.unit, "cohort": view.cohort or "", "kind": view.kind, "q": view.q, "sort": view.sort}
        return urlencode({**values, "stuck": "1" if view.stuck else "", "down": "1" if view.down else ""})

    def sort_address(self, sort: str) -> str:
        """The query to sort by a column, the other way round if it is sorted by it already."""
        return self.address(sort=sort, down=not self.down if self.sort == sort else sort != "name")


class Column(msgspec.Struct, frozen=True):
    """A statement as a column; `path` is the end of the address of the answers behind a cell."""

    key: str
    path: str
    short: str
    text: str
    kind: str


class Matrix(msgspec.Struct, frozen=True):
    """What is shown."""

    view: View
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def show(request: Request, web: Web, session: Session) -> Response:
    """The matrix."""
    viewer = session.person
    enrolled = reports.units_seen(web.records, viewer)
    units = [u for u in web.syllabus.units.values() if u.id in enrolled] or list(web.syllabus.units.values())[:1]
    cohorts = reports.cohorts_of(web.records, viewer)
    matrix = _matrix(request, web, viewer, [u.id for u in units], [c.id for c in cohorts])
    return web.pages.page(
        request,
        "coverage.html",
        matrix=matrix,
        view=matrix.view,
        unit=web.syllabus.units[matrix.view.unit],
        units=units,
        cohorts=cohorts,
        look=standing.look,
        # Looked up once, not once a cell: there can be 12,000 cells.
        states={look: web.pages.word("state", look) for look in standing.LOOKS},
        symbols={look: web.pages.word("symbol", look) for look in standing.LOOKS},
        kinds=tuple(KINDS),
    )


def export(request: Request, web: Web, session: Session) -> Response:
    """What is on the screen, as CSV or XLSX."""
    viewer = session.person
    cohorts = [c.id for c in reports.cohorts_of(web.records, viewer)]
    matrix = _matrix(request, web, viewer, list(web.syllabus.units), cohorts)
    word = web.pages.word
    states = {look: word("state", look) for look in standing.LOOKS}
    heads = [f"{matrix.view.unit} {c.path}: {c.text}" for c in matrix.columns]
    rows = (
        (
            row.name,
            row.count("ready"),
            row.stuck(),
            *(states[standing.look(c.kind, row.cells.get(c.key))] for c in matrix.columns),
        )
        for row in matrix.rows
    )
    head = [*(word("head", n) for n in ("learner", "ready", "stuck")), *heads]
    return download(f"coverage-{matrix.view.unit}", request.path_params["form"], head, rows, web.clock())


def _matrix(request: Request, web: Web, viewer: Person, units: list[str], cohorts: list[int]) -> Matrix:
    view = _view(request, units, cohorts)
    columns = _columns(web.syllabus.units[view.unit], view.kind)
    rows = reports.coverage_matrix(web.records, viewer, view.unit, [c.key for c in columns], view.cohort)
    wanted = view.q.casefold()
    rows = [r for r in rows if wanted in r.name.casefold() and (r.stuck() or not view.stuck)]
    if view.sort != "name":
        rows.sort(key=lambda r: r.count("ready") if view.sort == "ready" else r.stuck(), reverse=view.down)
    elif view.down:
        rows.reverse()
    return Matrix(view, tuple(columns), tuple(rows))


def _view(request: Request, units: list[str], cohorts: list[int]) -> View:
    q = request.query_params

    def one_of(name: str, allowed: list[str]) -> str:
        return q[name] if q.get(name) in allowed else allowed[0]

    cohort = q.get("cohort", "")
    return View(
        unit=one_of("unit", units),
        cohort=next((c for c in cohorts if str(c) == cohort), None),
        kind=one_of("kind", list(KINDS)),
        q=q.get("q", "").strip()[:100],
        stuck=q.get("stuck") == "1",
        sort=one_of("sort", list(SORTS)),
        down=q.get("down") == "1",
    )


def _columns(unit: Unit, kind: str) -> list[Column]:
    texts = {**{c.id: c.text for c in unit.criteria}, **{f"bullet:{b.id}": b.text for b in unit.bullets}}
    found = []
    bullets = 0
    for key, which in standing.kinds(unit).items():
        path = key.split("/", 1)[1]
        bullets += which == "bullet"
        short = f"U{bullets}" if which == "bullet" else path
        if which in KINDS[kind]:
            found.append(Column(key, path, short, texts[path], which))
    # What can be practised here first: there the tutor has something to see.
    return sorted(found, key=lambda c: ORDER.index(c.kind))
