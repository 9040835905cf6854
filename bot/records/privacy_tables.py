"""Erasures: the one way by which rows of append-only tables may go.

While an erasure of a person is not done, the guards of practice let that person's rows be deleted, and no others'. Its
deferred key refers to its own `done_id`: a transaction in which an erasure is begun and not done cannot be committed.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, Table, UniqueConstraint

from bot.records.base import UTC, metadata, person_column, pk

erasure = Table(
    "erasure",
    metadata,
    pk(),
    person_column(index=True),
    Column("by_id", ForeignKey("person.id")),  # NULL: by the command line
    Column("made_at", UTC, nullable=False),
    Column("done_id", Integer),
    UniqueConstraint("done_id"),
    CheckConstraint("done_id IS NULL OR done_id = id", name="done_by_itself"),
    ForeignKeyConstraint(["id"], ["erasure.done_id"], deferrable=True, initially="DEFERRED"),
)
