"""Role-plays: practice, never evidence. What was played is append-only; a reminder of real work is only a note."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.records.base import UTC, metadata, person_column, pk

# One run through a scenario; `again_of` and `again_from` where it goes on from an earlier run's turn.
roleplay = Table(
    "roleplay",
    metadata,
    pk(),
    person_column(),
    Column("exercise_id", ForeignKey("exercise.id"), nullable=False),
    Column("scenario_id", String(100), nullable=False),
    Column("title", String(200), nullable=False),
    Column("customer", String(200), nullable=False),
    Column("difficulty", String(8), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("opening", Text, nullable=False),
    Column("temper", Integer, nullable=False),
    Column("trust", Integer, nullable=False),
    Column("again_of", ForeignKey("roleplay.id"), index=True),
    Column("again_from", Integer),
    Column("channel", String(20), nullable=False),
    Column("content_version", String(40), nullable=False),
    Column("moves_version", String(80), nullable=False),
    Column("made_at", UTC, nullable=False),
    CheckConstraint("difficulty IN ('easy', 'standard', 'hard')", name="difficulty_known"),
    CheckConstraint("(again_of IS NULL) = (again_from IS NULL)", name="again_whole"),
    UniqueConstraint("id", "person_id"),
    Index("ix_roleplay_person_id_made_at", "person_id", "made_at"),
)

# A turn of the learner's and what it did; turns before `again_from` are kept again under the new run, as inherited.
roleplay_turn = Table(
    "roleplay_turn",
    metadata,
    pk(),
    Column("roleplay_id", Integer, nullable=False),
    person_column(),
    Column("number", Integer, nullable=False),
    Column("message_id", String(100)),  # none for an inherited turn
    Column("inherited", Boolean, nullable=False),
    Column("situation", String(100), nullable=False),
    Column("said", Text, nullable=False),
    Column("sentences", JSON, nullable=False),  # [{text, moves}]
    Column("asked", JSON, nullable=False),  # facts the questions were matched to
    Column("changes", JSON, nullable=False),  # [{sentence, move, temper, trust}]
    Column("told", JSON, nullable=False),
    Column("addressed", Boolean, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("temper", Integer, nullable=False),  # the customer after it, 0-10
    Column("trust", Integer, nullable=False),
    Column("patience", Integer, nullable=False),
    Column("moved_to", String(100), nullable=False),
    Column("reply", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
    UniqueConstraint("roleplay_id", "number"),
    UniqueConstraint("message_id"),
    CheckConstraint("number BETWEEN 1 AND 10", name="few_turns"),
    CheckConstraint("temper BETWEEN 0 AND 10 AND trust BETWEEN 0 AND 10", name="in_scale"),
    CheckConstraint("inherited = (message_id IS NULL)", name="whose_turn"),
    ForeignKeyConstraint(["roleplay_id", "person_id"], ["roleplay.id", "roleplay.person_id"]),
    Index("ix_roleplay_turn_person_id", "person_id"),
)

# How it ended and what the debrief found; `ending` is the scenario's, or "stopped".
roleplay_end = Table(
    "roleplay_end",
    metadata,
    Column("roleplay_id", Integer, primary_key=True),
    person_column(),
    Column("ending", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("debrief", JSON, nullable=False),
    Column("made_at", UTC, nullable=False),
    CheckConstraint(
        "kind IN ('delighted', 'content', 'grudging', 'walks_away', 'goes_to_manager', 'stopped')", name="kind_known"
    ),
    ForeignKeyConstraint(["roleplay_id", "person_id"], ["roleplay.id", "roleplay.person_id"]),
    Index("ix_roleplay_end_person_id", "person_id"),
)

# The learner's own word on it, before the debrief said anything.
roleplay_review = Table(
    "roleplay_review",
    metadata,
    Column("roleplay_id", Integer, primary_key=True),
    person_column(),
    Column("words", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
    ForeignKeyConstraint(["roleplay_id", "person_id"], ["roleplay.id", "roleplay.person_id"]),
    Index("ix_roleplay_review_person_id", "person_id"),
)

# Performance criteria that a run has practised: practised is all it can ever say.
roleplay_practised = Table(
    "roleplay_practised",
    metadata,
    Column("roleplay_id", Integer, primary_key=True),
    Column("statement", String(100), primary_key=True),
    person_column(),
    Column("level", String(4), nullable=False),
    CheckConstraint("level IN ('good', 'fair')", name="level_known"),
    ForeignKeyConstraint(["roleplay_id", "person_id"], ["roleplay.id", "roleplay.person_id"]),
    Index("ix_roleplay_practised_person_id_statement", "person_id", "statement"),
)

# The bridge to work: a dated note to ask for a witness statement or an observation. Not evidence of anything.
work_reminder = Table(
    "work_reminder",
    metadata,
    pk(),
    person_column(),
    Column("roleplay_id", ForeignKey("roleplay.id"), nullable=False, index=True),
    Column("words", Text, nullable=False),
    Column("statements", JSON, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("made_at", UTC, nullable=False),
    Column("said_at", UTC),
    Column("done_at", UTC),
    Index("ix_work_reminder_person_id_due_on", "person_id", "due_on"),
)

APPEND_ONLY = ("roleplay", "roleplay_turn", "roleplay_end", "roleplay_review", "roleplay_practised")
