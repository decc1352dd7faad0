"""Hours of use and room temperatures of the rollout, sampled from live state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rollout_hour",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("hour_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "district_id", sa.Integer(), autoincrement=False, nullable=False, comment="0 = of no district; outdoors: the city"
        ),
        sa.Column("household_group", sa.Text(), nullable=False, comment="retrofitted | control | insulated | outdoor"),
        sa.Column("device_type", sa.Text(), nullable=False, comment="empty outdoors"),
        sa.Column("room_degc", sa.Double(), nullable=False, comment="sum of the sampled temperatures"),
        sa.Column("room_count", sa.Double(), nullable=False, comment="how many they are"),
        sa.PrimaryKeyConstraint("city_id", "hour_at", "district_id", "household_group", "device_type"),
        comment="temperatures of monitored households and outdoors by hour, sampled every few minutes",
    )
    op.create_table(
        "rollout_use",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("village_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="in the zone of the city"),
        sa.Column("in_use_hours", sa.Double(), nullable=False, comment="device hours on"),
        sa.Column("heating_hours", sa.Double(), nullable=False, comment="device hours that connected devices could have been on"),
        sa.PrimaryKeyConstraint("city_id", "village_id", "day"),
        comment="hours of use of the devices of villages by day, sampled every few minutes",
    )
    op.create_table(
        "rollout_sample",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sampled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city_id"),
        comment="when rollout_hour and rollout_use were added to last",
    )


def downgrade() -> None:
    for name in ("rollout_sample", "rollout_use", "rollout_hour"):
        op.drop_table(name)
