"""Overrides, assessment, decisions, portfolio, sampling, audit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.records.migrations.guards import append_only, lift, refuse_insert

revision = "0002"
down_revision = "0001"

APPEND_ONLY = (
    "override",
    "closed_item",
    "tutor_reply",
    "set_question",
    "sitting",
    "sitting_event",
    "assessed_answer",
    "proposal",
    "first_view",
    "portfolio_item",
    "requirement_mark",
    "decision",
    "decision_evidence",
    "decision_seen",
    "sampling_plan",
    "sample",
    "second_mark",
    "sample_result",
    "audit",
)

INSERTS = (
    ("decision", "signed_by_assessor"),
    ("decision", "supersedes_its_own"),
    ("requirement_mark", "made_by_assessor"),
    ("first_view", "made_by_assessor"),
    ("override", "made_by_tutor"),
    ("second_mark", "made_by_assurer"),
    ("second_mark", "made_by_another"),
    ("sample_result", "made_by_assurer"),
    ("assessed_answer", "before_sent"),
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_audit_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_action"), "audit", ["action"], unique=False)
    op.create_index(op.f("ix_audit_by_id"), "audit", ["by_id"], unique=False)
    op.create_table(
        "caseload",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.CheckConstraint("role IN ('assessor', 'quality_assurer')", name=op.f("ck_caseload_known")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_caseload_cohort_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_caseload_person_id")),
        sa.PrimaryKeyConstraint("cohort_id", "person_id", "role", name=op.f("pk_caseload")),
    )
    op.create_index(op.f("ix_caseload_person_id"), "caseload", ["person_id"], unique=False)
    op.create_table(
        "closed_item",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('dispute', 'request')", name=op.f("ck_closed_item_known")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_closed_item_by_id")),
        sa.PrimaryKeyConstraint("kind", "item_id", name=op.f("pk_closed_item")),
    )
    op.create_index(op.f("ix_closed_item_by_id"), "closed_item", ["by_id"], unique=False)
    op.create_table(
        "portfolio_item",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("setting", sa.String(length=24), nullable=False),
        sa.Column("reference", sa.String(length=500), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("occasion", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("statements", sa.JSON(), nullable=False),
        sa.Column("requirements", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('observation', 'witness', 'product', 'reflection', 'discussion', 'other')",
            name=op.f("ck_portfolio_item_known"),
        ),
        sa.CheckConstraint(
            "setting IN ('real_work', 'realistic_environment', 'work_placement')",
            name=op.f("ck_portfolio_item_setting_known"),
        ),
        sa.CheckConstraint("length(trim(reference)) > 0", name=op.f("ck_portfolio_item_reference_said")),
        sa.CheckConstraint("length(trim(title)) > 0", name=op.f("ck_portfolio_item_title_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_portfolio_item_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_portfolio_item_person_id")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["portfolio_item.id"], name=op.f("fk_portfolio_item_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_item")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_portfolio_item_id_person_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_portfolio_item_supersedes_id")),
    )
    op.create_index(op.f("ix_portfolio_item_by_id"), "portfolio_item", ["by_id"], unique=False)
    op.create_index(op.f("ix_portfolio_item_person_id"), "portfolio_item", ["person_id"], unique=False)
    op.create_index("ix_portfolio_item_person_id_unit_id", "portfolio_item", ["person_id", "unit_id"], unique=False)
    op.create_table(
        "question_set",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.String(length=40), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("hide_proposal", sa.Boolean(), nullable=False),
        sa.Column("opens_at", sa.DateTime(), nullable=True),
        sa.Column("closes_at", sa.DateTime(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("length(trim(title)) > 0", name=op.f("ck_question_set_title_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_question_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_set")),
    )
    op.create_index(op.f("ix_question_set_by_id"), "question_set", ["by_id"], unique=False)
    op.create_table(
        "sampling_plan",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("length(trim(title)) > 0", name=op.f("ck_sampling_plan_title_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sampling_plan_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_plan")),
    )
    op.create_index(op.f("ix_sampling_plan_by_id"), "sampling_plan", ["by_id"], unique=False)
    op.create_table(
        "set_practice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('question', 'statement', 'scenario')", name=op.f("ck_set_practice_known")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_set_practice_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_set_practice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_practice")),
    )
    op.create_index(op.f("ix_set_practice_by_id"), "set_practice", ["by_id"], unique=False)
    op.create_index(op.f("ix_set_practice_person_id"), "set_practice", ["person_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(length=100), nullable=False),
        sa.Column("criterion_kind", sa.String(length=11), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=11), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("authentic", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("sufficient", sa.Boolean(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=True),
        sa.Column("signed_name", sa.String(length=200), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "NOT (criterion_kind = 'performance' AND method = 'questioning')", name=op.f("ck_decision_shown_at_work")
        ),
        sa.CheckConstraint("criterion_kind IN ('knowledge', 'performance')", name=op.f("ck_decision_kind_known")),
        sa.CheckConstraint(
            "method IN ('questioning', 'portfolio', 'observation', 'discussion')", name=op.f("ck_decision_method_known")
        ),
        sa.CheckConstraint(
            "outcome <> 'achieved' OR (valid AND authentic AND current AND sufficient)",
            name=op.f("ck_decision_achieved_has_all_ticks"),
        ),
        sa.CheckConstraint("outcome IN ('achieved', 'more_needed')", name=op.f("ck_decision_outcome_known")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_decision_reason_said")),
        sa.CheckConstraint("length(trim(signed_name)) > 0", name=op.f("ck_decision_signed_name_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_decision_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_decision_person_id")),
        sa.ForeignKeyConstraint(["set_id"], ["question_set.id"], name=op.f("fk_decision_set_id")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["decision.id"], name=op.f("fk_decision_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_decision_id_person_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_decision_supersedes_id")),
    )
    op.create_index(op.f("ix_decision_by_id"), "decision", ["by_id"], unique=False)
    op.create_index(op.f("ix_decision_person_id"), "decision", ["person_id"], unique=False)
    op.create_index("ix_decision_person_id_statement", "decision", ["person_id", "statement"], unique=False)
    op.create_index(
        "uq_decision_first",
        "decision",
        ["person_id", "statement"],
        unique=True,
        sqlite_where=sa.text("supersedes_id IS NULL"),
        postgresql_where=sa.text("supersedes_id IS NULL"),
    )
    op.create_table(
        "external_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_external_link_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["sampling_plan.id"], name=op.f("fk_external_link_plan_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_external_link")),
    )
    op.create_index(op.f("ix_external_link_by_id"), "external_link", ["by_id"], unique=False)
    op.create_table(
        "requirement_mark",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("requirement", sa.String(length=40), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_requirement_mark_reason_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_requirement_mark_by_id")),
        sa.ForeignKeyConstraint(["item_id"], ["portfolio_item.id"], name=op.f("fk_requirement_mark_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement_mark")),
    )
    op.create_index(op.f("ix_requirement_mark_by_id"), "requirement_mark", ["by_id"], unique=False)
    op.create_index(op.f("ix_requirement_mark_item_id"), "requirement_mark", ["item_id"], unique=False)
    op.create_table(
        "set_question",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("question_id", sa.String(length=100), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("statements", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("length(trim(words)) > 0", name=op.f("ck_set_question_words_said")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_set_question_person_id")),
        sa.ForeignKeyConstraint(["set_id"], ["question_set.id"], name=op.f("fk_set_question_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_question")),
    )
    op.create_index(op.f("ix_set_question_person_id"), "set_question", ["person_id"], unique=False)
    op.create_index(op.f("ix_set_question_set_id"), "set_question", ["set_id"], unique=False)
    op.create_table(
        "sitting",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sitting_person_id")),
        sa.ForeignKeyConstraint(["set_id"], ["question_set.id"], name=op.f("fk_sitting_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
        sa.UniqueConstraint("set_id", "person_id", name=op.f("uq_sitting_set_id_person_id")),
    )
    op.create_index(op.f("ix_sitting_person_id"), "sitting", ["person_id"], unique=False)
    op.create_table(
        "assessed_answer",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=100), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("set_question_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("help", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("help IN ('none')", name=op.f("ck_assessed_answer_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assessed_answer_person_id")),
        sa.ForeignKeyConstraint(
            ["set_question_id"], ["set_question.id"], name=op.f("fk_assessed_answer_set_question_id")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_assessed_answer_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessed_answer")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_assessed_answer_id_person_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_assessed_answer_message_id")),
        sa.UniqueConstraint(
            "sitting_id",
            "set_question_id",
            "version",
            name=op.f("uq_assessed_answer_sitting_id_set_question_id_version"),
        ),
    )
    op.create_index(op.f("ix_assessed_answer_person_id"), "assessed_answer", ["person_id"], unique=False)
    op.create_table(
        "decision_seen",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_decision_seen_decision_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_decision_seen_person_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision_seen")),
    )
    op.create_index(op.f("ix_decision_seen_person_id"), "decision_seen", ["person_id"], unique=False)
    op.create_table(
        "override",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_override_reason_said")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_override_attempt_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_override_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override")),
    )
    op.create_index(op.f("ix_override_attempt_id"), "override", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_override_by_id"), "override", ["by_id"], unique=False)
    op.create_table(
        "sample",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_sample_decision_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["sampling_plan.id"], name=op.f("fk_sample_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
        sa.UniqueConstraint("plan_id", "decision_id", name=op.f("uq_sample_plan_id_decision_id")),
    )
    op.create_index(op.f("ix_sample_decision_id"), "sample", ["decision_id"], unique=False)
    op.create_index(op.f("ix_sample_plan_id"), "sample", ["plan_id"], unique=False)
    op.create_table(
        "sitting_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=10), nullable=False),
        sa.Column("set_question_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "event IN ('told', 'started', 'asked', 'paused', 'resumed', 'sent', 'reopened')",
            name=op.f("ck_sitting_event_known"),
        ),
        sa.ForeignKeyConstraint(
            ["set_question_id"], ["set_question.id"], name=op.f("fk_sitting_event_set_question_id")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_sitting_event_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting_event")),
    )
    op.create_index(op.f("ix_sitting_event_sitting_id"), "sitting_event", ["sitting_id"], unique=False)
    op.create_table(
        "decision_evidence",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(answer_id IS NULL) <> (item_id IS NULL)", name=op.f("ck_decision_evidence_one_source")),
        sa.ForeignKeyConstraint(
            ["answer_id", "person_id"],
            ["assessed_answer.id", "assessed_answer.person_id"],
            name=op.f("fk_decision_evidence_answer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "person_id"],
            ["decision.id", "decision.person_id"],
            name=op.f("fk_decision_evidence_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["item_id", "person_id"],
            ["portfolio_item.id", "portfolio_item.person_id"],
            name=op.f("fk_decision_evidence_item_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_evidence")),
    )
    op.create_index(op.f("ix_decision_evidence_answer_id"), "decision_evidence", ["answer_id"], unique=False)
    op.create_index(op.f("ix_decision_evidence_decision_id"), "decision_evidence", ["decision_id"], unique=False)
    op.create_index(op.f("ix_decision_evidence_item_id"), "decision_evidence", ["item_id"], unique=False)
    op.create_table(
        "first_view",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("view", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("view IN ('sufficient', 'insufficient', 'unsure')", name=op.f("ck_first_view_known")),
        sa.ForeignKeyConstraint(["answer_id"], ["assessed_answer.id"], name=op.f("fk_first_view_answer_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_first_view_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_view")),
        sa.UniqueConstraint("answer_id", "by_id", name=op.f("uq_first_view_answer_id_by_id")),
    )
    op.create_index(op.f("ix_first_view_by_id"), "first_view", ["by_id"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("marking", sa.JSON(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("content_version", sa.String(length=40), nullable=False),
        sa.Column("marking_version", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["assessed_answer.id"], name=op.f("fk_proposal_answer_id")),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_proposal")),
    )
    op.create_table(
        "sample_result",
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("result IN ('agreed', 'returned')", name=op.f("ck_sample_result_known")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_sample_result_reason_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sample_result_by_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_sample_result_sample_id")),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_sample_result")),
    )
    op.create_index(op.f("ix_sample_result_by_id"), "sample_result", ["by_id"], unique=False)
    op.create_table(
        "second_mark",
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=11), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("outcome IN ('achieved', 'more_needed')", name=op.f("ck_second_mark_known")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_second_mark_by_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_second_mark_sample_id")),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_second_mark")),
    )
    op.create_index(op.f("ix_second_mark_by_id"), "second_mark", ["by_id"], unique=False)
    op.create_table(
        "tutor_reply",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("dispute_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("length(trim(words)) > 0", name=op.f("ck_tutor_reply_words_said")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_tutor_reply_by_id")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_tutor_reply_dispute_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tutor_reply_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["tutor_request.id"], name=op.f("fk_tutor_reply_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tutor_reply")),
    )
    op.create_index(op.f("ix_tutor_reply_by_id"), "tutor_reply", ["by_id"], unique=False)
    op.create_index(op.f("ix_tutor_reply_person_id"), "tutor_reply", ["person_id"], unique=False)
    append_only(APPEND_ONLY)
    for table, name, roles in (
        ("decision", "signed_by_assessor", "'assessor'"),
        ("requirement_mark", "made_by_assessor", "'assessor'"),
        ("first_view", "made_by_assessor", "'assessor'"),
        ("override", "made_by_tutor", "'tutor', 'assessor'"),
        ("second_mark", "made_by_assurer", "'quality_assurer'"),
        ("sample_result", "made_by_assurer", "'quality_assurer'"),
    ):
        refuse_insert(
            table,
            name,
            f"NOT EXISTS (SELECT 1 FROM person_role WHERE person_id = NEW.by_id AND role IN ({roles}))",
            f"{table} must be made by the right role",
        )
    refuse_insert(
        "decision",
        "supersedes_its_own",
        "NEW.supersedes_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.id = NEW.supersedes_id "
        "AND d.person_id = NEW.person_id AND d.statement = NEW.statement)",
        "a decision supersedes one on the same learner and statement",
    )
    refuse_insert(
        "second_mark",
        "made_by_another",
        "EXISTS (SELECT 1 FROM sample s JOIN decision d ON d.id = s.decision_id "
        "WHERE s.id = NEW.sample_id AND d.by_id = NEW.by_id)",
        "nobody assures their own decision",
    )
    refuse_insert(
        "assessed_answer",
        "before_sent",
        "(SELECT count(*) FROM sitting_event WHERE sitting_id = NEW.sitting_id AND event = 'sent') > "
        "(SELECT count(*) FROM sitting_event WHERE sitting_id = NEW.sitting_id AND event = 'reopened')",
        "the answers have been sent",
    )


def downgrade() -> None:
    lift(APPEND_ONLY, INSERTS)
    op.drop_index(op.f("ix_tutor_reply_person_id"), table_name="tutor_reply")
    op.drop_index(op.f("ix_tutor_reply_by_id"), table_name="tutor_reply")
    op.drop_table("tutor_reply")
    op.drop_index(op.f("ix_second_mark_by_id"), table_name="second_mark")
    op.drop_table("second_mark")
    op.drop_index(op.f("ix_sample_result_by_id"), table_name="sample_result")
    op.drop_table("sample_result")
    op.drop_table("proposal")
    op.drop_index(op.f("ix_first_view_by_id"), table_name="first_view")
    op.drop_table("first_view")
    op.drop_index(op.f("ix_decision_evidence_item_id"), table_name="decision_evidence")
    op.drop_index(op.f("ix_decision_evidence_decision_id"), table_name="decision_evidence")
    op.drop_index(op.f("ix_decision_evidence_answer_id"), table_name="decision_evidence")
    op.drop_table("decision_evidence")
    op.drop_index(op.f("ix_sitting_event_sitting_id"), table_name="sitting_event")
    op.drop_table("sitting_event")
    op.drop_index(op.f("ix_sample_plan_id"), table_name="sample")
    op.drop_index(op.f("ix_sample_decision_id"), table_name="sample")
    op.drop_table("sample")
    op.drop_index(op.f("ix_override_by_id"), table_name="override")
    op.drop_index(op.f("ix_override_attempt_id"), table_name="override")
    op.drop_table("override")
    op.drop_index(op.f("ix_decision_seen_person_id"), table_name="decision_seen")
    op.drop_table("decision_seen")
    op.drop_index(op.f("ix_assessed_answer_person_id"), table_name="assessed_answer")
    op.drop_table("assessed_answer")
    op.drop_index(op.f("ix_sitting_person_id"), table_name="sitting")
    op.drop_table("sitting")
    op.drop_index(op.f("ix_set_question_set_id"), table_name="set_question")
    op.drop_index(op.f("ix_set_question_person_id"), table_name="set_question")
    op.drop_table("set_question")
    op.drop_index(op.f("ix_requirement_mark_item_id"), table_name="requirement_mark")
    op.drop_index(op.f("ix_requirement_mark_by_id"), table_name="requirement_mark")
    op.drop_table("requirement_mark")
    op.drop_index(op.f("ix_external_link_by_id"), table_name="external_link")
    op.drop_table("external_link")
    op.drop_index(
        "uq_decision_first",
        table_name="decision",
        sqlite_where=sa.text("supersedes_id IS NULL"),
        postgresql_where=sa.text("supersedes_id IS NULL"),
    )
    op.drop_index("ix_decision_person_id_statement", table_name="decision")
    op.drop_index(op.f("ix_decision_person_id"), table_name="decision")
    op.drop_index(op.f("ix_decision_by_id"), table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_set_practice_person_id"), table_name="set_practice")
    op.drop_index(op.f("ix_set_practice_by_id"), table_name="set_practice")
    op.drop_table("set_practice")
    op.drop_index(op.f("ix_sampling_plan_by_id"), table_name="sampling_plan")
    op.drop_table("sampling_plan")
    op.drop_index(op.f("ix_question_set_by_id"), table_name="question_set")
    op.drop_table("question_set")
    op.drop_index("ix_portfolio_item_person_id_unit_id", table_name="portfolio_item")
    op.drop_index(op.f("ix_portfolio_item_person_id"), table_name="portfolio_item")
    op.drop_index(op.f("ix_portfolio_item_by_id"), table_name="portfolio_item")
    op.drop_table("portfolio_item")
    op.drop_index(op.f("ix_closed_item_by_id"), table_name="closed_item")
    op.drop_table("closed_item")
    op.drop_index(op.f("ix_caseload_person_id"), table_name="caseload")
    op.drop_table("caseload")
    op.drop_index(op.f("ix_audit_by_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_action"), table_name="audit")
    op.drop_table("audit")
