"""Statements compiled once and run by the driver itself, inside SQLAlchemy's transactions.

SQLAlchemy 1.4 needs four times as long to run a statement that it knows as SQLite needs to answer it, and compiles an
upsert anew each time. Values are converted by the types of the columns, errors are SQLAlchemy's, listeners are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Optional, Union

from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = dict[str, Any]
# A statement, or how it is made for a dialect's name and the columns that are written.
Made = Callable[[str, tuple[str, ...]], Any]


class _Ready(NamedTuple):
    """A statement as a driver takes it."""

    text: str
    order: Optional[tuple[str, ...]]  # of the values; None where the driver takes them by name
    constants: Row  # values that the statement itself holds
    binders: Mapping[str, Callable[[Any], Any]]
    types: tuple[tuple[str, Any], ...]  # name and type of each column it gives

    def values(self, given: Mapping[str, Any]) -> Any:
        named = {**self.constants, **given}
        for name, bind in self.binders.items():
            named[name] = bind(named[name])
        return named if self.order is None else tuple(named[name] for name in self.order)


class Prepared:
    """A statement with named values."""

    def __init__(self, statement: Union[Any, Made]) -> None:
        self.statement = statement
        self._ready: dict[tuple[str, tuple[str, ...]], _Ready] = {}
        self._readers: dict[str, list[tuple[str, Callable[[Any], Any]]]] = {}  # of columns that are converted

    def one(self, connection: Connection, given: Mapping[str, Any]) -> Optional[Row]:
        """The first row by column name, None if there is none."""
        ready, cursor = self._run(connection, given)
        row = cursor.fetchone()
        found = self._read(connection, ready, cursor, [row])[0] if row is not None else None
        cursor.close()
        return found

    def all(self, connection: Connection, given: Mapping[str, Any]) -> list[Row]:
        """All rows by column name."""
        ready, cursor = self._run(connection, given)
        found = self._read(connection, ready, cursor, cursor.fetchall())
        cursor.close()
        return found

    def run(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """How many rows were written."""
        _, cursor = self._run(connection, given)
        count = int(cursor.rowcount)
        cursor.close()
        return count

    def _run(self, connection: Connection, given: Mapping[str, Any], columns: tuple[str, ...] = ()) -> Any:
        ready = self._for(connection, columns)
        values = ready.values(given)
        cursor = connection.connection.cursor()
        _tell(connection, cursor, ready.text, values, False)
        try:
            cursor.execute(ready.text, values)
        except Exception as error:
            raise_as_sqlalchemy(connection, error, ready.text, values, cursor)
        return ready, cursor

    def _for(self, connection: Connection, columns: tuple[str, ...]) -> _Ready:
        key = (connection.dialect.name, columns)
        if key not in self._ready:
            self._ready[key] = _compiled(self.statement, connection.dialect, columns)
        return self._ready[key]

    def _read(self, connection: Connection, ready: _Ready, cursor: Any, rows: Sequence[Any]) -> list[Row]:
        dialect = connection.dialect
        readers = self._readers.get(dialect.name)
        if readers is None:
            made = [
                (name, type_._cached_result_processor(dialect, about[1]))
                for (name, type_), about in zip(ready.types, cursor.description)
            ]
            readers = self._readers[dialect.name] = [(name, read) for name, read in made if read]
        names = [name for name, _ in ready.types]
        found = [dict(zip(names, row)) for row in rows]
        for row in found:
            for name, read in readers:
                row[name] = read(row[name])
        return found


class Insert(Prepared):
    """New rows of a table, or an overwriting of those with the same primary key (`upsert`)."""

    def __init__(self, table: Table, upsert: bool = False) -> None:
        super().__init__(_upsert_of(table) if upsert else _insert_of(table))

    def add(self, connection: Connection, row: Mapping[str, Any]) -> int:
        """Add one row to a table whose key is `id`; the id."""
        _, cursor = self._run(connection, row, tuple(sorted(row)))
        id = cursor.lastrowid if connection.dialect.name == "sqlite" else cursor.fetchone()[0]
        cursor.close()
        return int(id)

    def add_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows with the same columns."""
        if not rows:
            return
        ready = self._for(connection, tuple(sorted(rows[0])))
        values = [ready.values(row) for row in rows]
        cursor = connection.connection.cursor()
        _tell(connection, cursor, ready.text, values, True)
        try:
            if connection.dialect.name == "sqlite":
                cursor.executemany(ready.text, values)
            else:
                from psycopg2.extras import execute_batch  # type: ignore[import-untyped]  # one round trip

                execute_batch(cursor, ready.text, values, page_size=200)
        except Exception as error:
            raise_as_sqlalchemy(connection, error, ready.text, values, cursor)
        cursor.close()


def _compiled(statement: Union[Any, Made], dialect: Any, columns: tuple[str, ...]) -> _Ready:
    made = statement(dialect.name, columns) if callable(statement) else statement
    compiled = made.compile(dialect=dialect, column_keys=list(columns) or None)
    if getattr(compiled, "insert_prefetch", None) or getattr(compiled, "update_prefetch", None):
        raise TypeError(f"a default of a column is not worked out here: {compiled}")
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    if any(bind.expanding or bind.literal_execute for bind in binds.values()):
        raise TypeError(f"a list of values cannot be prepared: {compiled}")
    return _Ready(
        str(compiled),
        tuple(compiled.positiontup) if compiled.positional else None,
        {name: bind.effective_value for name, bind in binds.items() if not bind.required},
        {name: bind for name, bind in compiled._bind_processors.items() if bind is not None},
        tuple((entry[1], entry[3]) for entry in compiled._result_columns),
    )


def _insert_of(table: Table) -> Made:
    def made(dialect: str, columns: tuple[str, ...]) -> Any:
        new = insert(table)
        return new.returning(table.c.id) if dialect != "sqlite" and "id" in table.c else new

    return made


def _upsert_of(table: Table) -> Made:
    keys = [column.name for column in table.primary_key]

    def made(dialect: str, columns: tuple[str, ...]) -> Any:
        new: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
        return new.on_conflict_do_update(
            index_elements=keys, set_={name: new.excluded[name] for name in columns if name not in keys}
        )

    return made


def _tell(connection: Any, cursor: Any, text: str, values: Any, many: bool) -> None:
    """Call who listens to SQLAlchemy's statements."""
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, text, values, None, many)


def raise_as_sqlalchemy(
    connection: Any, error: Exception, text: str, values: Any = None, cursor: Any = None
) -> NoReturn:
    """Raise a driver's error wrapped; the connection is given up where it is broken."""
    connection._handle_dbapi_exception(error, text, values, cursor, None)
    raise error  # not reached
