"""How many attempts were complete without help, kept with the coverage: who is stuck is read off it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

STUCK = sa.text("state = 'practising' AND attempts >= 3 AND alone = 0")


def upgrade() -> None:
    op.add_column("coverage", sa.Column("alone", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE coverage SET alone = (SELECT count(*) FROM attempt_statement s JOIN attempt a ON a.id = s.attempt_id "
        "WHERE s.person_id = coverage.person_id AND s.statement = coverage.statement AND a.complete AND a.unassisted)"
    )
    op.create_index("ix_coverage_stuck", "coverage", ["person_id"], sqlite_where=STUCK, postgresql_where=STUCK)


def downgrade() -> None:
    op.drop_index("ix_coverage_stuck", table_name="coverage", sqlite_where=STUCK, postgresql_where=STUCK)
    with op.batch_alter_table("coverage") as batch:
        batch.drop_column("alone")
