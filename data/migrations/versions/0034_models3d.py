"""3D models that somebody brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model3d",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="of its tileset: /3dtiles/{name}"),
        sa.Column("title", sa.Text(), nullable=False, comment="for people; the name where none was given"),
        sa.Column("kind", sa.Text(), nullable=False, comment="gltf, ifc, las, tileset"),
        sa.Column("folder", sa.Text(), nullable=False, comment="of the served build, relative to the var dir"),
        sa.Column("file", sa.Text(), nullable=False, comment="name of the file that was brought"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of that file"),
        sa.Column("bounds", postgresql.ARRAY(sa.Double()), nullable=False, comment="west, south, east, north in WGS-84 degrees"),
        sa.Column("facts", postgresql.JSONB(), nullable=False, comment="tiles, contents, bytes, triangles, points, notes"),
        sa.Column("wish", postgresql.JSONB(), nullable=False, comment="how it was asked to be placed"),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_model3d_city_id")),
        sa.PrimaryKeyConstraint("city_id", "name", name=op.f("pk_model3d")),
    )


def downgrade() -> None:
    op.drop_table("model3d")
