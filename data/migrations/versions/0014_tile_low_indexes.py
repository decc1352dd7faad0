"""Index the few areas and roads that tiles of low zooms draw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLES = ("tile_base", "tile_coverage")


def upgrade() -> None:
    for table in _TABLES:
        where = sa.text("minzoom <= 11")
        op.create_index(f"ix_{table}_low", table, ["geom"], postgresql_using="gist", postgresql_where=where)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}_low", table_name=table)
