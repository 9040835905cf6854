"""What tutors, assessors and quality assurers record. Triggers in the migrations guard all of it (`guards.py`).

Evidence is an answer given to an assessor's question or a portfolio item from real work: nothing here can refer to a
practice attempt or a role-play, and "achieved" exists in `decision` alone, signed by an assessor.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.records.base import UTC, metadata, pk


def _who(name: str = "by_id", nullable: bool = False) -> Column[Any]:
    return Column(name, ForeignKey("person.id"), nullable=nullable, index=True)


def _one_of(column: str, values: tuple[str, ...], name: str = "known") -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=name)


def _said(column: str) -> CheckConstraint:
    return CheckConstraint(f"length(trim({column})) > 0", name=f"{column}_said")


# Tutors --------------------------------------------------------------------------------------------------------------

# A person's change of a mark; the attempt stays as it is, and coverage follows the latest override.
override = Table(
    "override",
    metadata,
    pk(),
    Column("attempt_id", ForeignKey("attempt.id"), nullable=False, index=True),
    _who(),
    Column("points", JSON, nullable=False),  # expectation → "met" or "not_met", as the person sees it
    Column("complete", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
    _said("reason"),
)

# What became of an entry of the work list; an entry without a row is open.
CLOSED_KINDS = ("dispute", "request")
closed_item = Table(
    "closed_item",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("item_id", Integer, primary_key=True),
    _who(),
    Column("note", Text, nullable=False, default=""),
    Column("made_at", UTC, nullable=False),
    _one_of("kind", CLOSED_KINDS),
)

tutor_reply = Table(
    "tutor_reply",
    metadata,
    pk(),
    _who("person_id"),
    _who(),
    Column("request_id", ForeignKey("tutor_request.id")),
    Column("dispute_id", ForeignKey("dispute.id")),
    Column("words", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
    _said("words"),
)

SET_PRACTICE_KINDS = ("question", "statement", "scenario")
set_practice = Table(
    "set_practice",
    metadata,
    pk(),
    _who("person_id"),
    _who(),
    Column("kind", String(10), nullable=False),
    Column("target", String(100), nullable=False),
    Column("due_on", Date),
    Column("note", Text, nullable=False, default=""),
    Column("made_at", UTC, nullable=False),
    Column("withdrawn_at", UTC),
    _one_of("kind", SET_PRACTICE_KINDS),
)

# A tutor's learners come from `cohort_member`; these are an assessor's and a quality assurer's.
CASELOAD_ROLES = ("assessor", "quality_assurer")
caseload = Table(
    "caseload",
    metadata,
    Column("cohort_id", ForeignKey("cohort.id"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True, index=True),
    Column("role", String(20), primary_key=True),
    _one_of("role", CASELOAD_ROLES),
)

# Assessors: questions ----------------------------------------------------------------------------------------------

question_set = Table(
    "question_set",
    metadata,
    pk(),
    _who(),
    Column("title", String(200), nullable=False),
    Column("unit_id", String(40), nullable=False),
    Column("live", Boolean, nullable=False),  # asked by the assessor turn by turn
    Column("hide_proposal", Boolean, nullable=False),  # until the assessor has noted a first view
    Column("opens_at", UTC),
    Column("closes_at", UTC),
    Column("made_at", UTC, nullable=False),
    Column("sent_at", UTC),
    Column("withdrawn_at", UTC),
    _said("title"),
)

set_question = Table(
    "set_question",
    metadata,
    pk(),
    Column("set_id", ForeignKey("question_set.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    _who("person_id", nullable=True),  # a supplementary question to this learner only; NULL: the core, to all
    Column("question_id", String(100)),  # of the bank; NULL: the assessor's own wording
    Column("words", Text, nullable=False),  # what is asked, word for word
    Column("statements", JSON, nullable=False),
    Column("made_at", UTC, nullable=False),
    _said("words"),
)

SITTING_EVENTS = ("told", "started", "asked", "paused", "resumed", "sent", "reopened")
sitting = Table(
    "sitting",
    metadata,
    pk(),
    Column("set_id", ForeignKey("question_set.id"), nullable=False),
    _who("person_id"),
    Column("made_at", UTC, nullable=False),
    UniqueConstraint("set_id", "person_id"),
)

sitting_event = Table(
    "sitting_event",
    metadata,
    pk(),
    Column("sitting_id", ForeignKey("sitting.id"), nullable=False, index=True),
    Column("event", String(10), nullable=False),
    Column("set_question_id", ForeignKey("set_question.id")),
    Column("channel", String(20), nullable=False, default=""),
    Column("made_at", UTC, nullable=False),
    _one_of("event", SITTING_EVENTS),
)

# Every version of an answer is a row; the last one before "sent" counts.
assessed_answer = Table(
    "assessed_answer",
    metadata,
    pk(),
    Column("message_id", String(100), nullable=False, unique=True),
    Column("sitting_id", ForeignKey("sitting.id"), nullable=False),
    Column("set_question_id", ForeignKey("set_question.id"), nullable=False),
    _who("person_id"),
    Column("version", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("help", String(10), nullable=False, default="none"),  # no help is ever on
    Column("channel", String(20), nullable=False),
    Column("asked_at", UTC, nullable=False),
    Column("made_at", UTC, nullable=False),
    UniqueConstraint("sitting_id", "set_question_id", "version"),
    UniqueConstraint("id", "person_id"),
    _one_of("help", ("none",)),
)

# The program's proposal on one answer; never a decision.
proposal = Table(
    "proposal",
    metadata,
    Column("answer_id", ForeignKey("assessed_answer.id"), primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("marking", JSON, nullable=False),
    Column("probability", Float),
    Column("content_version", String(40), nullable=False),
    Column("marking_version", String(80), nullable=False),
    Column("made_at", UTC, nullable=False),
)

first_view = Table(
    "first_view",
    metadata,
    pk(),
    Column("answer_id", ForeignKey("assessed_answer.id"), nullable=False),
    _who(),
    Column("view", String(12), nullable=False),
    Column("words", Text, nullable=False, default=""),
    Column("made_at", UTC, nullable=False),
    UniqueConstraint("answer_id", "by_id"),
    _one_of("view", ("sufficient", "insufficient", "unsure")),
)

# Evidence from work ------------------------------------------------------------------------------------------------

SETTINGS = ("real_work", "realistic_environment", "work_placement")  # simulation has no name here
PORTFOLIO_KINDS = ("observation", "witness", "product", "reflection", "discussion", "other")
portfolio_item = Table(
    "portfolio_item",
    metadata,
    pk(),
    _who("person_id"),
    _who(),  # who entered it
    Column("unit_id", String(40), nullable=False),
    Column("title", String(200), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("setting", String(24), nullable=False),
    Column("reference", String(500), nullable=False),  # where the evidence itself is kept
    Column("happened_on", Date, nullable=False),
    Column("occasion", String(200), nullable=False, default=""),
    Column("customer", String(200), nullable=False, default=""),  # kind of customer, not a name
    Column("statements", JSON, nullable=False),
    Column("requirements", JSON, nullable=False),  # numbered evidence requirements it is for, "5.a"
    Column("made_at", UTC, nullable=False),
    Column("supersedes_id", ForeignKey("portfolio_item.id"), unique=True),
    Index("ix_portfolio_item_person_id_unit_id", "person_id", "unit_id"),
    UniqueConstraint("id", "person_id"),
    _said("title"),
    _said("reference"),
    _one_of("kind", PORTFOLIO_KINDS),
    _one_of("setting", SETTINGS, "setting_known"),
)

# An assessor's word on whether an item serves a numbered requirement; the latest counts.
requirement_mark = Table(
    "requirement_mark",
    metadata,
    pk(),
    Column("item_id", ForeignKey("portfolio_item.id"), nullable=False, index=True),
    Column("requirement", String(40), nullable=False),
    _who(),
    Column("met", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
    _said("reason"),
)

# Decisions ---------------------------------------------------------------------------------------------------------

OUTCOMES = ("achieved", "more_needed")
METHODS = ("questioning", "portfolio", "observation", "discussion")
decision = Table(
    "decision",
    metadata,
    pk(),
    _who("person_id"),
    Column("statement", String(100), nullable=False),
    Column("criterion_kind", String(11), nullable=False),
    _who(),
    Column("method", String(12), nullable=False),
    Column("outcome", String(11), nullable=False),
    Column("reason", Text, nullable=False),
    Column("next_step", Text, nullable=False, default=""),
    Column("valid", Boolean, nullable=False),
    Column("authentic", Boolean, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("sufficient", Boolean, nullable=False),
    Column("set_id", ForeignKey("question_set.id")),
    Column("signed_name", String(200), nullable=False),
    Column("signed_at", UTC, nullable=False),
    Column("supersedes_id", ForeignKey("decision.id"), unique=True),
    Column("hash", String(64), nullable=False),  # of the whole row, its evidence included
    # For `decision_evidence`: what is decided on is the learner's own.
    UniqueConstraint("id", "person_id"),
    _said("reason"),
    _said("signed_name"),
    _one_of("criterion_kind", ("knowledge", "performance"), "kind_known"),
    _one_of("method", METHODS, "method_known"),
    _one_of("outcome", OUTCOMES, "outcome_known"),
    CheckConstraint("NOT (criterion_kind = 'performance' AND method = 'questioning')", name="shown_at_work"),
    CheckConstraint(
        "outcome <> 'achieved' OR (valid AND authentic AND current AND sufficient)", name="achieved_has_all_ticks"
    ),
    Index("ix_decision_person_id_statement", "person_id", "statement"),
)
# One line of decisions for each learner and statement: all but the first supersede the one before.
Index(
    "uq_decision_first",
    decision.c.person_id,
    decision.c.statement,
    unique=True,
    sqlite_where=decision.c.supersedes_id.is_(None),
    postgresql_where=decision.c.supersedes_id.is_(None),
)

# What a decision rests on: assessed answers and portfolio items. There is no column a role-play could go into.
decision_evidence = Table(
    "decision_evidence",
    metadata,
    pk(),
    Column("decision_id", Integer, nullable=False, index=True),
    Column("person_id", Integer, nullable=False),
    Column("answer_id", Integer, index=True),
    Column("item_id", Integer, index=True),
    CheckConstraint("(answer_id IS NULL) <> (item_id IS NULL)", name="one_source"),
    # With the learner in every key: nobody's evidence counts for somebody else.
    ForeignKeyConstraint(["decision_id", "person_id"], ["decision.id", "decision.person_id"]),
    ForeignKeyConstraint(["answer_id", "person_id"], ["assessed_answer.id", "assessed_answer.person_id"]),
    ForeignKeyConstraint(["item_id", "person_id"], ["portfolio_item.id", "portfolio_item.person_id"]),
)

decision_seen = Table(
    "decision_seen",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True),
    _who("person_id"),
    Column("made_at", UTC, nullable=False),
)

# Quality assurers --------------------------------------------------------------------------------------------------

sampling_plan = Table(
    "sampling_plan",
    metadata,
    pk(),
    _who(),
    Column("title", String(200), nullable=False),
    Column("rules", JSON, nullable=False),  # share per assessor, unit and method, plus risk
    Column("seed", Integer, nullable=False),
    Column("since", UTC, nullable=False),
    Column("until", UTC, nullable=False),
    Column("made_at", UTC, nullable=False),
    _said("title"),
)

sample = Table(
    "sample",
    metadata,
    pk(),
    Column("plan_id", ForeignKey("sampling_plan.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decision.id"), nullable=False, index=True),
    Column("why", String(40), nullable=False),
    UniqueConstraint("plan_id", "decision_id"),
)

# Marked before the assessor's decision is shown.
second_mark = Table(
    "second_mark",
    metadata,
    Column("sample_id", ForeignKey("sample.id"), primary_key=True),
    _who(),
    Column("outcome", String(11), nullable=False),
    Column("words", Text, nullable=False, default=""),
    Column("made_at", UTC, nullable=False),
    _one_of("outcome", OUTCOMES),
)

sample_result = Table(
    "sample_result",
    metadata,
    Column("sample_id", ForeignKey("sample.id"), primary_key=True),
    _who(),
    Column("result", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
    _said("reason"),
    _one_of("result", ("agreed", "returned")),
)

# Read-only for an external quality assurer, until it expires.
external_link = Table(
    "external_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _who(),
    Column("plan_id", ForeignKey("sampling_plan.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("made_at", UTC, nullable=False),
    Column("expires_at", UTC, nullable=False),
    Column("withdrawn_at", UTC),
)

# Audit -------------------------------------------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 … without a gap
    _who(nullable=True),  # NULL: the program itself, or somebody from outside
    Column("action", String(40), nullable=False, index=True),
    Column("subject", String(120), nullable=False),
    Column("detail", Text, nullable=False),  # JSON, keys sorted
    Column("made_at", UTC, nullable=False),
    Column("hash", String(64), nullable=False),
)

APPEND_ONLY = (
    "override",
    "closed_item",
    "tutor_reply",
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
