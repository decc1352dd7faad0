"""Keep what the scheduled solves of the zones found, and the results of what-ifs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("zone_sweep", _city(), *_versions(), _now("swept_at"))
    op.create_table(
        "zone_solution",
        _city(),
        sa.Column("source_id", sa.Integer(), primary_key=True, comment="asset that holds the pressure of the zone"),
        _now("solved_at"),
        *_versions(),
        sa.Column("converged", sa.Boolean(), nullable=False),
        sa.Column("summary", postgresql.JSONB(), nullable=False),
        sa.Column("problems", postgresql.JSONB(), nullable=False),
        sa.Column("heads", sa.LargeBinary(), comment="arrays of the pressure lines (numpy, compressed); NULL = not converged"),
    )
    op.create_table(
        "zone_pipe",
        *_of_asset(),
        sa.Column(
            "flow_direction", sa.SmallInteger(), nullable=False, comment="TB-08: 0 start to end, 1 end to start, 2 unknown"
        ),
        sa.Column("flow_m3_per_h", sa.REAL(), comment="positive as drawn"),
        sa.Column("velocity_m_per_s", sa.REAL()),
        sa.CheckConstraint("flow_direction in (0, 1, 2)", name="ck_zone_pipe_flow_direction"),
    )
    op.create_table(
        "zone_station",
        *_of_asset(),
        sa.Column("supply_mpa", sa.REAL()),
        sa.Column("return_mpa", sa.REAL()),
        sa.Column("flow_m3_per_h", sa.REAL()),
        sa.Column("flow_share", sa.REAL(), comment="of what the load needs; below 1 the station is short"),
        sa.Column("supply_degc", sa.REAL()),
    )
    for table in ("zone_pipe", "zone_station"):
        op.create_index(f"ix_{table}_city_id_source_id", table, ["city_id", "source_id"])
    op.create_table(
        "what_if_result",
        _city(),
        sa.Column("job_id", sa.BigInteger(), sa.ForeignKey("job.job_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("what_if_result", "zone_station", "zone_pipe", "zone_solution", "zone_sweep"):
        op.drop_table(table)


def _city() -> sa.Column:
    return sa.Column("city_id", sa.SmallInteger(), sa.ForeignKey("city.city_id"), primary_key=True)


def _versions() -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in ("network_version", "valve_version")]


def _of_asset() -> list[sa.Column]:
    return [
        _city(),
        sa.Column("asset_id", sa.Integer(), primary_key=True),
        sa.Column("source_id", sa.Integer(), nullable=False),
    ]


def _now(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
