"""What is on the screen as a file: CSV (streamed) or XLSX. What people typed is never a formula in it."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from starlette.responses import Response, StreamingResponse

from bot.cells import harmless

FORMS = ("csv", "xlsx")
ROWS_AT_ONCE = 50
CHUNK = 64 * 1024
_illegal = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML has no such characters


def download(name: str, form: str, head: Sequence[str], rows: Iterable[Sequence[Any]], now: datetime) -> Response:
    """`rows` under `head` as a file `NAME-DATE.FORM`."""
    headers = {
        "content-disposition": f'attachment; filename="{name}-{now:%Y-%m-%d}.{form}"',
        "cache-control": "no-store",
    }
    if form == "xlsx":
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return StreamingResponse(_chunks(_xlsx(head, rows)), media_type=kind, headers=headers)
    return StreamingResponse(_csv(head, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _safe(value: Any) -> Any:
    return harmless(_illegal.sub("", value)) if isinstance(value, str) else value


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")  # or Excel takes it for Latin-1
    writer.writerow([_safe(h) for h in head])
    for i, row in enumerate(rows, 1):
        writer.writerow([_safe(cell) for cell in row])
        if i % ROWS_AT_ONCE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _xlsx(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    from openpyxl import Workbook  # loads numpy: only where somebody wants such a file

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "B2"
    sheet.append([_safe(h) for h in head])
    for row in rows:
        sheet.append([c.replace(tzinfo=None) if isinstance(c, datetime) else _safe(c) for c in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by _chunks
    book.save(file)
    file.seek(0)
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
