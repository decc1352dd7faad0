"""Derived copies for tiles (Web Mercator), their versions, and raster layers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, SmallInteger, Table, Text, text

from data.tables.columns import geometry, metadata, now

tile_pipe = Table(
    "tile_pipe",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("pair_id", Integer, nullable=False),
    Column("segment_id", Integer, comment="smallest asset_id of its topology segment; NULL outside the heat network"),
    Column("level", SmallInteger, nullable=False, comment="1 transmission, 2 primary, 3 secondary, 0 unknown"),
    Column("side", SmallInteger, nullable=False, comment="1 supply, 2 return, 0 unknown"),
    Column("medium", SmallInteger, nullable=False, comment="1 heat, 2 gas"),
    Column("trench", Boolean, nullable=False, comment="true: stands for its pair where only the trench is drawn (z <= 14)"),
    Column("dn", SmallInteger),
    Column("network_class", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.CLASSES; 0 unknown"),
    Column("laying", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.LAYINGS; 0 unknown"),
    Column("material", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.MATERIALS; 0 unknown"),
    Column("since_year", SmallInteger, comment="year of the pipe that lies there now; NULL = unknown"),
    Column("renewed_year", SmallInteger, comment="year of its last renewal; NULL = none known"),
    Column("length_m", Double, nullable=False, server_default="0", comment="on the ellipsoid"),
    Column("stated_length_m", Double, comment="as delivered; NULL = none"),
    Column("source_id", Integer, comment="see pipe_fact"),
    Column("criticality", SmallInteger, comment="see pipe_fact"),
    Column("temperature_degc", SmallInteger, comment="of the newest solved zone state"),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_pipe_geom", tile_pipe.c.geom, postgresql_using="gist")
Index("ix_tile_pipe_segment", tile_pipe.c.city_id, tile_pipe.c.segment_id)
Index("ix_tile_pipe_pair", tile_pipe.c.city_id, tile_pipe.c.pair_id)

tile_pipe_zoom = Table(
    "tile_pipe_zoom",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("zoom", SmallInteger, primary_key=True, comment="10..13"),
    Column("row_id", Integer, primary_key=True, autoincrement=False, comment="smallest asset_id of the pipes merged in it"),
    Column("segment_id", Integer, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("medium", SmallInteger, nullable=False, comment="1 heat, 2 gas"),
    Column("dn", SmallInteger),
    Column("network_class", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.CLASSES; 0 unknown"),
    Column("laying", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.LAYINGS; 0 unknown"),
    Column("material", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.MATERIALS; 0 unknown"),
    Column("since_year", SmallInteger, comment="year of the pipe that lies there now; NULL = unknown"),
    Column("source_id", Integer, comment="see pipe_fact"),
    Column("criticality", SmallInteger, comment="see pipe_fact"),
    Column("temperature_degc", SmallInteger, comment="of the newest solved zone state"),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_pipe_zoom_geom", tile_pipe_zoom.c.geom, postgresql_using="gist")
for _zoom in ("10", "11"):
    _where = text(f"zoom = {_zoom}")
    Index(f"ix_tile_pipe_zoom_{_zoom}", tile_pipe_zoom.c.geom, postgresql_using="gist", postgresql_where=_where)
Index("ix_tile_pipe_zoom_segment", tile_pipe_zoom.c.city_id, tile_pipe_zoom.c.segment_id)

pipe_fact = Table(
    "pipe_fact",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("segment_id", Integer, comment="smallest asset_id of its topology segment"),
    Column("network_class", SmallInteger, comment="told by its ends; NULL = that of its declared level"),
    Column("source_id", Integer, comment="strongest source or substation that feeds it; normal valve state"),
    Column("criticality", SmallInteger, comment="1..5 (topology.answers.pipe_facts), normal valve state"),
    comment="what the network says of a pipe; derived with the tile tables",
)

tile_building = Table(
    "tile_building",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("height_dm", SmallInteger, comment="height in decimetres"),
    Column("substation_id", Integer),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_building_geom", tile_building.c.geom, postgresql_using="gist")

tile_point = Table(
    "tile_point",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("minzoom", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "POINT", 3857, nullable=False),
)
Index("ix_tile_point_geom", tile_point.c.geom, postgresql_using="gist")
Index("ix_tile_point_low", tile_point.c.geom, postgresql_using="gist", postgresql_where=text("minzoom <= 13"))

tile_base = Table(
    "tile_base",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="road | water | green | estate | district | ..."),
    Column("class", Text, nullable=False, server_default=""),
    Column("minzoom", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "GEOMETRY", 3857, nullable=False),
    geometry("low_geom", "GEOMETRY", 3857),
    geometry("label", "POINT", 3857),
)
Index("ix_tile_base_geom", tile_base.c.geom, postgresql_using="gist")
Index("ix_tile_base_low", tile_base.c.geom, postgresql_using="gist", postgresql_where=text("minzoom <= 11"))

tile_coverage = Table(
    "tile_coverage",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="coverage_area | licence_area"),
    Column("of_kind", Text, nullable=False, comment="what the area is of: company, plant, ...; licence; city = urban extent"),
    Column("of_id", Integer, comment="asset_id of what it is the area of; NULL = not among the assets"),
    Column("minzoom", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "GEOMETRY", 3857, nullable=False),
    geometry("low_geom", "GEOMETRY", 3857),
    geometry("label", "POINT", 3857),
)
Index("ix_tile_coverage_geom", tile_coverage.c.geom, postgresql_using="gist")
Index("ix_tile_coverage_low", tile_coverage.c.geom, postgresql_using="gist", postgresql_where=text("minzoom <= 11"))

asset_summary = Table(
    "asset_summary",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("row_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False, comment="network level of pipes and valves; empty for others"),
    Column("area_id", Integer),
    Column("company_id", Integer),
    Column("asset_count", Integer, nullable=False),
    Column("placed_count", Integer, nullable=False, comment="those with a geometry"),
    Column("supply_length_m", Double, nullable=False, comment="supply pipes of the heat network, on the ellipsoid"),
    Column("heat_user_count", Double, nullable=False, comment="of buildings"),
    Column("heated_area_m2", Double, nullable=False, comment="of buildings"),
    *(Column(name, Double, comment="WGS-84 degrees") for name in ("west", "south", "east", "north")),
    comment="assets summed by kind, level, district and owner; derived with the tile tables",
)

tile_version = Table(
    "tile_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("tileset", Text, primary_key=True),
    Column("assets_version", BigInteger, nullable=False, comment="version of the assets it was built from"),
    now("built_at"),
)

raster_layer = Table(
    "raster_layer",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("layer", Text, primary_key=True),
    Column("path", Text, nullable=False, comment="relative to the var dir"),
    Column("style", Text, nullable=False, comment="hillshade | terrain | colour"),
    Column("attribution", Text, nullable=False, server_default=""),
    now("added_at"),
)
