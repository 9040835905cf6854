"""Failed sign-ins, counted for all web processes together"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("whose", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    op.create_index(op.f("ix_failed_sign_in_whose_made_at"), "failed_sign_in", ["whose", "made_at"], unique=False)
    op.create_index(op.f("ix_failed_sign_in_made_at"), "failed_sign_in", ["made_at"], unique=False)


def downgrade() -> None:
    op.drop_table("failed_sign_in")
