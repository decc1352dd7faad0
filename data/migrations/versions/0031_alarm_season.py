"""A season of 400,000 alarms: found by their asset, and who acknowledged them without reading the whole log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_alarm_asset", "alarm", ["city_id", "asset_id", "raised_at"])
    op.create_index(
        "ix_alarm_transition_acknowledged",
        "alarm_transition",
        ["city_id", "alarm_id"],
        postgresql_include=["happened_at"],
        postgresql_where=sa.text("transition = 'acknowledged'"),
    )


def downgrade() -> None:
    op.drop_index("ix_alarm_transition_acknowledged", "alarm_transition")
    op.drop_index("ix_alarm_asset", "alarm")
