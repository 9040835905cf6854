"""What is on the screen as a file, streamed: CSV or XLSX. What people typed is never a formula in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from starlette.responses import Response, StreamingResponse

from bot.web.sheets import safe, xlsx

FORMS = ("csv", "xlsx")
ROWS_AT_ONCE = 50


def download(name: str, form: str, head: Sequence[str], rows: Iterable[Sequence[Any]], now: datetime) -> Response:
    """`rows` under `head` as a file `NAME-DATE.FORM`."""
    headers = {
        "content-disposition": f'attachment; filename="{name}-{now:%Y-%m-%d}.{form}"',
        "cache-control": "no-store",
    }
    if form == "xlsx":
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return StreamingResponse(xlsx(head, rows), media_type=kind, headers=headers)
    return StreamingResponse(_csv(head, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)

    def taken() -> str:
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    out.write("\ufeff")  # or Excel takes it for Latin-1
    writer.writerow([safe(h) for h in head])
    yield taken()
    for i, row in enumerate(rows, 1):
        writer.writerow([safe(cell) for cell in row])
        if i % ROWS_AT_ONCE == 0:
            yield taken()
    yield taken()
