"""What all tables share: the metadata, UTC times, and the usual columns."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any, Optional

from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UTC(TypeDecorator):  # type: ignore[misc, type-arg]  # SQLAlchemy 1.4's stubs leave it untyped
    """Aware datetimes in, aware UTC datetimes out; naive ones are refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times must carry their zone")
        return value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        return None if value is None else value.replace(tzinfo=timezone.utc)


def pk() -> Column[Any]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def person_column(**kw: Any) -> Column[Any]:
    return Column("person_id", ForeignKey("person.id"), nullable=False, **kw)


def token_hash(token: str) -> str:
    """What is kept of a token that opens something: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def like_literally(words: str) -> str:
    r"""`words` for LIKE with `escape="\\"`, in which % and _ are themselves."""
    return words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
