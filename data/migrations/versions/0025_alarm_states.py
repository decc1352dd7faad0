"""Alarms have the states of OPC UA Part 9 and a verdict; rules have delays, several points, a season and versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _columns(table: str) -> list[sa.Column]:
    false, none = sa.text("false"), sa.text("'[]'::jsonb")
    if table == "alarm":
        return [
            sa.Column("confirmed", sa.Boolean(), server_default=false, nullable=False),
            sa.Column("shelved_until", sa.DateTime(timezone=True), nullable=True),
            sa.Column("suppressed", sa.Boolean(), server_default=false, nullable=False),
            sa.Column("out_of_service", sa.Boolean(), server_default=false, nullable=False),
            sa.Column("false_alarm", sa.Boolean(), nullable=True, comment="verdict: true = false alarm; NULL = not judged"),
        ]
    return [
        sa.Column("per_h", sa.Boolean(), server_default=false, nullable=False, comment="rise of a register per hour"),
        sa.Column("also", JSONB(), server_default=none, nullable=False, comment="further conditions; all must be met"),
        sa.Column("on_delay_s", sa.Double(), server_default="0", nullable=False),
        sa.Column("off_delay_s", sa.Double(), server_default="0", nullable=False),
        sa.Column("season", sa.Text(), server_default="", nullable=False, comment="MM-DD/MM-DD; empty = the whole year"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="rises with every edit"),
        sa.Column("seat", sa.Text(), server_default="", nullable=False, comment="who edited it last; empty = the program"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    ]


def upgrade() -> None:
    for table in ("alarm", "alarm_rule"):
        for column in _columns(table):
            op.add_column(table, column)
    op.create_index("ix_alarm_condition", "alarm", ["city_id", "rule_id", "source_id", "alarm_id"])
    op.create_index("ix_alarm_shelved", "alarm", ["shelved_until"], postgresql_where=sa.text("shelved_until is not null"))
    op.create_table(
        "alarm_rule_version",
        sa.Column("city_id", sa.SmallInteger(), primary_key=True),
        sa.Column("rule_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("rule", JSONB(), nullable=False, comment="the rule as this version has it"),
    )


def downgrade() -> None:
    op.drop_table("alarm_rule_version")
    op.drop_index("ix_alarm_shelved", "alarm")
    op.drop_index("ix_alarm_condition", "alarm")
    for table in ("alarm", "alarm_rule"):
        for column in _columns(table):
            op.drop_column(table, column.name)
