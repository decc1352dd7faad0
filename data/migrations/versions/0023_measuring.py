"""Keep who registered a source, and records of what measures where (CJ/T 545): points, devices, thresholds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "source",
        sa.Column("seat", sa.Text(), server_default="", nullable=False, comment="who registered it; empty = the program"),
    )
    # what the program makes is named after its asset; the rest was registered by hand, nobody wrote down by whom
    op.execute(
        """
        update source s
        set seat = 'unknown'
        where not exists (
            select 1 from asset a
            where a.city_id = s.city_id and a.asset_id = s.asset_id and s.code = a.kind || ':' || a.code
        )
        """
    )
    op.create_index("ix_source_asset", "source", ["city_id", "asset_id"], unique=False)
    op.create_table(
        "measuring_point",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("bsm", sa.Text(), nullable=False, comment="identification code (BSM), 20 characters"),
        sa.Column("facility_type", sa.Text(), nullable=False, comment="SSLXDM"),
        sa.Column("facility_name", sa.Text(), nullable=False, comment="SSMC"),
        sa.Column("street", sa.Text(), nullable=False, comment="SZJD"),
        sa.Column("point_type", sa.Text(), nullable=False, comment="DWLX"),
        sa.Column("point_code", sa.Text(), nullable=False, comment="DWDM"),
        sa.Column("name", sa.Text(), nullable=False, comment="DWMC"),
        sa.Column("position", sa.Text(), server_default="", nullable=False, comment="JCWZ"),
        sa.Column("elevation", sa.Text(), server_default="", nullable=False, comment="GC"),
        sa.Column("elevation_datum", sa.Text(), server_default="", nullable=False, comment="GCJZ"),
        sa.Column("geom", Geometry("POINT", srid=4326, dimension=2, spatial_index=False), nullable=True),
        sa.Column("asset_id", sa.Integer(), nullable=False, comment="asset that it stands at"),
        sa.Column(
            "boundary",
            sa.Text(),
            nullable=True,
            comment="source_network | network_station | network_building; NULL = at no boundary joint",
        ),
        sa.Column("seat", sa.Text(), nullable=False, comment="who registered it or changed it last"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(bsm) = 20", name=op.f("ck_measuring_point_bsm")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_measuring_point_city_id")),
        sa.PrimaryKeyConstraint("city_id", "bsm", name=op.f("pk_measuring_point")),
        sa.UniqueConstraint("city_id", "point_code", name=op.f("uq_measuring_point_city_id_point_code")),
        comment="monitoring points (监测点位) of CJ/T 545",
    )
    op.create_index("ix_measuring_point_asset", "measuring_point", ["city_id", "asset_id"], unique=False)
    op.create_table(
        "measuring_device",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("bsm", sa.Text(), nullable=False, comment="identification code (BSM), 20 characters"),
        sa.Column("point_bsm", sa.Text(), nullable=False, comment="measuring point (DWBSM)"),
        sa.Column("device_type", sa.Text(), nullable=True, comment="SBLX; NULL where the standard has no code"),
        sa.Column("device_code", sa.Text(), nullable=False, comment="SBDM"),
        sa.Column("name", sa.Text(), nullable=False, comment="SBMC"),
        sa.Column("maker", sa.Text(), server_default="", nullable=False, comment="SBCSXX"),
        sa.Column("model", sa.Text(), server_default="", nullable=False, comment="SBXH"),
        sa.Column("position", sa.Text(), nullable=False, comment="AZWZ"),
        sa.Column("area", sa.Text(), nullable=False, comment="SZQY"),
        sa.Column("street", sa.Text(), nullable=False, comment="SZJD"),
        sa.Column("relative_height", sa.Text(), server_default="", nullable=False, comment="XDGD"),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False, comment="AZSJ"),
        sa.Column("origin", sa.Text(), server_default="", nullable=False, comment="SBLY"),
        sa.Column("item", sa.Text(), nullable=True, comment="JCX; NULL where the standard has no code"),
        sa.Column("sampling_frequency", sa.Text(), nullable=False, comment="CJPL"),
        sa.Column("upload_frequency", sa.Text(), nullable=False, comment="SCPL"),
        sa.Column("power_supply", sa.Text(), nullable=False, comment="GDFS"),
        sa.Column("online_at", sa.DateTime(timezone=True), nullable=False, comment="ZCSXSJ"),
        sa.Column("state", sa.Text(), nullable=False, comment="SBZT"),
        sa.Column("source_id", sa.Integer(), nullable=False, comment="source whose frames hold its values"),
        sa.Column("point", sa.Text(), nullable=False, comment="point of that source's schema"),
        sa.Column("seat", sa.Text(), nullable=False, comment="who registered it or changed it last"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(bsm) = 20", name=op.f("ck_measuring_device_bsm")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_measuring_device_city_id")),
        sa.PrimaryKeyConstraint("city_id", "bsm", name=op.f("pk_measuring_device")),
        sa.UniqueConstraint("city_id", "device_code", name=op.f("uq_measuring_device_city_id_device_code")),
        comment="monitoring devices (监测设备) of CJ/T 545",
    )
    op.create_index(
        "ix_measuring_device_item",
        "measuring_device",
        ["city_id", "point_bsm", "item"],
        unique=True,
        postgresql_where=sa.text("item is not null and state <> '报废'"),
    )
    op.create_index("ix_measuring_device_source", "measuring_device", ["city_id", "source_id"], unique=False)
    op.create_table(
        "measuring_threshold",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("device_bsm", sa.Text(), nullable=False, comment="measuring device whose item it is for"),
        sa.Column("bsm", sa.Text(), nullable=False, comment="identification code (BSM), 20 characters"),
        *(
            sa.Column(
                f"level_{level}_{side}",
                sa.Double(),
                nullable=True,
                comment=f"alarm level {level} {side} this, in the unit of the point",
            )
            for level in (1, 2, 3)
            for side in ("below", "above")
        ),
        sa.Column("seat", sa.Text(), nullable=False, comment="who set it last"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(bsm) = 20", name=op.f("ck_measuring_threshold_bsm")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_measuring_threshold_city_id")),
        sa.PrimaryKeyConstraint("city_id", "device_bsm", name=op.f("pk_measuring_threshold")),
        sa.UniqueConstraint("city_id", "bsm", name=op.f("uq_measuring_threshold_city_id_bsm")),
        comment="alarm thresholds of three levels (监测项阈值) of CJ/T 545",
    )


def downgrade() -> None:
    for table in ("measuring_threshold", "measuring_device", "measuring_point"):
        op.drop_table(table)
    op.drop_index("ix_source_asset", table_name="source")
    op.drop_column("source", "seat")
