"""Coverage as rows for people and programs: table, CSV, JSON, XLSX."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Optional

from rich.console import Console
from rich.table import Table

from bot.cells import harmless
from bot.errors import BadInput
from bot.records import people
from bot.records.store import Records
from bot.syllabus.syllabus import Syllabus

COLUMNS = ("learner_id", "learner", "unit", "statement", "kind", "text", "state", "attempts", "last_at", "ready_at")
STATES = {"practised": "practised – not evidence"}  # a role-play's word on a performance criterion
NOTE = "Practice – not evidence. Only an assessor decides that a criterion is achieved."


def coverage_rows(
    records: Records, syllabus: Syllabus, learner: Optional[str], cohort: Optional[str]
) -> list[dict[str, Any]]:
    """A row for each statement of each unit of each learner asked for; keys are COLUMNS."""
    chosen = [p for p in people.everybody(records) if "learner" in p.roles and p.active]
    if learner is not None:
        named = {p.id for p in people.named(records, learner)}
        chosen = [p for p in chosen if p.id in named]
        if not chosen:
            raise BadInput(f"There is no learner called {learner!r}. `rapport people list` shows all.")
    if cohort is not None:
        members = people.cohort_learners(records, cohort)
        if members is None:
            raise BadInput(f"There is no cohort called {cohort!r}.")
        chosen = [p for p in chosen if p.id in members]
    rows: list[dict[str, Any]] = []
    with records.reading() as tx:
        for person in chosen:
            covered = tx.coverage_of(person.id)
            for unit in tx.units_of(person.id):
                if unit in syllabus.units:
                    rows += [_row(syllabus, person, unit, s, covered.get(s)) for s in syllabus.statements(unit)]
    return rows


def _row(syllabus: Syllabus, person: people.Person, unit: str, statement: str, found: Any) -> dict[str, Any]:
    kinds = {f"{unit}/{c.id}": c.kind for c in syllabus.units[unit].criteria}
    return {
        "learner_id": person.id,
        "learner": person.name,
        "unit": unit,
        "statement": statement,
        "kind": kinds.get(statement, "understanding"),
        "text": syllabus.text_of(statement),
        "state": STATES.get(found["state"], found["state"]) if found else "not started",
        "attempts": found["attempts"] if found else 0,
        "last_at": found["last_at"].isoformat() if found else "",
        "ready_at": found["ready_at"].isoformat() if found and found["ready_at"] else "",
    }


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return harmless(value) if isinstance(value, str) else value


def write_rows(rows: list[dict[str, Any]], form: str, target: Optional[Path], console: Console) -> None:
    """Write in one of the forms, to a file or the console; BadInput for an unknown form or a file that cannot be."""
    try:
        if form == "xlsx":
            if target is None:
                raise BadInput("xlsx needs a file: --out coverage.xlsx")
            _xlsx(rows, target)
            return
        if form not in {"table", "csv", "json"}:
            raise BadInput(f"There is no format {form!r}: table, csv, json or xlsx.")
        if target is None:
            console.print(_table(rows) if form == "table" else _text(rows, form), markup=False)
            return
        if form == "table":
            with target.open("w", encoding="utf-8") as file:
                Console(file=file, width=160, markup=False, emoji=False).print(_table(rows))
        else:
            target.write_text(_text(rows, form), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{target}: {error.strerror}.") from error


def _text(rows: list[dict[str, Any]], form: str) -> str:
    if form == "json":
        return json.dumps({"note": NOTE, "rows": rows}, ensure_ascii=False, indent=1)
    made = io.StringIO()
    writer = csv.DictWriter(made, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: safe_cell(v) for k, v in row.items()} for row in rows)
    return made.getvalue().rstrip("\n")


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("learner", "statement", "state", "answers", "last", "words", title=NOTE)
    for row in rows:
        last, words = row["last_at"][:10], row["text"]
        table.add_row(row["learner"], row["statement"], row["state"], str(row["attempts"]), last, words)
    return table


def _xlsx(rows: list[dict[str, Any]], target: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Coverage")
    head = [WriteOnlyCell(sheet, name) for name in COLUMNS]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append([NOTE])
    sheet.append(head)
    for row in rows:
        sheet.append([safe_cell(row[c]) for c in COLUMNS])
    book.save(target)
