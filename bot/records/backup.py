"""Backup of both databases into one file while the system runs, and back again while it does not.

The file is a zip: `manifest.json` (when, and name, kind, size and SHA-256 of each part) and a part for each database,
a SQLite file or what pg_dump's custom format writes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from bot.errors import BadInput, RapportError, SettingsError
from bot.records.engine import open_engine

FORM = "rapport-backup-1"


class Part(msgspec.Struct, frozen=True):
    """One database in a backup."""

    name: str
    kind: str  # sqlite or postgresql
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself."""

    form: str
    made_at: str
    parts: tuple[Part, ...]


def backup(databases: Mapping[str, str], target: Path, now: datetime) -> Manifest:
    """Copy each database (name → address) into `target`, which must not be there yet; each copy is consistent."""
    if target.exists():
        raise BadInput(f"{target} is there already. Choose another name.")
    parts = []
    beside = target.with_name(target.name + ".part")
    try:
        with (
            tempfile.TemporaryDirectory(dir=target.parent) as folder,
            _private(beside) as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file,
        ):
            for name, url in _different(databases).items():
                copy = Path(folder) / name
                _copy_out(url, copy)
                parts.append(Part(name, _kind(url), copy.stat().st_size, _digest(copy)))
                file.write(copy, name)
                copy.unlink()
            made = Manifest(FORM, now.isoformat(), tuple(parts))
            file.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(made)))
        beside.replace(target)
    except OSError as error:
        raise BadInput(f"{error.filename or target}: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)
    return made


def restore(databases: Mapping[str, str], source: Path) -> Manifest:
    """Put each database back as it was. Nothing is touched before the whole file has been checked."""
    wanted = _different(databases)
    try:
        with zipfile.ZipFile(source) as file, tempfile.TemporaryDirectory() as folder:
            made = msgspec.json.decode(file.read("manifest.json"), type=Manifest)
            kinds = {name: _kind(url) for name, url in wanted.items()}
            if made.form != FORM or {p.name: p.kind for p in made.parts} != kinds:
                raise BadInput(
                    f"{source} does not hold what is set: {', '.join(f'{n} ({k})' for n, k in kinds.items())}."
                )
            for part in made.parts:
                copy = Path(folder) / part.name
                with file.open(part.name) as packed, copy.open("wb") as out:
                    shutil.copyfileobj(packed, out)
                if _digest(copy) != part.sha256:
                    raise BadInput(f"{source} is damaged: {part.name} is not what it was.")
                if part.kind == "sqlite":
                    _check_sqlite(copy, source)
            for name, url in wanted.items():
                _copy_in(Path(folder) / name, url)
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError) as error:
        raise BadInput(f"{source} is not a backup of Rapport.") from error
    except OSError as error:
        raise BadInput(f"{error.filename or source}: {error.strerror}.") from error
    return made


def holds_something(url: str) -> bool:
    """Whether a restore would overwrite something."""
    if _kind(url) == "sqlite":
        return _file(url).exists()
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            tables = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            return bool(connection.execute(tables).scalar())
    except DatabaseError as error:
        raise SettingsError(f"The database cannot be opened: {str(error.orig).strip()}") from error
    finally:
        engine.dispose()


def others_connected(url: str) -> int:
    """How many other sessions a PostgreSQL database has; 0 for SQLite, where that cannot be known."""
    if _kind(url) == "sqlite":
        return 0
    engine = open_engine(url)
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar() or 0)
    finally:
        engine.dispose()


def _different(databases: Mapping[str, str]) -> dict[str, str]:
    """Each address once: records and tracker store may share a database."""
    return {name: url for i, (name, url) in enumerate(databases.items()) if url not in list(databases.values())[:i]}


def _kind(url: str) -> str:
    kind = str(make_url(url).get_backend_name())
    if kind not in ("sqlite", "postgresql"):
        raise SettingsError(f"{kind} databases are backed up by their own tools.")
    return kind


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _private(path: Path) -> Any:
    return open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _copy_out(url: str, copy: Path) -> None:
    if _kind(url) == "postgresql":
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")
        return
    if not _file(url).exists():
        raise BadInput(f"There is no database at {_file(url)}.")
    # In one step: a consistent view that, in WAL mode, keeps nobody from writing.
    with closing(sqlite3.connect(_file(url), timeout=15)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _check_sqlite(copy: Path, source: Path) -> None:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BadInput(f"{source} is damaged: {error}.") from error
    if found != "ok":
        raise BadInput(f"{source} is damaged: {found}.")


def _copy_in(copy: Path, url: str) -> None:
    if _kind(url) == "postgresql":
        options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _run(url, "pg_restore", *options, f"--dbname={make_url(url).database}", str(copy))
        return
    target = _file(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(target.name + ".restored")
    with _private(new) as out, copy.open("rb") as packed:
        shutil.copyfileobj(packed, out)
    for ending in ("-wal", "-shm"):  # of the old database: they would be taken for the new one's
        target.with_name(target.name + ending).unlink(missing_ok=True)
    new.replace(target)


def _run(url: str, program: str, *options: str) -> None:
    """A PostgreSQL tool; how to reach the server is in its environment, where no process list shows the password."""
    parsed = make_url(url)
    where = {
        "PGHOST": parsed.host, "PGPORT": parsed.port, "PGUSER": parsed.username, "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
    }  # fmt: skip
    env = {**os.environ, **{name: str(value) for name, value in where.items() if value}}
    try:
        done = subprocess.run([program, "--no-password", *options], env=env, capture_output=True, text=True)
    except FileNotFoundError:
        raise SettingsError(
            f"{program} is not there. Install PostgreSQL's client programs (of the server's version or newer)."
        ) from None
    if done.returncode != 0:
        raise RapportError(f"{program} failed: {done.stderr.strip()}")
