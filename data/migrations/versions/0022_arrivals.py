"""Add counts of what has arrived: by source and hour, refusals, and unregistered sources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False, now: bool = False, comment: str | None = None) -> sa.Column:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default, comment=comment)


def upgrade() -> None:
    op.create_table(
        "arrival_start",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        _at("since_at", comment="first hour in which frames were expected"),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_arrival_start")),
    )
    op.create_table(
        "arrival_hour",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("schema_id", sa.SmallInteger(), nullable=False),
        _at("hour_at", comment="hour of observed_at"),
        sa.Column(
            "counts",
            sa.LargeBinary(),
            nullable=True,
            comment="rows of twin.arrivals.SOURCE_ROW; null = forgotten or not written yet",
        ),
        sa.Column("totals", sa.LargeBinary(), nullable=True, comment="rows of twin.arrivals.GROUP_ROW"),
        sa.Column("open", sa.Boolean(), nullable=False, comment="true = frames may have come that are not counted here"),
        _at("marked_at", now=True),
        _at("written_at", nullable=True),
        sa.PrimaryKeyConstraint("city_id", "schema_id", "hour_at", name=op.f("pk_arrival_hour")),
    )
    op.create_index("ix_arrival_hour_open", "arrival_hour", ["city_id"], unique=False, postgresql_where=sa.text("open"))
    op.create_table(
        "arrival_day",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("schema_id", sa.SmallInteger(), nullable=False),
        _at("day_at", comment="beginning of the day in the city's zone"),
        sa.Column("totals", sa.LargeBinary(), nullable=False, comment="rows of twin.arrivals.GROUP_ROW"),
        sa.PrimaryKeyConstraint("city_id", "schema_id", "day_at", name=op.f("pk_arrival_day")),
    )
    op.create_table(
        "arrival_refusal",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        _at("hour_at", comment="hour of arrival"),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "hour_at", "sender", "result", name=op.f("pk_arrival_refusal")),
    )
    op.create_table(
        "arrival_unregistered",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        _at("first_at"),
        _at("last_at"),
        sa.Column(
            "messages", sa.BigInteger(), nullable=False, comment="in which it was named; each is told with at most 100 codes"
        ),
        sa.PrimaryKeyConstraint("city_id", "code", "sender", name=op.f("pk_arrival_unregistered")),
    )
    op.create_index("ix_arrival_unregistered_last", "arrival_unregistered", ["city_id", "last_at"], unique=False)


def downgrade() -> None:
    for name in ("arrival_unregistered", "arrival_refusal", "arrival_day", "arrival_hour", "arrival_start"):
        op.drop_table(name)
