"""Accounts at the centre's own provider, by which people sign in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.records.migrations.guards import drop_refusal, refuse_insert

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "sign_in_account",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_account_person_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_sign_in_account")),
        sa.UniqueConstraint("issuer", "person_id", name=op.f("uq_sign_in_account_issuer_person_id")),
    )
    op.create_index(op.f("ix_sign_in_account_person_id"), "sign_in_account", ["person_id"], unique=False)
    gone = "EXISTS (SELECT 1 FROM erasure WHERE person_id = NEW.person_id)"
    refuse_insert("sign_in_account", "nobody_erased", gone, "this person was erased")


def downgrade() -> None:
    drop_refusal("sign_in_account", "nobody_erased")
    op.drop_table("sign_in_account")
