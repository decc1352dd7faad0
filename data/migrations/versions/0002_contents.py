"""What a city holds: sums of its assets, and coverage areas for tiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asset_summary",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("row_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False, comment="network level of pipes and valves; empty for others"),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("asset_count", sa.Integer(), nullable=False),
        sa.Column("placed_count", sa.Integer(), nullable=False, comment="those with a geometry"),
        sa.Column("supply_length_m", sa.Double(), nullable=False, comment="supply pipes of the heat network, on the ellipsoid"),
        sa.Column("heat_user_count", sa.Double(), nullable=False, comment="of buildings"),
        sa.Column("heated_area_m2", sa.Double(), nullable=False, comment="of buildings"),
        *(sa.Column(name, sa.Double(), nullable=True, comment="WGS-84 degrees") for name in ("west", "south", "east", "north")),
        sa.PrimaryKeyConstraint("city_id", "row_id", name=op.f("pk_asset_summary")),
        comment="assets summed by kind, level, district and owner; derived with the tile tables",
    )
    op.create_table(
        "tile_coverage",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("asset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="coverage_area | licence_area"),
        sa.Column(
            "of_kind", sa.Text(), nullable=False, comment="what the area is of: company, plant, ...; licence; city = urban extent"
        ),
        sa.Column(
            "of_id", sa.Integer(), nullable=True, comment="asset_id of what it is the area of; NULL = not among the assets"
        ),
        sa.Column("minzoom", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry(srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry", nullable=False),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("city_id", "asset_id", name=op.f("pk_tile_coverage")),
    )
    op.create_index("ix_tile_coverage_geom", "tile_coverage", ["geom"], unique=False, postgresql_using="gist")


def downgrade() -> None:
    op.drop_index("ix_tile_coverage_geom", table_name="tile_coverage", postgresql_using="gist")
    op.drop_table("tile_coverage")
    op.drop_table("asset_summary")
