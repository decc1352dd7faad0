"""Rules know who is fed, thresholds of devices, pop-up and advice; alarms keep their values; warnings and drills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _columns(table: str) -> list[sa.Column]:
    false = sa.text("false")
    if table == "alarm":
        return [
            sa.Column("current_value", sa.Double(), nullable=True, comment="latest good value while it is open"),
            sa.Column("current_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("highest_value", sa.Double(), nullable=True, comment="furthest beyond the limit"),
            sa.Column("highest_at", sa.DateTime(timezone=True), nullable=True),
        ]
    return [
        sa.Column("upstream_healthy", sa.Boolean(), server_default=false, nullable=False, comment="only where a source feeds"),
        sa.Column("by_device", sa.Boolean(), server_default=false, nullable=False, comment="limits are thresholds of devices"),
        sa.Column("pop_up", sa.Boolean(), server_default=false, nullable=False, comment="comes before the eyes of screens"),
        sa.Column("advice", sa.Text(), server_default="", nullable=False, comment="what to do about it"),
    ]


def _time(name: str, *, now: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()") if now else None, nullable=not now)


def upgrade() -> None:
    for table in ("alarm", "alarm_rule"):
        for column in _columns(table):
            op.add_column(table, column)
    op.create_index("ix_alarm_list", "alarm", ["city_id", sa.text("active desc"), "level", sa.text("raised_at desc")])
    op.create_table(
        "alarm_limit",
        sa.Column("city_id", sa.SmallInteger(), primary_key=True),
        sa.Column("rule_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("source_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("place", sa.SmallInteger(), primary_key=True, autoincrement=False, comment="condition of the rule, from 0"),
        sa.Column("limit_value", sa.Double(), nullable=True, comment="NULL = the limit of the rule counts again"),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _time("changed_at", now=True),
    )
    op.create_table(
        "drill",
        sa.Column("city_id", sa.SmallInteger(), primary_key=True),
        sa.Column("drill_id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False, comment="who began it"),
        _time("started_at", now=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False, comment="ends by itself"),
        _time("ended_at"),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("ends_at <= started_at + interval '24 hours'", name=op.f("ck_drill_length")),
    )
    op.create_table(
        "drill_alarm",
        sa.Column("city_id", sa.SmallInteger(), primary_key=True),
        sa.Column("drill_alarm_id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("drill_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False, comment="who injected it"),
        _time("raised_at", now=True),
        _time("acknowledged_at"),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        _time("cleared_at"),
        comment="alarms of drills (演练): apart from real ones, so that no count and no notice can mix them",
    )
    op.create_index("ix_drill_alarm_drill", "drill_alarm", ["city_id", "drill_id"])
    op.create_table(
        "warning",
        sa.Column("city_id", sa.SmallInteger(), primary_key=True),
        sa.Column("warning_id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, comment="YJMC"),
        sa.Column("type", sa.Text(), nullable=False, comment="YJLX 01 .. 12"),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="YJJB 1 highest .. 4"),
        sa.Column("state", sa.Text(), nullable=False, comment="YJZT 01 issued, 02 handling, 03 lifted"),
        sa.Column("asset_id", sa.Integer(), nullable=True, comment="object that it is about"),
        sa.Column("area_id", sa.Integer(), nullable=True, comment="district, where no asset is named"),
        sa.Column("address", sa.Text(), nullable=False, comment="XXDZ"),
        sa.Column("geom", Geometry("POINT", srid=4326, dimension=2, spatial_index=False), nullable=True),
        sa.Column("model", sa.Text(), nullable=False, comment="what found it: by_hand, alarm, incident, leak, cause, what_if"),
        sa.Column("origin_id", sa.BigInteger(), nullable=True, comment="number of the alarm or incident"),
        sa.Column("content", sa.Text(), nullable=False, comment="YJNR"),
        sa.Column("analysis", sa.Text(), server_default="", nullable=False, comment="YPFX"),
        sa.Column("advice", sa.Text(), server_default="", nullable=False, comment="CZJY"),
        sa.Column("drill_id", sa.BigInteger(), nullable=True, comment="of a drill: never counted"),
        _time("happened_at", now=True),
        _time("issued_at", now=True),
        sa.Column("issued_by", sa.Text(), nullable=False),
        _time("handled_at"),
        sa.Column("handled_by", sa.Text(), nullable=True),
        _time("lifted_at"),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.CheckConstraint("level between 1 and 4", name=op.f("ck_warning_level")),
        sa.CheckConstraint("state in ('01', '02', '03')", name=op.f("ck_warning_state")),
        sa.CheckConstraint("(state = '03') = (lifted_by is not null)", name=op.f("ck_warning_lifted")),
    )
    op.create_index("ix_warning_issued_at", "warning", ["city_id", "issued_at"])
    op.create_table(
        "warning_event",
        sa.Column("city_id", sa.SmallInteger(), primary_key=True),
        sa.Column("event_id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("warning_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False, comment="issued, handling, lifted"),
        sa.Column("seat", sa.Text(), nullable=False),
        _time("happened_at", now=True),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("ix_warning_event_warning", "warning_event", ["city_id", "warning_id"])


def downgrade() -> None:
    for table in ("warning_event", "warning", "drill_alarm", "drill", "alarm_limit"):
        op.drop_table(table)
    op.drop_index("ix_alarm_list", "alarm")
    for table in ("alarm", "alarm_rule"):
        for column in _columns(table):
            op.drop_column(table, column.name)
