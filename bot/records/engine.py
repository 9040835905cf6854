"""The database: opened, set up for several writing processes, brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import QueuePool, StaticPool

from bot.errors import RecordsUnavailable, SettingsError
from bot.records.prepared import raise_as_sqlalchemy


def open_engine(url: str) -> Engine:
    """An engine for `url`; SQLite in WAL mode, waiting up to 15 s for another writer."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(url, future=True, pool_pre_ping=True, pool_size=5, max_overflow=10)
    except (ArgumentError, ImportError) as error:
        raise SettingsError(
            f"DATABASE_URL cannot be used ({error}). It looks like postgresql://user:password@host:5432/name."
        ) from error
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"Cannot write to {Path(parsed.database).parent} ({error.strerror}). "
                "Give the folder to this user, or set RAPPORT_DATA to another one."
            ) from error
    memory = not parsed.database or parsed.database == ":memory:"
    engine = create_engine(
        url,
        future=True,
        # Connections are kept: SQLAlchemy 1.4 would open the file anew for every transaction.
        poolclass=StaticPool if memory else QueuePool,
        connect_args={"timeout": 15, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # Ours to begin: with the driver's own late BEGIN a read could turn into a write and lose the lock race.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "recursive_triggers=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        text = "BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE"
        try:
            connection.connection.dbapi_connection.execute(text)  # a third of a transaction's cost by SQLAlchemy's way
        except sqlite3.Error as error:
            raise_as_sqlalchemy(connection, error, text)

    return engine


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """An engine for a while."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def migrate(engine: Engine) -> None:
    """Bring the tables up to the newest migration; RecordsUnavailable if it cannot be opened or written."""
    config = alembic_config(engine)
    newest = ScriptDirectory.from_config(config).get_current_head()
    try:
        with engine.connect() as connection:
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return
        command.upgrade(config, "head")
    except CommandError as error:
        raise SettingsError(
            f"The database {engine.url.render_as_string(hide_password=True)} was made by another version of Rapport "
            f"({error}). Start that version, or set DATABASE_URL to another database."
        ) from error
    except DatabaseError as error:
        raise RecordsUnavailable(
            f"The database {engine.url.render_as_string(hide_password=True)} cannot be opened or written: "
            f"{error.orig}. Check the folder's permissions or DATABASE_URL."
        ) from error


def alembic_config(engine: Engine) -> Config:
    """Alembic's configuration for this engine, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    return config
