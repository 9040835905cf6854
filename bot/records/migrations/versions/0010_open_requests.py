"""Requests that wait, and a learner's answers to a question, are found by an index however many there are"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

OPEN = sa.text("seen_at IS NULL")


def upgrade() -> None:
    op.execute(
        "UPDATE tutor_request SET seen_at = (SELECT c.made_at FROM closed_item c "
        "WHERE c.kind = 'request' AND c.item_id = tutor_request.id) WHERE seen_at IS NULL"
    )
    op.create_index(
        "ix_tutor_request_open", "tutor_request", ["person_id", "id"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_attempt_person_id_question_id", "attempt", ["person_id", "question_id"])
    op.drop_index("ix_attempt_question_id", table_name="attempt")


def downgrade() -> None:
    op.create_index("ix_attempt_question_id", "attempt", ["question_id"])
    op.drop_index("ix_attempt_person_id_question_id", table_name="attempt")
    op.drop_index("ix_tutor_request_open", table_name="tutor_request", sqlite_where=OPEN, postgresql_where=OPEN)
