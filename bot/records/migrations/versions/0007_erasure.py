"""Erasures, and the guards of practice that let exactly them through"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.records.migrations.guards import append_only, append_only_but_erased, drop_refusal, not_append_only, refuse

revision = "0007"
down_revision = "0006"

_OWN = "OLD.person_id"
_ATTEMPT = "(SELECT a.person_id FROM attempt a WHERE a.id = OLD.attempt_id)"
_ITEM = (
    "CASE OLD.kind WHEN 'dispute' THEN (SELECT d.person_id FROM dispute d WHERE d.id = OLD.item_id) "
    "ELSE (SELECT r.person_id FROM tutor_request r WHERE r.id = OLD.item_id) END"
)
# Practice: table → SQL for whose row OLD is. What is not named here stays append-only for everybody.
ERASABLE = {
    "attempt": _OWN,
    "attempt_match": _ATTEMPT,
    "attempt_statement": _OWN,
    "told": _OWN,
    "dispute": _OWN,
    "override": _ATTEMPT,
    "closed_item": _ITEM,
    "tutor_reply": _OWN,
    "roleplay": _OWN,
    "roleplay_turn": _OWN,
    "roleplay_end": _OWN,
    "roleplay_review": _OWN,
    "roleplay_practised": _OWN,
}
# A turn that was under way when its person was erased leaves nothing behind.
CLOSED = ("message", "move", "exercise", "attempt", "tutor_request", "roleplay_turn", "channel_identity")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("done_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("done_id IS NULL OR done_id = id", name=op.f("ck_erasure_done_by_itself")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_erasure_person_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_erasure_by_id")),
        sa.ForeignKeyConstraint(
            ["id"], ["erasure.done_id"], name=op.f("fk_erasure_id"), deferrable=True, initially="DEFERRED"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("done_id", name=op.f("uq_erasure_done_id")),
    )
    op.create_index(op.f("ix_erasure_person_id"), "erasure", ["person_id"], unique=False)
    refuse("erasure", "UPDATE", "done_once", "OLD.done_id IS NOT NULL", "an erasure is done once")
    refuse("erasure", "DELETE", "stays", "1 = 1", "an erasure stays")
    for table, whose in ERASABLE.items():
        not_append_only(table)
        append_only_but_erased(table, whose)
    for table in CLOSED:
        gone = "EXISTS (SELECT 1 FROM erasure WHERE person_id = NEW.person_id)"
        refuse(table, "INSERT", "nobody_erased", gone, "this person was erased")


def downgrade() -> None:
    for table in CLOSED:
        drop_refusal(table, "nobody_erased")
    for table in ERASABLE:
        not_append_only(table)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION {table}_append_only()")
        append_only((table,))
    drop_refusal("erasure", "done_once")
    drop_refusal("erasure", "stays")
    op.drop_table("erasure")
