"""An Excel file as a stream: its first bytes go out before the first row is read, and no row is kept.

openpyxl writes the file without its rows, once; they are put into its sheet while the file is packed.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

from bot.cells import harmless

CHUNK = 32 * 1024
SHEET = "xl/worksheets/sheet1.xml"
WHEN = "yyyy-mm-dd hh:mm"
_illegal = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML has no such characters
LONGEST = 32_767  # characters of a cell in Excel


class _Sink(io.RawIOBase):
    """Where the archive is written to; what is there is taken away in pieces. It cannot go back."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Keep it until it is taken."""
        self._kept += data
        return len(data)

    def __len__(self) -> int:
        return len(self._kept)

    def take(self) -> bytes:
        """All that is kept; then nothing is."""
        taken, self._kept = bytes(self._kept), bytearray()
        return taken


def safe(value: Any) -> Any:
    """A value for a cell of any spreadsheet: without what XML does not know, and no formula."""
    return harmless(_illegal.sub("", value)) if isinstance(value, str) else value


def xlsx(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The bytes of an Excel file of one sheet: `head`, which stays in sight, over `rows` of texts, numbers, times."""
    parts, before, after, when = _empty(head)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts:
            archive.writestr(name, content)
        yield sink.take()
        with archive.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(before)
            for number, row in enumerate(rows, 2):
                sheet.write(_row(number, row, when))
                if len(sink) >= CHUNK:
                    yield sink.take()
            sheet.write(after)
    yield sink.take()


def _empty(head: Sequence[str]) -> tuple[list[tuple[str, bytes]], bytes, bytes, int]:
    """openpyxl's file of `head`: its other parts, the sheet before and after further rows, the style of times."""
    from openpyxl import Workbook  # loads numpy: only where somebody wants such a file
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "B2"
    heads = [WriteOnlyCell(sheet, safe(name)) for name in head]
    for cell in heads:
        cell.font = Font(bold=True)
    time = WriteOnlyCell(sheet)
    time.number_format = WHEN
    when = time.style_id  # the file knows a style from here on
    sheet.append(heads)
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    whole = dict(parts)[SHEET]
    end = whole.rindex(b"</sheetData>")
    return [each for each in parts if each[0] != SHEET], whole[:end], whole[end:], when


def _row(number: int, row: Sequence[Any], when: int) -> bytes:
    cells = "".join(_cell(value, when) for value in row)
    return f'<row r="{number}">{cells}</row>'.encode()


def _cell(value: Any, when: int) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, (date, datetime)):
        from openpyxl.utils.datetime import to_excel

        plain = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        return f'<c s="{when}"><v>{to_excel(plain)}</v></c>'
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(safe(str(value))[:LONGEST])}</t></is></c>'
