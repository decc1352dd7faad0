"""Fills the tile tables: Web Mercator copies of the assets, in Hilbert order, with zoom tables for the network.

What the city holds (`asset_summary`) is summed in the same transaction.

The copies are derived: `asset` is the truth, `tile_version` says from which `city.assets_version` a copy was rebuilt. An edit
rewrites the rows of the assets that it touched in its own transaction (`data/tile_edits.py`); a rebuild stages all rows of a city
beside the tables and then writes those that differ, so that a reader sees the old tiles or the new ones, never a mixture, and
triggers tell the caches of what has changed and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.pool import Connection
from data.statements import sql
from twin.kinds import KINDS
from twin.lengths import LAYING_OF_BURIAL, MATERIAL_PATTERNS, MATERIALS

PipeNumbers: TypeAlias = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]
"""Asset ids of pipes and, in the same order, a number of each."""

TILESETS = ("base", "network", "buildings", "assets", "coverage", "problems", "rollout")
"""Tilesets of a city; each gets a row of `tile_version`. Problems are read from their own table, which the checks fill, areas
of the rollout from theirs, which `data/rollout_refresh.py` fills."""
ASSET_TABLES = ("tile_pipe", "tile_building", "tile_point", "tile_base", "tile_coverage")
"""Tile tables with a row an asset; `tile_pipe_zoom` is merged from `tile_pipe`."""

STOREY_M = 3.0
"""Height of a storey where a building has storeys but no height."""
DEFAULT_HEIGHT_M = 9.0
"""Height of a building that has neither."""

POINT_MINZOOM: Mapping[str, int] = {
    "plant": 8,
    "boiler_house": 8,
    "isolating_station": 10,
    "relay_pump_station": 10,
    "accumulator": 10,
    "substation": 10,
    "plant_branch": 12,
    "weather_station": 10,
    "company": 12,
    "village": 12,
    "valve": 14,
    "chamber": 15,
    "camera": 14,
    "pressure_point": 15,
    "heating_device": 15,
    "room_sensor": 16,
    "building_inlet": 16,
    "pipe_point": 16,
    "relay_energy_station": 10,
    "water_tank": 13,
    "gateway": 15,
    "air_station": 10,
    "crossing": 16,
    "authority": 12,
    "gas_station": 11,
    "hazard": 12,
    "hazard_source": 12,
    "patrol_finding": 13,
    "accident": 11,
    "no_burn_zone": 11,
    "object_point": 16,
}
"""First zoom of each kind that is drawn as a point; an area among them has a point inside."""

AREA_MINZOOM: Mapping[str, int] = {
    "district": 8,
    "zone": 9,
    "township": 10,
    "subdistrict": 11,
    "community": 13,
    "village": 12,
    "estate": 13,
}
"""First zoom of each kind that is drawn as an area of the base map."""

COVERAGE_MINZOOM: Mapping[str, int] = {
    "city": 8,
    "licence": 8,
    "company": 8,
    "plant": 8,
    "plant_branch": 10,
    "boiler_house": 10,
    "substation": 12,
    "estate": 13,
    "no_burn_planned": 9,
    "no_burn_in_force": 9,
    "no_burn_key_control": 9,
    "no_burn_lifted": 9,
}
"""First zoom of each kind of coverage area (`licence`: where a company may heat; `no_burn_`: a no-burn zone by state)."""

ROAD_MINZOOM: Mapping[str, int] = {
    "motorway": 8,
    "trunk": 9,
    "primary": 10,
    "secondary": 11,
    "tertiary": 12,
    "residential": 13,
    "service": 14,
    "path": 14,
    "other": 13,
}
"""First zoom of each road class."""

ROAD_WORDS: Mapping[str, str] = {
    **{name: name for name in ROAD_MINZOOM},
    "高速公路": "motorway",
    "快速路": "trunk",
    "国道": "trunk",
    "主干路": "primary",
    "主干道": "primary",
    "省道": "primary",
    "次干路": "secondary",
    "次干道": "secondary",
    "支路": "tertiary",
    "县道": "tertiary",
    "arterial": "primary",
    "collector": "secondary",
    "local": "residential",
    "unclassified": "residential",
    "living_street": "residential",
    "footway": "path",
    "pedestrian": "path",
    "cycleway": "path",
    "steps": "path",
    "track": "service",
}
"""Words of delivered road classes and the class they mean; any other word is `other`."""

_WATER_MINZOOM, _GREEN_MINZOOM = 8, 11
_OTHER_COVERAGE_MINZOOM = 12
_FIRST_YEAR = 1800
_LEVELS_AS_CLASSES = ["transmission", "primary", "secondary", "direct"]
# a pipe without a class of its own has that of its declared level, by place in this list
_OTHER_MATERIAL = next(number for number, name in MATERIALS.items() if name == "other")
LOW_ZOOM_TOLERANCE_M = 19.0
"""Outlines below z13 are drawn as near as this: half a pixel of z12, two units of a z10 tile."""
_FACTS = (
    ("segment_assets", "segment_ids"),
    ("class_assets", "classes"),
    ("fed_assets", "source_ids"),
    ("rated_assets", "criticalities"),
)
_ZOOMS = (10, 11, 12, 13)
_TOLERANCES_M = (38.0, 38.0, 10.0, 5.0)
_MAX_LEVELS = (2, 2, 4, 4)
# a pipe of unknown level (0) passes every limit above: better drawn early than missing
_OPTIONAL = [name for name, kind in KINDS.items() if kind.geometry in {"any", "none"}]
_TILE_KINDS = (
    "pipe",
    "building",
    *POINT_MINZOOM,
    *AREA_MINZOOM,
    "road",
    "water",
    "green",
    "coverage_area",
    "licence_area",
    "gas_pipe",
)


@dataclass(frozen=True, slots=True)
class TileReport:
    """What a rebuild wrote.

    Attributes
    ----------
    rows
        Rows of the city by tile table.
    left_out
        Assets by kind that no tile table could take (no geometry where the kind has one, or one of the wrong dimension).
    """

    rows: Mapping[str, int]
    left_out: Mapping[str, int]


def rebuild(
    connection: Connection,
    city_id: int,
    segment_ids: PipeNumbers | None,
    *,
    classes: PipeNumbers | None = None,
    source_ids: PipeNumbers | None = None,
    criticalities: PipeNumbers | None = None,
) -> TileReport:
    """Bring the tile copies of one city up to date, in one transaction: only rows that differ are written.

    Parameters
    ----------
    connection
        Outside a transaction, or inside the caller's (then the caller commits; of isolation repeatable read where edits may
        come meanwhile: they and this then never write the same row, or this fails).
    city_id
        The city.
    segment_ids
        Asset ids of the heat pipes and, in the same order, the id of the topology segment of each
        (`Network.segment_id_of_pipe()`); None leaves every pipe a segment of its own.
    classes
        Asset ids of pipes and the number of their network class; a pipe that is not named has the class of its declared level.
    source_ids, criticalities
        Asset ids of pipes and what feeds each, and its criticality (`topology.answers.pipe_facts`).

    Raises
    ------
    psycopg.errors.SerializationFailure
        When an edit has written a row that this would write too; nothing was written then.

    Cost: about 6 s for 150,000 pipes.
    """
    with connection.transaction():
        facts = (segment_ids, classes, source_ids, criticalities)
        connection.execute(sql("tile_stage"))
        _put_facts(connection, city_id, facts)
        _stage(connection, city_id)
        for name in ("summary_clear", "summary_fill"):
            connection.execute(sql(name), {"city_id": city_id})
        _put(connection, city_id)
        connection.execute(sql("tile_write_version"), {"city_id": city_id, "tilesets": list(TILESETS)})
        connection.execute(sql("tile_analyze"))
        return _report(connection, city_id)


def _fact_parameters(facts: Sequence[PipeNumbers | None]) -> dict[str, list[int]]:
    lists = [([], []) if fact is None else (fact[0].tolist(), fact[1].tolist()) for fact in facts]
    return {name: column for names, pair in zip(_FACTS, lists, strict=True) for name, column in zip(names, pair, strict=True)}


def _put_facts(connection: Connection, city_id: int, facts: Sequence[PipeNumbers | None]) -> None:
    """Write what the network says of the pipes; the rows of pipes are made from it."""
    connection.execute(sql("tile_fill_facts"), {"city_id": city_id, **_fact_parameters(facts)})
    # without figures the planner takes the rows for a few and compares each with each
    for name in ("tile_fact_analyze", "tile_pipe_fact_analyze"):
        connection.execute(sql(name))
    for statement in put_statements("pipe_fact", order="s.asset_id"):
        connection.execute(statement, {"city_id": city_id, "asset_ids": None})
    connection.execute(sql("tile_pipe_fact_analyze"))


def _stage(connection: Connection, city_id: int) -> None:
    """Fill the staged tables with all rows of a city."""
    for table in ASSET_TABLES:
        connection.execute(sql(table.replace("tile_", "tile_fill_")), fill_parameters(table, city_id, None))
    connection.execute(zoom_statement("staged_tile_pipe"), zoom_parameters(city_id, None))
    connection.execute(sql("tile_stage_analyze"))


def _put(connection: Connection, city_id: int) -> None:
    """Write what differs from the staged rows; from here on edits of the city wait."""
    everything = {"city_id": city_id, "asset_ids": None, "segment_ids": None}
    connection.execute(sql("tile_lock"), everything)
    for table in ASSET_TABLES:
        for statement in put_statements(table):
            connection.execute(statement, everything)
    for name in ("tile_drop_zoom", "tile_add_zoom"):
        connection.execute(sql(name), everything)


def put_temperatures(connection: Connection, city_id: int) -> None:
    """Bring the temperatures of pipes in tiles to the newest solutions of the zones, inside the caller's transaction.

    Cost: 1 s for 150,000 pipes.
    """
    connection.execute(sql("tile_lock"), {"city_id": city_id})
    connection.execute(sql("tile_stage"))
    segments = sorted({int(row[0]) for row in connection.execute(sql("tile_temperatures"), {"city_id": city_id})})
    connection.execute(zoom_statement("tile_pipe"), zoom_parameters(city_id, segments))
    for name in ("tile_drop_zoom", "tile_add_zoom"):
        connection.execute(sql(name), {"city_id": city_id, "segment_ids": segments})


def put_statements(table: str, *, order: str = "s.geom") -> tuple[str, str]:
    """Return the statements that drop rows of a tile table that differ from the staged ones, and add those that are not there."""
    return (sql("tile_drop").replace("{table}", table), sql("tile_add").replace("{table}", table).replace("{order}", order))


def zoom_statement(table: str) -> str:
    """Return the statement that stages the merged rows of the pipes in a table."""
    return sql("tile_fill_pipe_zoom").replace("{table}", table)


def zoom_parameters(city_id: int, segment_ids: Sequence[int] | None) -> dict[str, object]:
    """Return the parameters of `zoom_statement`; `segment_ids`: these only, None = all."""
    levels = {"zooms": list(_ZOOMS), "tolerances_m": list(_TOLERANCES_M), "max_levels": list(_MAX_LEVELS)}
    return {"city_id": city_id, "segment_ids": None if segment_ids is None else list(segment_ids), **levels}


def fill_parameters(table: str, city_id: int, asset_ids: Sequence[int] | None) -> dict[str, object]:
    """Return the parameters of the statement that stages the rows of a table; `asset_ids`: these only, None = all."""
    own: Mapping[str, Callable[[], dict[str, object]]] = {
        "tile_pipe": _statistics_parameters,
        "tile_building": lambda: {"storey_m": STOREY_M, "default_m": DEFAULT_HEIGHT_M},
        "tile_point": lambda: {"kinds": list(POINT_MINZOOM), "minzooms": list(POINT_MINZOOM.values())},
        "tile_base": _base_parameters,
        "tile_coverage": _coverage_parameters,
    }
    return {"city_id": city_id, "asset_ids": None if asset_ids is None else list(asset_ids), **own[table]()}


def _statistics_parameters() -> dict[str, object]:
    """Return how delivered words become what length statistics count by."""
    return {
        "burial_methods": list(LAYING_OF_BURIAL),
        "layings": list(LAYING_OF_BURIAL.values()),
        "material_patterns": [pattern for pattern, _ in MATERIAL_PATTERNS],
        "materials": [number for _, number in MATERIAL_PATTERNS],
        "other_material": _OTHER_MATERIAL,
        "levels": _LEVELS_AS_CLASSES,
        "first_year": _FIRST_YEAR,
    }


def _base_parameters() -> dict[str, object]:
    minzooms = {**AREA_MINZOOM, "road": ROAD_MINZOOM["other"], "water": _WATER_MINZOOM, "green": _GREEN_MINZOOM}
    return {
        "tolerance_m": LOW_ZOOM_TOLERANCE_M,
        "kinds": list(minzooms),
        "minzooms": list(minzooms.values()),
        "dimensions": [1 if kind == "road" else 2 for kind in minzooms],
        "road_words": list(ROAD_WORDS),
        "road_classes": list(ROAD_WORDS.values()),
        "road_minzooms": [ROAD_MINZOOM[name] for name in ROAD_WORDS.values()],
    }


def _coverage_parameters() -> dict[str, object]:
    return {
        "tolerance_m": LOW_ZOOM_TOLERANCE_M,
        "kinds": list(COVERAGE_MINZOOM),
        "minzooms": list(COVERAGE_MINZOOM.values()),
        "other_minzoom": _OTHER_COVERAGE_MINZOOM,
    }


def _report(connection: Connection, city_id: int) -> TileReport:
    counts = connection.execute(sql("tile_counts"), {"city_id": city_id})
    row = counts.fetchone()
    assert row is not None  # a select without from always has a row
    assert counts.description is not None
    rows = {column.name: int(value) for column, value in zip(counts.description, row, strict=True)}
    left_out = connection.execute(sql("tile_left_out"), {"city_id": city_id, "kinds": list(_TILE_KINDS), "optional": _OPTIONAL})
    return TileReport(rows, {kind: int(count) for kind, count in left_out.fetchall()})


def lock_building(connection: Connection, city_id: int) -> None:
    """Wait until nobody else builds the copies of a city, and hold that until the connection closes.

    The connection must be outside a transaction, and is afterwards: a snapshot taken while waiting would be an old one.
    """
    connection.execute(sql("tile_building_lock"), {"city_id": city_id})
    connection.commit()


def is_current(connection: Connection, city_id: int) -> bool:
    """Tell whether the tile tables were built from the present assets of the city."""
    row = connection.execute(sql("tile_current"), {"city_id": city_id}).fetchone()
    return row is not None and bool(row[0])
