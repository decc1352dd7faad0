"""Surveyed surfaces of buildings (LoD2)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "building_surface",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("asset_id", sa.Integer(), autoincrement=False, nullable=False, comment="the building"),
        sa.Column("geom", Geometry("MULTIPOLYGONZ", 4326, dimension=3, spatial_index=False), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="name of the file it came from"),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_building_surface_city_id")),
        sa.PrimaryKeyConstraint("city_id", "asset_id", name=op.f("pk_building_surface")),
    )


def downgrade() -> None:
    op.drop_table("building_surface")
