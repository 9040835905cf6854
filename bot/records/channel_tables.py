"""Other channels: deliveries, what Telegram sent, consents, reminders."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from bot.records.base import UTC, metadata, person_column, pk

# The way of one outgoing message to one account of the person on another channel.
delivery = Table(
    "delivery",
    metadata,
    pk(),
    Column("message", ForeignKey("message.id"), nullable=False),
    person_column(index=True),
    Column("channel", String(20), nullable=False),
    Column("external_id", String(100), nullable=False),
    Column(
        "status",
        String(7),
        CheckConstraint("status IN ('queued', 'sent', 'failed')", name="known_status"),
        nullable=False,
    ),
    Column("not_before", UTC),
    Column("claimed_until", UTC),
    Column("began", Boolean, nullable=False, default=False),  # a request was begun whose outcome is not known
    Column("after_number", BigInteger, nullable=False, default=0),  # the channel's newest message when it was begun
    Column("numbers", JSON, nullable=False),  # what the channel calls the parts that have arrived
    Column("tries", Integer, nullable=False, default=0),
    Column("problem", String(200)),
    Column("created_at", UTC, nullable=False),
    Column("done_at", UTC),
    UniqueConstraint("message", "channel", "external_id"),
)
Index(
    "ix_delivery_queued",
    delivery.c.channel,
    delivery.c.external_id,
    delivery.c.id,
    sqlite_where=delivery.c.status == "queued",
    postgresql_where=delivery.c.status == "queued",
)

# Every update of a bot, once. The body is there only while it waits to be worked off.
telegram_update = Table(
    "telegram_update",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", String(100)),
    Column("number", BigInteger),  # Telegram's number of the message in it
    Column("body", JSON(none_as_null=True)),
    Column("tries", Integer, nullable=False, default=0),
    Column("received_at", UTC, nullable=False),
    Column("done_at", UTC),
    Index("ix_telegram_update_chat_id_number", "chat_id", "number"),
)
Index(
    "ix_telegram_update_waiting",
    telegram_update.c.bot_id,
    telegram_update.c.update_id,
    sqlite_where=telegram_update.c.done_at.is_(None),
    postgresql_where=telegram_update.c.done_at.is_(None),
)

# What a channel has to remember: the bot's name, the next update to fetch.
channel_state = Table(
    "channel_state",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)

consent = Table(
    "consent",
    metadata,
    pk(),
    person_column(index=True),
    Column("channel", String(20), nullable=False),
    Column("text_version", String(40), nullable=False),
    Column("given_at", UTC, nullable=False),
)

# Who wants to be reminded of due reviews, and when not; hours and days are local.
reminder = Table(
    "reminder",
    metadata,
    person_column(primary_key=True),
    Column("wanted", Boolean, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("quiet_from", Integer, nullable=False),
    Column("quiet_to", Integer, nullable=False),
    Column("last_on", Date),
)
