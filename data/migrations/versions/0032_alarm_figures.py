"""Alarms know when they were acknowledged and when their rule rang before: figures of a season without its log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_ACKNOWLEDGED = """
update alarm l
   set acknowledged_at = t.happened_at
  from (select city_id, alarm_id, min(happened_at) as happened_at
          from alarm_transition
         where transition = 'acknowledged'
         group by city_id, alarm_id) t
 where l.acknowledged and t.city_id = l.city_id and t.alarm_id = l.alarm_id
"""
_THIRD = """
update alarm l
   set third_at = t.third_at
  from (select city_id, alarm_id, lag(raised_at, 2) over (partition by city_id, rule_id, source_id order by alarm_id) as third_at
          from alarm) t
 where t.third_at is not null and t.city_id = l.city_id and t.alarm_id = l.alarm_id
"""


def upgrade() -> None:
    op.add_column("alarm", sa.Column("acknowledged_at", sa.DateTime(timezone=True), comment="by the first seat that did"))
    comment = "when its rule rang at its source two times before"
    op.add_column("alarm", sa.Column("third_at", sa.DateTime(timezone=True), comment=comment))
    op.execute(_ACKNOWLEDGED)
    op.execute(_THIRD)
    op.create_index(
        "ix_alarm_chattering",
        "alarm",
        ["city_id", "raised_at"],
        postgresql_where=sa.text("raised_at - third_at <= '01:00:00'::interval"),
    )


def downgrade() -> None:
    op.drop_index("ix_alarm_chattering", "alarm")
    op.drop_column("alarm", "third_at")
    op.drop_column("alarm", "acknowledged_at")
