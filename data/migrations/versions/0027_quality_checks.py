"""Keep values that persons check: what was flagged, the verdict, a correction beside the original, what its company answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_check",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("check_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False, comment="empty = the whole frame"),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False, comment="of the value; of a request its beginning"),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True, comment="of a request to send again: its end"),
        sa.Column("value", sa.Double(), nullable=True, comment="as reported; null = missing"),
        sa.Column("flag", sa.SmallInteger(), nullable=False, comment="QARTOD flag that it had"),
        sa.Column("rule", sa.Text(), nullable=False, comment="rule that flagged it; empty = a person doubts it"),
        sa.Column("why_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("why_en", sa.Text(), server_default="", nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False, comment="how often it came up while open"),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False, comment="seat; empty = made by the rules"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False, comment="open, sent, answered, closed"),
        sa.Column("verdict", sa.Text(), nullable=True, comment="right (a false flag), wrong, unsure"),
        sa.Column("verdict_by", sa.Text(), nullable=True),
        sa.Column("verdict_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrected", sa.Double(), nullable=True, comment="what it should be; the reading itself stays as it came"),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("suggested", sa.Double(), nullable=True, comment="what the company says that the value was"),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_quality_check_city_id")),
        sa.PrimaryKeyConstraint("city_id", "check_id", name=op.f("pk_quality_check")),
    )
    op.create_index(
        "ux_quality_check_open",
        "quality_check",
        ["city_id", "source_id", "point", "rule"],
        unique=True,
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index("ix_quality_check_asset", "quality_check", ["city_id", "asset_id", "observed_at"])
    op.create_table(
        "quality_check_event",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="made, right, wrong, unsure, sent, answered"),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "check_id"],
            ["quality_check.city_id", "quality_check.check_id"],
            name=op.f("fk_quality_check_event_city_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "event_id", name=op.f("pk_quality_check_event")),
    )
    op.create_index("ix_quality_check_event_check", "quality_check_event", ["city_id", "check_id"])


def downgrade() -> None:
    op.drop_table("quality_check_event")
    op.drop_table("quality_check")
