"""Coverage and length statistics: who serves which building, declared against served ground, what length tables need of a pipe."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OF_ONE = ("network_class", "laying", "material")


def _shape(name: str) -> sa.Column:
    kind = Geometry("GEOMETRY", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry")
    return sa.Column(name, kind, nullable=True)


def _ids(name: str) -> sa.Column:
    return sa.Column(name, postgresql.ARRAY(sa.Integer()), nullable=False)


def upgrade() -> None:
    for table in ("tile_pipe", "tile_pipe_zoom"):
        for name in _OF_ONE:
            op.add_column(table, sa.Column(name, sa.SmallInteger(), server_default="0", nullable=False))
        op.add_column(table, sa.Column("since_year", sa.SmallInteger(), nullable=True))
    op.add_column("tile_pipe", sa.Column("renewed_year", sa.SmallInteger(), nullable=True))
    op.add_column("tile_pipe", sa.Column("length_m", sa.Double(), server_default="0", nullable=False))
    op.add_column("tile_pipe", sa.Column("stated_length_m", sa.Double(), nullable=True))
    op.create_table(
        "coverage_version",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("assets_version", sa.BigInteger(), nullable=False),
        sa.Column("network_version", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_coverage_version")),
    )
    op.create_table(
        "served_building",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("asset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("substation_id", sa.Integer(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("supplier_id", sa.Integer(), nullable=True),
        sa.Column("estate_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.SmallInteger(), nullable=False),
        sa.Column("inside", sa.SmallInteger(), nullable=False),
        sa.Column("heated_area_m2", sa.Double(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "asset_id", name=op.f("pk_served_building")),
    )
    op.create_table(
        "coverage",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("of_kind", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("served_count", sa.Integer(), nullable=False),
        sa.Column("inside_count", sa.Integer(), nullable=False),
        sa.Column("heated_area_m2", sa.Double(), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=True),
        _ids("outside_ids"),
        _ids("foreign_ids"),
        _ids("unserved_ids"),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        _shape("declared_geom"),
        _shape("served_geom"),
        sa.PrimaryKeyConstraint("city_id", "of_kind", "asset_id", name=op.f("pk_coverage")),
    )


def downgrade() -> None:
    for name in ("coverage", "served_building", "coverage_version"):
        op.drop_table(name)
    for name in ("stated_length_m", "length_m", "renewed_year"):
        op.drop_column("tile_pipe", name)
    for table in ("tile_pipe", "tile_pipe_zoom"):
        for name in ("since_year", *_OF_ONE):
            op.drop_column(table, name)
