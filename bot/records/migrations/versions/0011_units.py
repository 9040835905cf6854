"""Units offered or not, and the versions of their content"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.records.migrations.guards import append_only, lift

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "unit_state",
        sa.Column("unit_id", sa.String(length=40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_unit_state_by_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit_state")),
    )
    op.create_table(
        "unit_version",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.String(length=40), nullable=False),
        sa.Column("content", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=12), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("wording", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_version")),
    )
    op.create_index(op.f("ix_unit_version_unit_id"), "unit_version", ["unit_id"], unique=False)
    append_only(("unit_version",))


def downgrade() -> None:
    lift(("unit_version",), ())
    op.drop_table("unit_version")
    op.drop_table("unit_state")
