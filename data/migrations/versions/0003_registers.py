"""Registers: heat users, rural households, projects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "register_row",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="heat_user | household | retrofit_project"),
        sa.Column(
            "row_id", sa.Integer(), autoincrement=False, nullable=False, comment="dense within its register, never given twice"
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("source_key", sa.Text(), server_default="", nullable=False, comment="key in the delivered file"),
        sa.Column(
            "asset_id",
            sa.Integer(),
            nullable=True,
            comment="building, village or area that it hangs on; NULL = not among the assets",
        ),
        sa.Column("company_id", sa.Integer(), nullable=True, comment="asset_id of the owner company"),
        sa.Column("area_id", sa.Integer(), nullable=True, comment="asset_id of the district that holds it"),
        sa.Column(
            "geom",
            Geometry("POINT", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.Column("attributes", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("row_sha256", sa.LargeBinary(), nullable=False, comment="hash of the content; equal hash = no change"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False, comment="import that wrote it last"),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_register_row_city_id")),
        sa.PrimaryKeyConstraint("city_id", "kind", "row_id", name=op.f("pk_register_row")),
        sa.UniqueConstraint("city_id", "kind", "code", name=op.f("uq_register_row_city_id_kind_code")),
        comment="rows that hang on an asset and are none: heat users, rural households, projects",
    )
    op.create_index("ix_register_row_asset", "register_row", ["city_id", "asset_id", "kind"], unique=False)
    op.create_index("ix_register_row_area", "register_row", ["city_id", "area_id", "kind"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_register_row_area", table_name="register_row")
    op.drop_index("ix_register_row_asset", table_name="register_row")
    op.drop_table("register_row")
