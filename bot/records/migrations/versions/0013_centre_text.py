"""What an administrator has written for everybody: whom to ask for help"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "centre_text",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_centre_text_by_id"),
        sa.PrimaryKeyConstraint("name", name="pk_centre_text"),
    )


def downgrade() -> None:
    op.drop_table("centre_text")
