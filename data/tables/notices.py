"""Notification: subscriptions, what waits to be told, messages with their deliveries, what a seat has seen."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.columns import at, metadata, now

notice_subscription = Table(
    "notice_subscription",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("subscription_id", Integer, Identity(), primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), comment="whose eyes it has; NULL = every seat without one of its own"),
    Column("definition", JSONB, nullable=False, comment="twin.notices.Subscription; secrets of webhooks are encrypted"),
    Column("seat", Text, nullable=False, server_default="", comment="who wrote it last; empty = the program"),
    now("changed_at"),
)
Index("ix_notice_subscription_seat", notice_subscription.c.seat_id)

notice_cursor = Table(
    "notice_cursor",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("transition_id", BigInteger, nullable=False, comment="all lines of alarm_transition up to here are looked at"),
)

notice_item = Table(
    "notice_item",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("subscription_id", Integer, primary_key=True, autoincrement=False),
    Column("alarm_id", BigInteger, primary_key=True, autoincrement=False),
    Column("step", SmallInteger, primary_key=True, autoincrement=False, comment="0 = the first"),
    Column("level", SmallInteger, nullable=False),
    at("due_at", nullable=False),
    Column("notice_id", BigInteger, comment="message that told it; NULL = waits, or dropped"),
    Column("dropped", Text, comment="why it is not told: acknowledged, over, quiet, not visible, no seat"),
)
Index(
    "ix_notice_item_waiting",
    notice_item.c.city_id,
    notice_item.c.due_at,
    postgresql_where=text("notice_id is null and dropped is null"),
)

notice = Table(
    "notice",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("notice_id", BigInteger, Identity(), primary_key=True),
    Column("subscription_id", Integer, comment="NULL = a test"),
    Column("step", SmallInteger, nullable=False, server_default="0"),
    Column("seat_id", Integer, comment="whose eyes count; NULL = every seat without a web subscription"),
    Column("channel", Text, nullable=False, comment="web | webhook | email | push"),
    Column("target", JSONB, nullable=False, comment="the step as it was when the message was made"),
    Column("dedup_key", Text, nullable=False, comment="the same in every repeat of this message"),
    Column("level", SmallInteger, nullable=False, comment="of its worst alarm; 0 = a test"),
    Column("alarms", ARRAY(BigInteger), nullable=False),
    Column("title", Text, nullable=False, server_default="", comment="as sent last"),
    Column("body", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    at("next_try_at", nullable=False),
    Column("error", Text, nullable=False, server_default="", comment="of the last try"),
    at("made_at", nullable=False),
    at("sent_at", nullable=True),
    Column("kind", Text, nullable=False, server_default="alarm", comment="alarm (or a test), quality"),
    Column("company_id", Integer, comment="on the screens of whose seats it comes"),
    Column("quality_alarms", ARRAY(BigInteger), nullable=False, server_default="{}", comment="of a message about data quality"),
    CheckConstraint("state in ('queued', 'sending', 'sent', 'given_up')", name="state"),
    UniqueConstraint("city_id", "dedup_key"),
)
Index("ix_notice_due", notice.c.next_try_at, postgresql_where=text("state in ('queued', 'sending')"))
Index("ix_notice_channel", notice.c.city_id, notice.c.channel, notice.c.notice_id)
Index("ix_notice_step", notice.c.city_id, notice.c.subscription_id, notice.c.step, notice.c.made_at)

notice_seen = Table(
    "notice_seen",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), primary_key=True),
    Column("alarm_id", BigInteger, primary_key=True, autoincrement=False),
    now("seen_at"),
    Column("again", Boolean, nullable=False, server_default=text("false"), comment="false = never pops up for this seat again"),
)

notice_read = Table(
    "notice_read",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), primary_key=True),
    Column("notice_id", BigInteger, primary_key=True, autoincrement=False),
    now("read_at"),
)

notice_rule = Table(
    "notice_rule",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("rule_code", Text, primary_key=True),
    Column("popup", Boolean, nullable=False, server_default=text("true")),
    Column("advice_zh", Text, nullable=False, server_default=""),
    Column("advice_en", Text, nullable=False, server_default=""),
    Column("seat", Text, nullable=False, server_default=""),
    now("changed_at"),
)

push_endpoint = Table(
    "push_endpoint",
    metadata,
    Column("endpoint_id", Integer, Identity(), primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    Column("endpoint", Text, nullable=False, unique=True, comment="address that the browser's push service gave"),
    Column("p256dh", Text, nullable=False, comment="public key of the browser, base64url"),
    Column("auth", Text, nullable=False, comment="secret shared with the browser, base64url"),
    now("added_at"),
)
Index("ix_push_endpoint_seat", push_endpoint.c.seat_id)
