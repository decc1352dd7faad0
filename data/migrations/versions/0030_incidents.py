"""Keep incidents: alarms folded under causes, with who was without heat, states and the log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def _at(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade() -> None:
    _incident()
    _alarms()
    _answers()
    op.create_table(
        "incident_log",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("log_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False, comment="opened, taken, noted, restored, reopened, closed, merged, ..."),
        sa.Column("state", sa.Text(), nullable=False, comment="of the incident after it"),
        sa.Column("seat", sa.Text(), nullable=False, comment="rules = the program"),
        _at("happened_at", server_default=sa.text("now()"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("city_id", "log_id", name=op.f("pk_incident_log")),
    )
    op.create_index("ix_incident_log_incident", "incident_log", ["city_id", "incident_id", "log_id"])
    op.create_table(
        "incident_watch",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False, comment="server that folds alarms"),
        _at("held_until", nullable=False),
        _at("flood_since_at"),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_incident_watch_city_id")),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_incident_watch")),
    )


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False, comment="open | repairing | restored | closed"),
        sa.Column(
            "drill",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="made by an exercise; in no statistics",
        ),
        sa.Column("dismissed", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="a person says: no fault"),
        sa.Column("fixed", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="a person has set its cause"),
        _at("started_at", nullable=False, comment="of its first alarm"),
        _at("restored_at"),
        _at("closed_at"),
        sa.Column("merged_into", sa.BigInteger()),
        sa.Column("peak", sa.Integer(), server_default="0", nullable=False, comment="most assets that rang for it at once"),
        sa.Column(
            "heated_area_m2", sa.Double(), server_default=sa.text("0"), nullable=False, comment="greatest area without heat"
        ),
        sa.CheckConstraint("state in ('open', 'repairing', 'restored', 'closed')", name=op.f("ck_incident_state")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_incident_city_id")),
        sa.PrimaryKeyConstraint("city_id", "incident_id", name=op.f("pk_incident")),
    )
    op.create_index("ix_incident_standing", "incident", ["city_id"], postgresql_where=sa.text("state <> 'closed'"))
    op.create_index("ix_incident_started_at", "incident", ["city_id", "started_at"])


def _alarms() -> None:
    op.create_table(
        "incident_alarm",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _at("since_at", server_default=sa.text("now()"), nullable=False),
        _at("until_at", comment="when it left; NULL = it is of the incident"),
        sa.Column("taken_out", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="by a person, for good"),
        sa.PrimaryKeyConstraint("city_id", "incident_id", "alarm_id", "since_at", name=op.f("pk_incident_alarm")),
    )
    op.create_index(
        "ix_incident_alarm_held",
        "incident_alarm",
        ["city_id", "alarm_id"],
        unique=True,
        postgresql_where=sa.text("until_at is null"),
    )


def _answers() -> None:
    ids = postgresql.ARRAY(sa.Integer())
    numbers = postgresql.ARRAY(sa.Double())
    op.create_table(
        "incident_answer",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        _at("answered_at", server_default=sa.text("now()"), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False, comment="rules, or who has set the cause"),
        sa.Column("kind", sa.Text(), nullable=False, comment="segment | source | substation | pump"),
        sa.Column("hypothesis", sa.Text(), nullable=False),
        sa.Column("segment_ids", ids, nullable=False),
        sa.Column("tied_ids", ids, nullable=False),
        sa.Column("asset_ids", ids, nullable=False),
        sa.Column("silent_below", ids, nullable=False),
        sa.Column("lon", sa.Double()),
        sa.Column("lat", sa.Double()),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("explained", sa.Integer(), nullable=False, comment="assets whose alarms it explains"),
        sa.Column("hit_rate", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("prepared", sa.Boolean(), nullable=False, comment="by footprints of the solved network"),
        sa.Column("network_version", sa.BigInteger(), nullable=False),
        sa.Column("valve_version", sa.BigInteger(), nullable=False),
        sa.Column("station_ids", ids, nullable=False, comment="substations without heat then"),
        sa.Column("building_ids", ids, nullable=False, comment="buildings without heat then, with their facts:"),
        sa.Column("building_area_m2", numbers, nullable=False),
        sa.Column("building_users", ids, nullable=False),
        sa.Column("building_load_mw", numbers, nullable=False),
        sa.Column("estates", postgresql.JSONB(), nullable=False, comment="asset_id, name, buildings"),
        sa.Column("leak", postgresql.JSONB(), comment="where a leak is likely: position, within_m, pipe_id, likelihood"),
        sa.PrimaryKeyConstraint("city_id", "incident_id", "version", name=op.f("pk_incident_answer")),
    )


def downgrade() -> None:
    for table in ("incident_watch", "incident_log", "incident_answer", "incident_alarm", "incident"):
        op.drop_table(table)
