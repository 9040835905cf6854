"""Role-plays: runs, turns, endings, reviews, what they practised; reminders of real work"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.records.migrations.guards import append_only, lift, refuse_insert

revision = "0005"
down_revision = "0004"

APPEND_ONLY = ("roleplay", "roleplay_turn", "roleplay_end", "roleplay_review", "roleplay_practised")
# Practice is never evidence: nothing handed in from work may point to a role-play of ours.
POINTS = " OR ".join(
    f"lower(NEW.reference) LIKE '{like}'" for like in ("%role-play%", "%roleplay%", "%role play%", "%practice chat%")
)
INSERTS = (("portfolio_item", "no_role_play"),)


def upgrade() -> None:
    op.create_table(
        "roleplay",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("exercise_id", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("difficulty", sa.String(length=8), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("temper", sa.Integer(), nullable=False),
        sa.Column("trust", sa.Integer(), nullable=False),
        sa.Column("again_of", sa.Integer(), nullable=True),
        sa.Column("again_from", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("content_version", sa.String(length=40), nullable=False),
        sa.Column("moves_version", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("difficulty IN ('easy', 'standard', 'hard')", name=op.f("ck_roleplay_difficulty_known")),
        sa.CheckConstraint("(again_of IS NULL) = (again_from IS NULL)", name=op.f("ck_roleplay_again_whole")),
        sa.ForeignKeyConstraint(["again_of"], ["roleplay.id"], name=op.f("fk_roleplay_again_of")),
        sa.ForeignKeyConstraint(["exercise_id"], ["exercise.id"], name=op.f("fk_roleplay_exercise_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roleplay_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roleplay")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_roleplay_id_person_id")),
    )
    op.create_index(op.f("ix_roleplay_again_of"), "roleplay", ["again_of"], unique=False)
    op.create_index("ix_roleplay_person_id_made_at", "roleplay", ["person_id", "made_at"], unique=False)
    op.create_table(
        "roleplay_end",
        sa.Column("roleplay_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ending", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("debrief", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('delighted', 'content', 'grudging', 'walks_away', 'goes_to_manager', 'stopped')",
            name=op.f("ck_roleplay_end_kind_known"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roleplay_end_person_id")),
        sa.ForeignKeyConstraint(
            ["roleplay_id", "person_id"],
            ["roleplay.id", "roleplay.person_id"],
            name=op.f("fk_roleplay_end_roleplay_id"),
        ),
        sa.PrimaryKeyConstraint("roleplay_id", name=op.f("pk_roleplay_end")),
    )
    op.create_index("ix_roleplay_end_person_id", "roleplay_end", ["person_id"], unique=False)
    op.create_table(
        "roleplay_practised",
        sa.Column("roleplay_id", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.CheckConstraint("level IN ('good', 'fair')", name=op.f("ck_roleplay_practised_level_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roleplay_practised_person_id")),
        sa.ForeignKeyConstraint(
            ["roleplay_id", "person_id"],
            ["roleplay.id", "roleplay.person_id"],
            name=op.f("fk_roleplay_practised_roleplay_id"),
        ),
        sa.PrimaryKeyConstraint("roleplay_id", "statement", name=op.f("pk_roleplay_practised")),
    )
    op.create_index(
        "ix_roleplay_practised_person_id_statement", "roleplay_practised", ["person_id", "statement"], unique=False
    )
    op.create_table(
        "roleplay_review",
        sa.Column("roleplay_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roleplay_review_person_id")),
        sa.ForeignKeyConstraint(
            ["roleplay_id", "person_id"],
            ["roleplay.id", "roleplay.person_id"],
            name=op.f("fk_roleplay_review_roleplay_id"),
        ),
        sa.PrimaryKeyConstraint("roleplay_id", name=op.f("pk_roleplay_review")),
    )
    op.create_index("ix_roleplay_review_person_id", "roleplay_review", ["person_id"], unique=False)
    op.create_table(
        "roleplay_turn",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("roleplay_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=100), nullable=True),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.Column("situation", sa.String(length=100), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("addressed", sa.Boolean(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("temper", sa.Integer(), nullable=False),
        sa.Column("trust", sa.Integer(), nullable=False),
        sa.Column("patience", sa.Integer(), nullable=False),
        sa.Column("moved_to", sa.String(length=100), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("inherited = (message_id IS NULL)", name=op.f("ck_roleplay_turn_whose_turn")),
        sa.CheckConstraint("number BETWEEN 1 AND 10", name=op.f("ck_roleplay_turn_few_turns")),
        sa.CheckConstraint(
            "temper BETWEEN 0 AND 10 AND trust BETWEEN 0 AND 10", name=op.f("ck_roleplay_turn_in_scale")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roleplay_turn_person_id")),
        sa.ForeignKeyConstraint(
            ["roleplay_id", "person_id"],
            ["roleplay.id", "roleplay.person_id"],
            name=op.f("fk_roleplay_turn_roleplay_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roleplay_turn")),
        sa.UniqueConstraint("message_id", name=op.f("uq_roleplay_turn_message_id")),
        sa.UniqueConstraint("roleplay_id", "number", name=op.f("uq_roleplay_turn_roleplay_id_number")),
    )
    op.create_index("ix_roleplay_turn_person_id", "roleplay_turn", ["person_id"], unique=False)
    op.create_table(
        "work_reminder",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("roleplay_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("statements", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("said_at", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_work_reminder_person_id")),
        sa.ForeignKeyConstraint(["roleplay_id"], ["roleplay.id"], name=op.f("fk_work_reminder_roleplay_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_reminder")),
    )
    op.create_index("ix_work_reminder_person_id_due_on", "work_reminder", ["person_id", "due_on"], unique=False)
    op.create_index(op.f("ix_work_reminder_roleplay_id"), "work_reminder", ["roleplay_id"], unique=False)
    append_only(APPEND_ONLY)
    refuse_insert("portfolio_item", "no_role_play", f"({POINTS})", "practice is not evidence")


def downgrade() -> None:
    lift(APPEND_ONLY, INSERTS)
    if op.get_bind().dialect.name == "sqlite":  # its table stays
        op.execute("DROP TRIGGER portfolio_item_no_role_play")
    op.drop_index(op.f("ix_work_reminder_roleplay_id"), table_name="work_reminder")
    op.drop_index("ix_work_reminder_person_id_due_on", table_name="work_reminder")
    op.drop_table("work_reminder")
    op.drop_index("ix_roleplay_turn_person_id", table_name="roleplay_turn")
    op.drop_table("roleplay_turn")
    op.drop_index("ix_roleplay_review_person_id", table_name="roleplay_review")
    op.drop_table("roleplay_review")
    op.drop_index("ix_roleplay_practised_person_id_statement", table_name="roleplay_practised")
    op.drop_table("roleplay_practised")
    op.drop_index("ix_roleplay_end_person_id", table_name="roleplay_end")
    op.drop_table("roleplay_end")
    op.drop_index("ix_roleplay_person_id_made_at", table_name="roleplay")
    op.drop_index(op.f("ix_roleplay_again_of"), table_name="roleplay")
    op.drop_table("roleplay")
