"""Records of what measures where: points, devices and thresholds of CJ/T 545-2021 7.3.1.2."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data.tables.columns import at, geometry, metadata, now

measuring_point = Table(
    "measuring_point",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("bsm", Text, primary_key=True, comment="identification code (BSM), 20 characters"),
    Column("facility_type", Text, nullable=False, comment="SSLXDM"),
    Column("facility_name", Text, nullable=False, comment="SSMC"),
    Column("street", Text, nullable=False, comment="SZJD"),
    Column("point_type", Text, nullable=False, comment="DWLX"),
    Column("point_code", Text, nullable=False, comment="DWDM"),
    Column("name", Text, nullable=False, comment="DWMC"),
    Column("position", Text, nullable=False, server_default="", comment="JCWZ"),
    Column("elevation", Text, nullable=False, server_default="", comment="GC"),
    Column("elevation_datum", Text, nullable=False, server_default="", comment="GCJZ"),
    geometry("geom", "POINT", 4326),
    Column("asset_id", Integer, nullable=False, comment="asset that it stands at"),
    Column("boundary", Text, comment="source_network | network_station | network_building; NULL = at no boundary joint"),
    Column("seat", Text, nullable=False, comment="who registered it or changed it last"),
    now("changed_at"),
    UniqueConstraint("city_id", "point_code"),
    CheckConstraint("length(bsm) = 20", name="bsm"),
    comment="monitoring points (监测点位) of CJ/T 545",
)
Index("ix_measuring_point_asset", measuring_point.c.city_id, measuring_point.c.asset_id)

measuring_device = Table(
    "measuring_device",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("bsm", Text, primary_key=True, comment="identification code (BSM), 20 characters"),
    Column("point_bsm", Text, nullable=False, comment="measuring point (DWBSM)"),
    Column("device_type", Text, comment="SBLX; NULL where the standard has no code"),
    Column("device_code", Text, nullable=False, comment="SBDM"),
    Column("name", Text, nullable=False, comment="SBMC"),
    Column("maker", Text, nullable=False, server_default="", comment="SBCSXX"),
    Column("model", Text, nullable=False, server_default="", comment="SBXH"),
    Column("position", Text, nullable=False, comment="AZWZ"),
    Column("area", Text, nullable=False, comment="SZQY"),
    Column("street", Text, nullable=False, comment="SZJD"),
    Column("relative_height", Text, nullable=False, server_default="", comment="XDGD"),
    at("installed_at", nullable=False, comment="AZSJ"),
    Column("origin", Text, nullable=False, server_default="", comment="SBLY"),
    Column("item", Text, comment="JCX; NULL where the standard has no code"),
    Column("sampling_frequency", Text, nullable=False, comment="CJPL"),
    Column("upload_frequency", Text, nullable=False, comment="SCPL"),
    Column("power_supply", Text, nullable=False, comment="GDFS"),
    at("online_at", nullable=False, comment="ZCSXSJ"),
    Column("state", Text, nullable=False, comment="SBZT"),
    Column("source_id", Integer, nullable=False, comment="source whose frames hold its values"),
    Column("point", Text, nullable=False, comment="point of that source's schema"),
    Column("seat", Text, nullable=False, comment="who registered it or changed it last"),
    now("changed_at"),
    UniqueConstraint("city_id", "device_code"),
    CheckConstraint("length(bsm) = 20", name="bsm"),
    comment="monitoring devices (监测设备) of CJ/T 545",
)
Index(
    "ix_measuring_device_item",
    measuring_device.c.city_id,
    measuring_device.c.point_bsm,
    measuring_device.c.item,
    unique=True,
    postgresql_where=text("item is not null and state <> '报废'"),
)
Index("ix_measuring_device_source", measuring_device.c.city_id, measuring_device.c.source_id)

measuring_threshold = Table(
    "measuring_threshold",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("device_bsm", Text, primary_key=True, comment="measuring device whose item it is for"),
    Column("bsm", Text, nullable=False, comment="identification code (BSM), 20 characters"),
    *(
        Column(f"level_{level}_{side}", Double, comment=f"alarm level {level} {side} this, in the unit of the point")
        for level in (1, 2, 3)
        for side in ("below", "above")
    ),
    Column("seat", Text, nullable=False, comment="who set it last"),
    now("changed_at"),
    UniqueConstraint("city_id", "bsm"),
    CheckConstraint("length(bsm) = 20", name="bsm"),
    comment="alarm thresholds of three levels (监测项阈值) of CJ/T 545",
)
