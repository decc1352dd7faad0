"""The area tree of the rollout and its sums (derived), and a city's own factors."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Double, ForeignKey, Index, Integer, SmallInteger, Table, Text

from data.tables.columns import at, geometry, metadata, now
from twin.rollout import SUMS

rollout_area = Table(
    "rollout_area",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("area_id", Integer, primary_key=True, autoincrement=False, comment="asset_id; 0 = the city"),
    Column("kind", Text, nullable=False, comment="city | district | zone | township | village"),
    Column("code", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    Column(
        "parent_id", Integer, comment="area that it is counted into; NULL: the city, and zones, which are counted into nothing"
    ),
    Column("district_id", Integer, comment="district that holds it; its own id for a district"),
    Column("township_id", Integer, comment="of a village"),
    Column("zone_id", Integer, comment="zone that holds a village"),
    Column("outline", Text, nullable=False, comment="delivered | households (drawn around them) | none"),
    geometry("geom", "GEOMETRY", 4326),
    geometry("geom_3857", "GEOMETRY", 3857),
    geometry("point_3857", "POINT", 3857),
    comment="areas that the rollout is counted by; zones overlap districts and are counted beside them",
)
Index("ix_rollout_area_geom", rollout_area.c.geom_3857, postgresql_using="gist")
Index("ix_rollout_area_point", rollout_area.c.point_3857, postgresql_using="gist")
Index("ix_rollout_area_parent", rollout_area.c.city_id, rollout_area.c.parent_id)

rollout_sum = Table(
    "rollout_sum",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("area_id", Integer, primary_key=True, autoincrement=False, comment="see rollout_area"),
    Column("year", SmallInteger, primary_key=True, autoincrement=False, comment="as at the end of it; 0 = now"),
    *(Column(figure.name, Double, comment=f"{figure.unit}; see twin/rollout.py") for figure in SUMS),
    comment="sums of the rollout by area and year",
)

rollout_part = Table(
    "rollout_part",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("area_id", Integer, primary_key=True, autoincrement=False, comment="see rollout_area"),
    Column("dimension", Text, primary_key=True, comment="type | supplier | fault | fuel | technical_type"),
    Column("key", Text, primary_key=True, comment="value of the dimension"),
    Column("row_count", Double, nullable=False),
    Column("amount", Double),
    Column("planned", Double),
    Column("done", Double),
    comment="sums of the rollout by area and one more thing; docs/rollout.md says what the columns mean for which",
)

rollout_factor = Table(
    "rollout_factor",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("name", Text, primary_key=True, comment="one of twin/rollout_factors.csv"),
    Column("value", Double, nullable=False),
    Column("source", Text, nullable=False, comment="where the city has it from"),
    Column("seat", Text, nullable=False, comment="who set it"),
    now("set_at"),
    comment="factors that a city has of its own",
)

rollout_version = Table(
    "rollout_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("assets_version", BigInteger, nullable=False, comment="of the assets and registers that the sums are of"),
    Column("change_id", Integer, nullable=False, comment="newest change of registers or areas that was counted"),
    now("refreshed_at"),
    comment="what rollout_area, rollout_sum and rollout_part were derived from",
)

rollout_hour = Table(
    "rollout_hour",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    at("hour_at", primary_key=True),
    Column("district_id", Integer, primary_key=True, autoincrement=False, comment="0 = of no district; outdoors: the city"),
    Column("household_group", Text, primary_key=True, comment="retrofitted | control | insulated | outdoor"),
    Column("device_type", Text, primary_key=True, comment="empty outdoors"),
    Column("room_degc", Double, nullable=False, comment="sum of the sampled temperatures"),
    Column("room_count", Double, nullable=False, comment="how many they are"),
    comment="temperatures of monitored households and outdoors by hour, sampled every few minutes",
)

rollout_use = Table(
    "rollout_use",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("village_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True, comment="in the zone of the city"),
    Column("in_use_hours", Double, nullable=False, comment="device hours on"),
    Column("heating_hours", Double, nullable=False, comment="device hours that connected devices could have been on"),
    comment="hours of use of the devices of villages by day, sampled every few minutes",
)

rollout_sample = Table(
    "rollout_sample",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    at("sampled_at", nullable=False),
    comment="when rollout_hour and rollout_use were added to last",
)
