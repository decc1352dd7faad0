"""Notification: subscriptions, what waits to be told, messages with their deliveries, what a seat has seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_subscription",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=True, comment="whose eyes it has; NULL = every seat without one of its own"),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="twin.notices.Subscription; secrets of webhooks are encrypted",
        ),
        sa.Column("seat", sa.Text(), server_default="", nullable=False, comment="who wrote it last; empty = the program"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_notice_subscription_city_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.seat_id"], name=op.f("fk_notice_subscription_seat_id")),
        sa.PrimaryKeyConstraint("city_id", "subscription_id", name=op.f("pk_notice_subscription")),
    )
    op.create_index("ix_notice_subscription_seat", "notice_subscription", ["seat_id"], unique=False)
    op.create_table(
        "notice_cursor",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "transition_id", sa.BigInteger(), nullable=False, comment="all lines of alarm_transition up to here are looked at"
        ),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_notice_cursor_city_id")),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_notice_cursor")),
    )
    op.create_table(
        "notice_item",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.SmallInteger(), autoincrement=False, nullable=False, comment="0 = the first"),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True, comment="message that told it; NULL = waits, or dropped"),
        sa.Column(
            "dropped", sa.Text(), nullable=True, comment="why it is not told: acknowledged, over, quiet, not visible, no seat"
        ),
        sa.PrimaryKeyConstraint("city_id", "subscription_id", "alarm_id", "step", name=op.f("pk_notice_item")),
    )
    op.create_index(
        "ix_notice_item_waiting",
        "notice_item",
        ["city_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("notice_id is null and dropped is null"),
    )
    op.create_table(
        "notice",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True, comment="NULL = a test"),
        sa.Column("step", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column(
            "seat_id", sa.Integer(), nullable=True, comment="whose eyes count; NULL = every seat without a web subscription"
        ),
        sa.Column("channel", sa.Text(), nullable=False, comment="web | webhook | email | push"),
        sa.Column(
            "target",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the step as it was when the message was made",
        ),
        sa.Column("dedup_key", sa.Text(), nullable=False, comment="the same in every repeat of this message"),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="of its worst alarm; 0 = a test"),
        sa.Column("alarms", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False, comment="as sent last"),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False, comment="of the last try"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('queued', 'sending', 'sent', 'given_up')", name=op.f("ck_notice_state")),
        sa.PrimaryKeyConstraint("city_id", "notice_id", name=op.f("pk_notice")),
        sa.UniqueConstraint("city_id", "dedup_key", name=op.f("uq_notice_city_id_dedup_key")),
    )
    op.create_index("ix_notice_channel", "notice", ["city_id", "channel", "notice_id"], unique=False)
    op.create_index(
        "ix_notice_due", "notice", ["next_try_at"], unique=False, postgresql_where=sa.text("state in ('queued', 'sending')")
    )
    op.create_index("ix_notice_step", "notice", ["city_id", "subscription_id", "step", "made_at"], unique=False)
    op.create_table(
        "notice_seen",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "again",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="false = never pops up for this seat again",
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.seat_id"], name=op.f("fk_notice_seen_seat_id")),
        sa.PrimaryKeyConstraint("city_id", "seat_id", "alarm_id", name=op.f("pk_notice_seen")),
    )
    op.create_table(
        "notice_rule",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("rule_code", sa.Text(), nullable=False),
        sa.Column("popup", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("advice_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("advice_en", sa.Text(), server_default="", nullable=False),
        sa.Column("seat", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_notice_rule_city_id")),
        sa.PrimaryKeyConstraint("city_id", "rule_code", name=op.f("pk_notice_rule")),
    )
    op.create_table(
        "push_endpoint",
        sa.Column("endpoint_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False, comment="address that the browser's push service gave"),
        sa.Column("p256dh", sa.Text(), nullable=False, comment="public key of the browser, base64url"),
        sa.Column("auth", sa.Text(), nullable=False, comment="secret shared with the browser, base64url"),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.seat_id"], name=op.f("fk_push_endpoint_seat_id")),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_push_endpoint")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_endpoint_endpoint")),
    )
    op.create_index("ix_push_endpoint_seat", "push_endpoint", ["seat_id"], unique=False)


def downgrade() -> None:
    op.drop_table("push_endpoint")
    op.drop_table("notice_rule")
    op.drop_table("notice_seen")
    op.drop_table("notice")
    op.drop_table("notice_item")
    op.drop_table("notice_cursor")
    op.drop_table("notice_subscription")
