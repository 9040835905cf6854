"""Questions of a draft may be taken out again; those of a set that was sent stay as they are"""

from __future__ import annotations

from bot.records.migrations.guards import append_only, drop_refusal, not_append_only, refuse

revision = "0006"
down_revision = "0005"

SENT = "EXISTS (SELECT 1 FROM question_set q WHERE q.id = OLD.set_id AND q.sent_at IS NOT NULL)"


def upgrade() -> None:
    not_append_only("set_question")
    refuse("set_question", "UPDATE", "no_update", "TRUE", "set_question is append-only")
    refuse("set_question", "DELETE", "kept_when_sent", SENT, "a question that was sent stays")


def downgrade() -> None:
    drop_refusal("set_question", "no_update")
    drop_refusal("set_question", "kept_when_sent")
    append_only(("set_question",))
