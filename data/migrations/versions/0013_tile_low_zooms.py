"""Keep generalised shapes and label points of areas, and an index of the points of low zooms: tiles below z13 need no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("tile_base", "tile_coverage")


def upgrade() -> None:
    for table in _TABLES:
        for name, kind in (("low_geom", "GEOMETRY"), ("label", "POINT")):
            shape = Geometry(kind, srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry")
            op.add_column(table, sa.Column(name, shape))
        op.execute(
            f"update {table} set low_geom = st_simplify(geom, 19, true),"
            " label = case when name <> '' and st_dimension(geom) = 2 then st_pointonsurface(geom) end"
        )
    op.create_index(
        "ix_tile_point_low", "tile_point", ["geom"], postgresql_using="gist", postgresql_where=sa.text("minzoom <= 13")
    )


def downgrade() -> None:
    op.drop_index("ix_tile_point_low", table_name="tile_point")
    for table in _TABLES:
        for name in ("label", "low_geom"):
            op.drop_column(table, name)
