"""How long chats and assessment records are kept, chosen by an administrator within limits"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "retention_time",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "name = 'chats' AND amount BETWEEN 7 AND 1095 OR name = 'assessments' AND amount BETWEEN 3 AND 10",
            name="within_limits",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_retention_time_by_id"),
        sa.PrimaryKeyConstraint("name", name="pk_retention_time"),
    )


def downgrade() -> None:
    op.drop_table("retention_time")
