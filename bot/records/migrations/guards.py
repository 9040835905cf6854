"""Triggers by which the database itself refuses what must not happen, for SQLite and PostgreSQL alike.

A guard is a condition on the row to be inserted, written in SQL that both understand, with NEW for the row.
"""

from __future__ import annotations

from collections.abc import Iterable

from alembic import op


def _postgresql() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def append_only(tables: Iterable[str]) -> None:
    """Refuse to change or delete any row of `tables`. `refuse_change` comes from migration 0001."""
    for table in tables:
        if _postgresql():
            for name, events, each in (
                ("append_only", "UPDATE OR DELETE", "ROW"),
                ("no_truncate", "TRUNCATE", "STATEMENT"),
            ):
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
                )
            continue
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def append_only_but_erased(table: str, whose: str) -> None:
    """As `append_only`, but rows may be deleted while their person (SQL on OLD) is being erased (migration 0007)."""
    erased = f"EXISTS (SELECT 1 FROM erasure e WHERE e.done_id IS NULL AND e.person_id = {whose})"
    if _postgresql():
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger AS $$ BEGIN "
            f"IF TG_OP = 'DELETE' THEN IF {erased} THEN RETURN OLD; END IF; END IF; "
            f"RAISE EXCEPTION '{table} is append-only'; END $$ LANGUAGE plpgsql"
        )
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for event, but in (("UPDATE", ""), ("DELETE", f"WHEN NOT {erased} ")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"{but}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def refuse_insert(table: str, name: str, condition: str, message: str) -> None:
    """Refuse a new row of `table` for which the SQL `condition` holds, with `message` (no quotes in it)."""
    refuse(table, "INSERT", name, condition, message)


def refuse(table: str, event: str, name: str, condition: str, message: str) -> None:
    """Refuse INSERT (the condition is on NEW), UPDATE or DELETE (on OLD) of a row for which it holds."""
    trigger = f"{table}_{name}"
    if _postgresql():
        op.execute(
            f"CREATE FUNCTION {trigger}() RETURNS trigger AS $$ BEGIN "
            f"IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; "
            f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$ LANGUAGE plpgsql"
        )
        op.execute(f"CREATE TRIGGER {trigger} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {trigger}()")
        return
    op.execute(
        f"CREATE TRIGGER {trigger} BEFORE {event} ON {table} "
        f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def not_append_only(table: str) -> None:
    """Take `append_only` away from a table that stays."""
    if _postgresql():
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(f"DROP TRIGGER no_truncate ON {table}")
        return
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_no_{event}")


def lift(append_only_tables: Iterable[str], inserts: Iterable[tuple[str, str]]) -> None:
    """Take guards away again before their tables go; SQLite drops a table's triggers with it."""
    if not _postgresql():
        return
    for table in append_only_tables:
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(f"DROP TRIGGER no_truncate ON {table}")
    for table, name in inserts:
        drop_refusal(table, name)


def drop_refusal(table: str, name: str) -> None:
    """Take one `refuse` away from a table that stays."""
    if not _postgresql():
        op.execute(f"DROP TRIGGER {table}_{name}")
        return
    op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
    op.execute(f"DROP FUNCTION {table}_{name}()")
