"""The tables. Attempts and what hangs on them are append-only, which triggers in the migrations enforce."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
)

from bot.records import (  # noqa: F401  # one metadata holds all tables
    assessment_tables,
    channel_tables,
    privacy_tables,
    retention_tables,
    roleplay_tables,
    unit_tables,
)
from bot.records.base import UTC
from bot.records.base import metadata as metadata
from bot.records.base import person_column as _person
from bot.records.base import pk as _pk

ROLES = ("learner", "tutor", "assessor", "quality_assurer", "admin")

person = Table(
    "person",
    metadata,
    _pk(),
    Column("name", String(200), nullable=False),
    Column("email", String(254), unique=True),
    Column("password_hash", String(200)),
    Column("demo", Boolean, nullable=False, default=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("created_at", UTC, nullable=False),
)

person_role = Table(
    "person_role",
    metadata,
    _person(primary_key=True),
    Column("role", String(20), CheckConstraint(f"role IN {ROLES}", name="known"), primary_key=True),
)

cohort = Table("cohort", metadata, _pk(), Column("name", String(200), nullable=False, unique=True))

cohort_member = Table(
    "cohort_member",
    metadata,
    Column("cohort_id", ForeignKey("cohort.id"), primary_key=True),
    _person(primary_key=True, index=True),
    # A tutor in a cohort sees its learners.
    Column("role", String(20), CheckConstraint("role IN ('learner', 'tutor')", name="known"), nullable=False),
)

enrolment = Table(
    "enrolment",
    metadata,
    _person(primary_key=True),
    Column("unit_id", String(40), primary_key=True),
    Column("since", UTC, nullable=False),
)

channel_identity = Table(
    "channel_identity",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("external_id", String(100), primary_key=True),
    _person(index=True),
    Column("since", UTC, nullable=False),
    # Set while nothing can be delivered there: the bot was blocked, the account is gone.
    Column("blocked_at", UTC),
    Column("problem", String(200)),
)

invitation = Table(
    "invitation",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _person(),
    Column("expires_at", UTC, nullable=False),
    Column("used_at", UTC),
    # "web": sets a password; "telegram": ties a Telegram account to the person.
    Column("purpose", String(20), nullable=False, server_default="web"),
)

web_session = Table(
    "web_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _person(index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UTC, nullable=False),
    Column("expires_at", UTC, nullable=False),
)

# Kept for minutes, so that passwords cannot be guessed quickly. `whose` is a hash of an address, or of a client.
failed_sign_in = Table(
    "failed_sign_in",
    metadata,
    _pk(),
    Column("whose", String(64), nullable=False),
    Column("made_at", UTC, nullable=False, index=True),
    Index("ix_failed_sign_in_whose_made_at", "whose", "made_at"),
)

# The account at the centre's own provider (OpenID Connect) that somebody signs in with: one a person and provider.
sign_in_account = Table(
    "sign_in_account",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    _person(index=True),
    Column("since", UTC, nullable=False),
    UniqueConstraint("issuer", "person_id"),
)

workplace_profile = Table(
    "workplace_profile",
    metadata,
    _person(primary_key=True),
    Column("organisation", String(200), nullable=False, default=""),
    Column("services", Text, nullable=False, default=""),
    Column("limits", Text, nullable=False, default=""),
    Column("refer_to", Text, nullable=False, default=""),
    Column("updated_at", UTC, nullable=False),
)

# What an administrator has written for everybody: whom to ask for help.
centre_text = Table(
    "centre_text",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("words", Text, nullable=False),
    Column("by_id", ForeignKey("person.id"), nullable=False),
    Column("made_at", UTC, nullable=False),
)

# One conversation a person, on all channels.
message = Table(
    "message",
    metadata,
    _pk(),
    Column("message_id", String(100), nullable=False, unique=True),
    _person(),
    Column("direction", String(3), CheckConstraint("direction IN ('in', 'out')", name="known"), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("payload", Text),  # in: what a button carries; never what a person typed
    Column("extra", JSON),  # out: kind, buttons; in: corrects, the id of the message it is an edited version of
    Column("in_reply_to", String(100), index=True),
    Column(
        "status",
        String(8),
        CheckConstraint("status IN ('queued', 'done', 'failed')", name="known_status"),
        nullable=False,
    ),
    Column("tries", Integer, nullable=False, default=0),
    Column("claimed_until", UTC),
    Column("created_at", UTC, nullable=False),
    Column("done_at", UTC),
    Index("ix_message_person_id_id", "person_id", "id"),
)
Index(
    "ix_message_queued",
    message.c.person_id,
    message.c.id,
    sqlite_where=message.c.status == "queued",
    postgresql_where=message.c.status == "queued",
)

# When a person wrote last, to the hour: quiet learners are found without their messages, which go after a time.
last_wrote = Table("last_wrote", metadata, _person(primary_key=True), Column("at", UTC, nullable=False))

# What a learner is in the middle of; the state is coaching's own value.
exercise = Table(
    "exercise",
    metadata,
    _pk(),
    _person(),
    Column("kind", String(20), nullable=False),
    Column("state", JSON, nullable=False),
    Column("opened_at", UTC, nullable=False),
    Column("touched_at", UTC, nullable=False),
    Column("closed_at", UTC),
)
Index(
    "uq_exercise_open",
    exercise.c.person_id,
    unique=True,
    sqlite_where=exercise.c.closed_at.is_(None),
    postgresql_where=exercise.c.closed_at.is_(None),
)

# What was answered to one message: said again, word for word in meaning, when the same message comes again.
move = Table(
    "move",
    metadata,
    Column("message_id", String(100), primary_key=True),
    _person(),
    Column("move", JSON, nullable=False),
    Column("made_at", UTC, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    _pk(),
    Column("message_id", String(100), nullable=False, unique=True),
    _person(),
    Column("exercise_id", ForeignKey("exercise.id"), nullable=False),
    Column("question_id", String(100), nullable=False),
    Column("question_text", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("verdict", String(10), nullable=False),
    # After this answer: points met so far on the question, unassisted or not, of those needed.
    Column("points", Integer, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("unassisted", Boolean, nullable=False),
    Column("help", JSON, nullable=False),
    Column("try_no", Integer, nullable=False),
    Column("content_version", String(40), nullable=False),
    Column("marking_version", String(80), nullable=False),
    Column("made_at", UTC, nullable=False),
    Index("ix_attempt_person_id_made_at", "person_id", "made_at"),
    Index("ix_attempt_person_id_question_id", "person_id", "question_id"),
)

attempt_match = Table(
    "attempt_match",
    metadata,
    Column("attempt_id", ForeignKey("attempt.id"), primary_key=True),
    Column(
        "kind", String(13), CheckConstraint("kind IN ('expectation', 'misconception')", name="known"), primary_key=True
    ),
    Column("point_id", String(100), primary_key=True),
    Column(
        "state", String(7), CheckConstraint("state IN ('met', 'unsure', 'not_met')", name="known_state"), nullable=False
    ),
    Column("probability", Float, nullable=False),
    Column("quote", Text, nullable=False),
)

attempt_statement = Table(
    "attempt_statement",
    metadata,
    Column("attempt_id", ForeignKey("attempt.id"), primary_key=True),
    Column("statement", String(100), primary_key=True),
    _person(),
    Index("ix_attempt_statement_person_id_statement", "person_id", "statement"),
)

# Told answers: from then on the question proves nothing until its cool-off is over.
told = Table(
    "told",
    metadata,
    _pk(),
    _person(index=True),
    Column("question_id", String(100), nullable=False),
    Column("expectation_id", String(100), nullable=False),
    Column("message_id", String(100), nullable=False),
    Column("made_at", UTC, nullable=False),
    UniqueConstraint("message_id", "expectation_id"),
)

review_card = Table(
    "review_card",
    metadata,
    _person(primary_key=True),
    Column("question_id", String(100), primary_key=True),
    Column("card", JSON, nullable=False),
    Column("due", UTC, nullable=False),
)

# A projection of attempts, kept for fast reading; `rapport coverage --recompute` makes it anew.
COVERAGE_STATES = ("practising", "ready", "practised")
coverage = Table(
    "coverage",
    metadata,
    _person(primary_key=True),
    Column("statement", String(100), primary_key=True),
    # "achieved" is not among them: that takes an assessor's signed decision, never a practice record.
    Column("state", String(12), CheckConstraint(f"state IN {COVERAGE_STATES}", name="practice_only"), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_at", UTC, nullable=False),
    Column("ready_at", UTC),
    Column("alone", Integer, nullable=False, server_default="0"),  # attempts that were complete without help
)
STUCK_AFTER = 3  # answers, none of them complete without help
stuck = and_(coverage.c.state == "practising", coverage.c.attempts >= STUCK_AFTER, coverage.c.alone == 0)
Index("ix_coverage_stuck", coverage.c.person_id, sqlite_where=stuck, postgresql_where=stuck)
ready = coverage.c.state == literal_column("'ready'")
Index("ix_coverage_ready", coverage.c.person_id, coverage.c.statement, sqlite_where=ready, postgresql_where=ready)

dispute = Table(
    "dispute",
    metadata,
    _pk(),
    Column("message_id", String(100), nullable=False, unique=True),
    _person(index=True),
    Column("attempt_id", ForeignKey("attempt.id"), nullable=False),
    Column("words", Text, nullable=False),
    Column("made_at", UTC, nullable=False),
)

tutor_request = Table(
    "tutor_request",
    metadata,
    _pk(),
    Column("message_id", String(100), nullable=False, unique=True),
    _person(index=True),
    Column("kind", String(20), nullable=False),  # question, not_sure, delete_data, failed_message
    Column("words", Text, nullable=False),
    Column("question_id", String(100)),
    Column("made_at", UTC, nullable=False),
    Column("seen_at", UTC),  # when it was closed (`closed_item`): what waits is found by an index
)
Index(
    "ix_tutor_request_open",
    tutor_request.c.person_id,
    tutor_request.c.id,
    sqlite_where=tutor_request.c.seen_at.is_(None),
    postgresql_where=tutor_request.c.seen_at.is_(None),
)

APPEND_ONLY = ("attempt", "attempt_match", "attempt_statement", "told", "dispute")  # and assessment_tables.APPEND_ONLY
