"""The tutor's matrix: learners by statements, filtered and sorted by the address, on screen and as a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Optional
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from bot.records import coverage_reports, reports
from bot.records.coverage_reports import Asked, Row
from bot.records.people import Session
from bot.syllabus.model import Unit
from bot.web import standing
from bot.web.downloads import download
from bot.web.guard import Web
from bot.web.seeing import exported

KINDS = {"all": ("performance", "knowledge", "bullet"), "knowledge": ("knowledge",), "bullets": ("bullet",)}
KINDS["performance"] = ("performance",)
ORDER = ("knowledge", "bullet", "performance")
SORTS = ("name", "ready", "stuck")
MOST = 250  # learners on a page: more make a page that no browser scrolls


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

    def asked(self, columns: list[Column]) -> Asked:
        """The same for the records."""
        keys = tuple(c.key for c in columns)
        return Asked(self.unit, keys, self.cohort, self.q, self.stuck, self.sort, self.down)

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
    learners: int  # of whom these are the first


def show(request: Request, web: Web, session: Session) -> Response:
    """The matrix, at most MOST learners of it."""
    viewer = session.person
    enrolled = reports.units_seen(web.records, viewer)
    units = [u for u in web.syllabus.units.values() if u.id in enrolled] or list(web.syllabus.units.values())[:1]
    cohorts = reports.cohorts_of(web.records, viewer)
    view = _view(request, [u.id for u in units], [c.id for c in cohorts])
    columns = _columns(web.syllabus.units[view.unit], view.kind)
    rows, learners = coverage_reports.coverage_matrix(web.records, viewer, view.asked(columns), MOST)
    return web.pages.page(
        request,
        "coverage.html",
        matrix=Matrix(view, tuple(columns), tuple(rows), learners),
        view=view,
        unit=web.syllabus.units[view.unit],
        units=units,
        cohorts=cohorts,
        cells=_cells(web, view.unit, columns),
        kinds=tuple(KINDS),
    )


def export(request: Request, web: Web, session: Session) -> Response:
    """What the filters let through, all of it, as CSV or XLSX."""
    viewer = session.person
    cohorts = [c.id for c in reports.cohorts_of(web.records, viewer)]
    view = _view(request, list(web.syllabus.units), cohorts)
    columns = _columns(web.syllabus.units[view.unit], view.kind)
    word = web.pages.word
    states = {look: word("state", look) for look in standing.LOOKS}
    heads = [f"{view.unit} {c.path}: {c.text}" for c in columns]
    rows = (
        (
            row.name,
            row.count("ready"),
            row.stuck(),
            *(states[standing.look(c.kind, row.cells.get(c.key))] for c in columns),
        )
        for row in coverage_reports.every_row(web.records, viewer, view.asked(columns))
    )
    head = [*(word("head", n) for n in ("learner", "ready", "stuck")), *heads]
    exported(web, session, f"coverage/{view.unit}", request.path_params["form"], cohort=view.cohort)
    return download(f"coverage-{view.unit}", request.path_params["form"], head, rows, web.clock())


def _cells(web: Web, unit: str, columns: list[Column]) -> Callable[[Row], Markup]:
    """A function that makes the cells of a row.

    There can be 10,000 on a page: each kind of cell is made once by its template, with places for address and name.
    """

    @cache
    def made(look: str, attempts: int) -> str:
        return web.pages.text("matrix_cell.html", look=look, attempts=attempts).strip()

    def cells(row: Row) -> Markup:
        name, found = str(escape(row.name)), []
        for c in columns:
            cell = row.cells.get(c.key)
            look = standing.look(c.kind, cell)
            found.append(
                made(look, cell.attempts).format(f"/coverage/{row.id}/{unit}/{c.path}", f"{name}, {c.short}")
                if cell
                else made(look, 0)
            )
        return Markup("".join(found))

    return cells


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
