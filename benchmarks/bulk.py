"""Many rows straight into the database: `executemany` on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import io
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.engine import Engine

from bot.records.tables import metadata

BATCH = 20_000
# As SQLAlchemy keeps them in SQLite.
ADAPTERS = {
    datetime: lambda value: value.isoformat(" ", "microseconds"),
    date: lambda value: value.isoformat(),
    dict: json.dumps,
    list: json.dumps,
}
_ORDER = metadata.sorted_tables
_escapes = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class Bulk:
    """Rows for any table, in any order, kept until there are enough for one statement; all in one transaction.

    A row is a tuple in the order of the table's columns; times are naive UTC. Ids are counted here. Foreign keys are
    not checked while it is open (on PostgreSQL triggers do not run, either), so it is for made-up data only.
    """

    def __init__(self, connection: Any, dialect: str, first_ids: dict[str, int]) -> None:
        self._connection, self._dialect, self._ids = connection, dialect, first_ids
        self._rows: dict[Table, list[Sequence[Any]]] = defaultdict(list)
        self.written: dict[str, int] = defaultdict(int)

    def id(self, table: Table) -> int:
        """The next free id."""
        self._ids[table.name] += 1
        return self._ids[table.name]

    def add(self, table: Table, *row: Any) -> None:
        """One row."""
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is kept, in the order in which the database's own checks want it."""
        for table in _ORDER:
            self._write(table)

    def _write(self, table: Table) -> None:
        rows = self._rows.pop(table, [])
        if not rows:
            return
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        cursor = self._connection.cursor()
        if self._dialect == "sqlite":
            marks = ", ".join("?" * len(table.columns))
            cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)
        else:
            file = io.StringIO("".join("\t".join(map(_cell, row)) + "\n" for row in rows))
            cursor.copy_expert(f'COPY "{table.name}" ({names}) FROM STDIN', file)
        self.written[table.name] += len(rows)


@contextmanager
def bulk(engine: Engine) -> Iterator[Bulk]:
    """A `Bulk` into the database of `engine`; afterwards ids go on where it ended, and PostgreSQL knows its sizes."""
    tables = [table for table in metadata.tables.values() if "id" in table.c]
    with engine.connect() as connection, connection.begin():
        ids = {
            table.name: connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar() for table in tables
        }
    dialect = engine.dialect.name
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if dialect == "sqlite":
            for kind, adapter in ADAPTERS.items():
                sqlite3.register_adapter(kind, adapter)
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("PRAGMA cache_size=-500000")  # KiB
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("SET session_replication_role = replica")
        made = Bulk(raw, dialect, ids)
        yield made
        made.flush()
        if dialect == "sqlite":
            cursor.execute("COMMIT")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA cache_size=-2000")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            raw.commit()
            cursor.execute("SET session_replication_role = DEFAULT")
            raw.commit()
    finally:
        raw.close()
    if dialect != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                if table.c.id.autoincrement is True and made.written[table.name]:
                    last = f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), {ids[table.name]})"
                    connection.execute(text(last))
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))  # else it goes on writing for minutes, beside what is measured


def _cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    return value.translate(_escapes) if isinstance(value, str) else str(value)
