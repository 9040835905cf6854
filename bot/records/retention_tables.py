"""How long things are kept, where an administrator has chosen it, and within which limits it can be chosen."""

from __future__ import annotations

import msgspec
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from bot.records.base import UTC, metadata


class Limits(msgspec.Struct, frozen=True):
    """Between what a time can be chosen, in whole `unit`s (days or years)."""

    name: str
    unit: str
    least: int
    most: int


# Chats are kept for a shorter time than assessment records, which must be there for three years after achievement.
CHATS = Limits("chats", "days", 7, 1095)
ASSESSMENTS = Limits("assessments", "years", 3, 10)
LIMITS = {limits.name: limits for limits in (CHATS, ASSESSMENTS)}

# What has no row was never chosen: its default is in force.
retention_time = Table(
    "retention_time",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("amount", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", ForeignKey("person.id"), nullable=False),
    Column("made_at", UTC, nullable=False),
    CheckConstraint(
        " OR ".join(f"name = '{x.name}' AND amount BETWEEN {x.least} AND {x.most}" for x in LIMITS.values()),
        name="within_limits",
    ),
)
