"""Keep what the network says of each pipe beside the tile tables: source, criticality, temperature; indexes of single copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pipe_fact",
        sa.Column("city_id", sa.SmallInteger(), sa.ForeignKey("city.city_id"), primary_key=True),
        sa.Column("asset_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("segment_id", sa.Integer(), comment="smallest asset_id of its topology segment"),
        sa.Column("network_class", sa.SmallInteger(), comment="told by its ends; NULL = that of its declared level"),
        sa.Column("source_id", sa.Integer(), comment="strongest source or substation that feeds it; normal valve state"),
        sa.Column("criticality", sa.SmallInteger(), comment="1..5 (topology.answers.pipe_facts), normal valve state"),
        comment="what the network says of a pipe; derived with the tile tables",
    )
    for table in ("tile_pipe", "tile_pipe_zoom"):
        op.add_column(table, sa.Column("source_id", sa.Integer(), comment="see pipe_fact"))
        op.add_column(table, sa.Column("criticality", sa.SmallInteger(), comment="see pipe_fact"))
        op.add_column(table, sa.Column("temperature_degc", sa.SmallInteger(), comment="of the newest solved zone state"))
    op.add_column("zone_pipe", sa.Column("temperature_degc", sa.REAL(), comment="mean of its ends; NULL = stands or unknown"))
    op.create_index("ix_tile_pipe_segment", "tile_pipe", ["city_id", "segment_id"])
    op.create_index("ix_tile_pipe_pair", "tile_pipe", ["city_id", "pair_id"])
    op.create_index("ix_tile_pipe_zoom_segment", "tile_pipe_zoom", ["city_id", "segment_id"])


def downgrade() -> None:
    for table, name in (("tile_pipe_zoom", "segment"), ("tile_pipe", "pair"), ("tile_pipe", "segment")):
        op.drop_index(f"ix_{table}_{name}", table_name=table)
    op.drop_column("zone_pipe", "temperature_degc")
    for table in ("tile_pipe", "tile_pipe_zoom"):
        for name in ("source_id", "criticality", "temperature_degc"):
            op.drop_column(table, name)
    op.drop_table("pipe_fact")
