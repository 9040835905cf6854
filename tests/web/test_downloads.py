"""Files are sent while they are made: soon, in bounded memory, and they open."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime, timezone
from typing import Any

import pytest
from openpyxl import load_workbook

from bot.web.downloads import download
from bot.web.sheets import xlsx

WHEN = datetime(2026, 11, 24, 9, 30, tzinfo=timezone.utc)


def table(head: list[str], *rows: tuple[Any, ...]) -> Any:
    return load_workbook(io.BytesIO(b"".join(xlsx(head, rows)))).active


async def first_piece(form: str, rows: Iterator[tuple[Any, ...]]) -> Any:
    async for piece in download("work", form, ["name"], rows, WHEN).body_iterator:  # type: ignore[attr-defined]
        return piece


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_the_first_bytes_go_out_before_the_first_row_is_read(form: str) -> None:
    def never() -> Iterator[tuple[str]]:
        raise AssertionError("a row was read")
        yield ("",)

    assert await first_piece(form, never())


def test_an_excel_file_of_many_rows_is_made_in_bounded_memory() -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(4000):
            yield (f"Learner {number}", *(f"{number * column % 9973} words" for column in range(40)))

    pieces = xlsx(["name", *map(str, range(40))], rows())
    next(pieces)  # what is loaded once does not count
    tracemalloc.start()
    sizes = [len(piece) for piece in pieces]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) > 500_000 and max(sizes) < 100_000 and peak < 1_500_000


def test_texts_numbers_and_times_come_out_as_they_went_in() -> None:
    rows = [
        ("<b>&amp;\n\u00e9\U0001f600 ", 3, 0.5, True, None, WHEN, date(2026, 1, 2)),
        ("", -1, 1e300, False, "", WHEN, None),
    ]
    sheet = table(["a", "b", "c", "d", "e", "f", "g"], *rows)
    _, first, second = sheet.iter_rows(values_only=True)
    plain = WHEN.replace(tzinfo=None)
    assert first == ("<b>&amp;\n\u00e9\U0001f600 ", 3, 0.5, True, None, plain, datetime(2026, 1, 2))
    assert second == (None, -1, 1e300, False, None, plain, None)
    assert sheet["F2"].number_format == "yyyy-mm-dd hh:mm" and sheet["A1"].font.b and sheet.freeze_panes == "B2"


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", " =cmd|' /C calc'!A0", "\t=1"])
def test_nothing_that_was_typed_is_a_formula(typed: str) -> None:
    sheet = table(["=1+1"], (typed,))
    assert [cell.data_type for row in sheet.iter_rows() for cell in row] == ["s", "s"]
    assert sheet["A2"].value.startswith("'") and sheet["A1"].value == "'=1+1"


def test_what_no_excel_file_can_hold_is_left_out() -> None:
    sheet = table(["a", "b"], ("a\x00b\x1f\ud800\uffffc", float("nan")), ("x" * 40_000, float("inf")))
    assert sheet["A2"].value == "abc" and sheet["B2"].value == "nan"
    assert len(sheet["A3"].value) == 32_767 and sheet["B3"].value == "inf"
