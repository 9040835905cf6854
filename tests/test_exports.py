"""Coverage as rows: table, CSV, JSON, XLSX."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.console import Console

from bot.coach import Coach
from bot.errors import BadInput
from bot.exports import COLUMNS, NOTE, coverage_rows, safe_cell, write_rows
from bot.records import people
from bot.records.store import Records
from bot.syllabus.syllabus import Syllabus
from tests.conftest import Clock, Talk, new_talk

EVIL = '=HYPERLINK("http://x")[red]:cat:'


@pytest.fixture
def practised(coach: Coach) -> Talk:
    """A learner with an unfriendly name who has answered one question."""
    made = new_talk(coach, name=EVIL)
    made.start("keeping customers")
    made.answer("price trust")
    return made


@pytest.fixture
def rows(practised: Talk, tiny: Syllabus) -> list[dict[str, Any]]:
    return coverage_rows(practised.coach.records, tiny, None, None)


def written(rows: list[dict[str, Any]], form: str) -> str:
    """What lands on the console."""
    out = io.StringIO()
    write_rows(
        rows, form, None, Console(file=out, width=200, soft_wrap=True, markup=False, emoji=False, highlight=False)
    )
    return out.getvalue()


def test_every_statement_has_a_row_begun_or_not(rows: list[dict[str, Any]]) -> None:
    assert [(r["statement"], r["kind"], r["state"], r["attempts"]) for r in rows] == [
        ("t1/1.1", "performance", "not started", 0),
        ("t1/1.2", "performance", "not started", 0),
        ("t1/2.1", "knowledge", "practising", 1),
        ("t1/2.2", "knowledge", "not started", 0),
        ("t1/bullet:care", "understanding", "practising", 1),
    ]
    assert rows[2]["last_at"] == "2026-03-02T09:00:00+00:00" and rows[2]["ready_at"] == ""


def test_csv_is_read_back_whole_and_no_spreadsheet_runs_it(rows: list[dict[str, Any]]) -> None:
    read = list(csv.DictReader(io.StringIO(written(rows, "csv"))))
    assert len(read) == 5 and tuple(read[0]) == COLUMNS
    assert {r["learner"] for r in read} == {"'" + EVIL}


def test_json_says_that_it_is_no_evidence_and_keeps_names_as_they_are(rows: list[dict[str, Any]]) -> None:
    read = json.loads(written(rows, "json"))
    assert read == {"note": NOTE, "rows": rows}
    assert "not evidence" in read["note"]


def test_the_table_says_that_it_is_no_evidence_and_shows_names_as_they_are(rows: list[dict[str, Any]]) -> None:
    text = " ".join(written(rows, "table").split())
    assert NOTE in text and "[red]:cat:" in text


def test_xlsx_says_that_it_is_no_evidence_and_holds_no_formula(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    write_rows(rows, "xlsx", tmp_path / "c.xlsx", Console(file=io.StringIO()))
    sheet = load_workbook(tmp_path / "c.xlsx").active
    assert sheet["A1"].value == NOTE and tuple(c.value for c in sheet[2]) == COLUMNS
    assert sheet["B3"].value == "'" + EVIL and sheet["B3"].data_type == "s"
    assert sheet.max_row == 7


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_file_holds_the_same_as_the_console(rows: list[dict[str, Any]], tmp_path: Path, form: str) -> None:
    write_rows(rows, form, tmp_path / "out", Console(file=io.StringIO()))
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert "[red]:cat:" in text and "t1/bullet:care" in text


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1+1", "|cmd"])
def test_a_cell_that_looks_like_a_formula_is_made_text(value: str) -> None:
    assert safe_cell(value) == "'" + value


@pytest.mark.parametrize("value", ["", "plain", 3, None])
def test_any_other_cell_stays_as_it_is(value: Any) -> None:
    assert safe_cell(value) == value


def test_somebody_unknown_is_refused_by_name(practised: Talk, tiny: Syllabus) -> None:
    with pytest.raises(BadInput, match="no learner called 'Nobody'"):
        coverage_rows(practised.coach.records, tiny, "Nobody", None)
    with pytest.raises(BadInput, match="no cohort called 'Nobody'"):
        coverage_rows(practised.coach.records, tiny, None, "Nobody")


def test_a_tutor_is_no_learner(sqlite_records: Records, tiny: Syllabus, clock: Clock) -> None:
    people.add_person(sqlite_records, "Toni", ["tutor"], clock(), units=["t1"])
    assert coverage_rows(sqlite_records, tiny, None, None) == []
    with pytest.raises(BadInput):
        coverage_rows(sqlite_records, tiny, "Toni", None)


def test_one_learner_or_one_cohort_may_be_chosen(sqlite_records: Records, tiny: Syllabus, clock: Clock) -> None:
    for name, cohort in (("Ada", "Monday"), ("Ben", "Monday"), ("Cem", None)):
        people.add_person(sqlite_records, name, ["learner"], clock(), units=["t1"], cohort=cohort)
    assert {r["learner"] for r in coverage_rows(sqlite_records, tiny, "ada", None)} == {"Ada"}
    assert {r["learner"] for r in coverage_rows(sqlite_records, tiny, None, "Monday")} == {"Ada", "Ben"}


def test_a_unit_that_left_the_content_is_left_out(sqlite_records: Records, tiny: Syllabus, clock: Clock) -> None:
    people.add_person(sqlite_records, "Ada", ["learner"], clock(), units=["gone"])
    assert coverage_rows(sqlite_records, tiny, None, None) == []


def test_an_unknown_form_or_a_missing_file_name_is_refused(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no format 'pdf'"):
        written(rows, "pdf")
    with pytest.raises(BadInput, match="--out coverage.xlsx"):
        written(rows, "xlsx")


@pytest.mark.parametrize("form", ["csv", "json", "table", "xlsx"])
def test_a_file_that_cannot_be_written_is_named(rows: list[dict[str, Any]], tmp_path: Path, form: str) -> None:
    with pytest.raises(BadInput, match="No such file or directory"):
        write_rows(rows, form, tmp_path / "no" / "such" / "folder", Console(file=io.StringIO()))
