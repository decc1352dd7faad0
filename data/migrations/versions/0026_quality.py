"""Keep rules of data quality with their versions, and what they cost by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_rule",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="the greatest one counts"),
        sa.Column(
            "definition",
            postgresql.JSONB(),
            nullable=False,
            comment="kind, names, severity, schemas, points, parameters, enabled",
        ),
        sa.Column("seat", sa.Text(), server_default="", nullable=False, comment="who wrote this version; empty = it ships"),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_quality_rule_city_id")),
        sa.PrimaryKeyConstraint("city_id", "code", "version", name=op.f("pk_quality_rule")),
    )
    op.create_table(
        "quality_day",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="in the zone of the city"),
        sa.Column("company_id", sa.Integer(), autoincrement=False, nullable=False, comment="0 = none"),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False, comment="district; 0 = none"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="rule that flagged; empty = the values that were checked"),
        sa.Column("counted", sa.BigInteger(), nullable=False, comment="values"),
        sa.Column(
            "lost",
            sa.Double(),
            server_default=sa.text("0"),
            nullable=False,
            comment="what they cost: suspect 0.5, failed or missing 1",
        ),
        sa.PrimaryKeyConstraint("city_id", "day", "company_id", "area_id", "kind", "code", name=op.f("pk_quality_day")),
    )
    op.create_table(
        "quality_count",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "slot_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="last minute that a server has written into quality_day",
        ),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_quality_count_city_id")),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_quality_count")),
    )


def downgrade() -> None:
    op.drop_table("quality_count")
    op.drop_table("quality_day")
    op.drop_table("quality_rule")
