"""Index the merged pipes of the two lowest zooms apart: a tile there holds most of them, and of no other zoom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ZOOMS = (10, 11)


def upgrade() -> None:
    for zoom in _ZOOMS:
        where = sa.text(f"zoom = {zoom}")
        op.create_index(f"ix_tile_pipe_zoom_{zoom}", "tile_pipe_zoom", ["geom"], postgresql_using="gist", postgresql_where=where)


def downgrade() -> None:
    for zoom in _ZOOMS:
        op.drop_index(f"ix_tile_pipe_zoom_{zoom}", table_name="tile_pipe_zoom")
