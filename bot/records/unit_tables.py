"""Which units are offered, and every version of a unit's content that this centre has used."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table

from bot.records.base import UTC, metadata, pk

# A unit without a row is offered.
unit_state = Table(
    "unit_state",
    metadata,
    Column("unit_id", String(40), primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("by_id", Integer, ForeignKey("person.id"), nullable=False),
    Column("changed_at", UTC, nullable=False),
)

# A row for each unit whenever a content was started that is not the one before; append-only. Attempts carry `content`.
unit_version = Table(
    "unit_version",
    metadata,
    pk(),
    Column("unit_id", String(40), nullable=False, index=True),
    Column("content", String(40), nullable=False),
    Column("hash", String(12), nullable=False),  # of this unit alone: the same one means that nothing of it changed
    Column("seen_at", UTC, nullable=False),
    Column("wording", JSON),  # statements and questions; only in the first row of a hash
)

APPEND_ONLY = ("unit_version",)
