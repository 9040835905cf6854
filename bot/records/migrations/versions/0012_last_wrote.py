"""When somebody wrote last, and which statements are ready, are found without reading messages and all coverage"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

READY = sa.text("state = 'ready'")


def upgrade() -> None:
    op.create_table(
        "last_wrote",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_last_wrote_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_last_wrote"),
    )
    op.execute(
        "INSERT INTO last_wrote (person_id, at) "
        "SELECT person_id, max(created_at) FROM message WHERE direction = 'in' GROUP BY person_id"
    )
    op.create_index(
        "ix_coverage_ready", "coverage", ["person_id", "statement"], sqlite_where=READY, postgresql_where=READY
    )


def downgrade() -> None:
    op.drop_index("ix_coverage_ready", table_name="coverage", sqlite_where=READY, postgresql_where=READY)
    op.drop_table("last_wrote")
