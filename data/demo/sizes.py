"""How large a demo city is: the numbers that the drawing modules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.errors import BadDemo


@dataclass(frozen=True, slots=True)
class CitySize:
    """The plan of a quarter in blocks; lengths in metres.

    Attributes
    ----------
    columns, rows
        Number of blocks from west to east and from south to north.
    block_width_m, block_height_m
        Distance of neighbouring street axes.
    buildings, substations, room_sensors, heating_devices
        How many of each are drawn.
    main_streets
        West-east streets (counted from the south) that carry a primary main. Every row of blocks touches one.
    main_avenues
        South-north streets (counted from the west) whose mains close the rings between the outermost main streets.
    closed_ties
        Edges (`avenue, lower street, upper street`) with a normally closed tie valve; an avenue that is not in
        `main_avenues` gets a main on this edge only.
    river_column
        Column of blocks through which the river runs.
    plant_block, boiler_block, park_blocks
        Blocks (column, row) without estates.
    """

    columns: int
    rows: int
    block_width_m: float
    block_height_m: float
    buildings: int
    substations: int
    room_sensors: int
    heating_devices: int
    main_streets: tuple[int, ...]
    main_avenues: tuple[int, ...]
    closed_ties: tuple[tuple[int, int, int], ...]
    river_column: int
    plant_block: tuple[int, int]
    boiler_block: tuple[int, int]
    park_blocks: tuple[tuple[int, int], ...]


SIZES: Mapping[str, CitySize] = {
    "sample": CitySize(
        columns=7,
        rows=6,
        block_width_m=430.0,
        block_height_m=500.0,
        buildings=1000,
        substations=60,
        room_sensors=60,
        heating_devices=100,
        main_streets=(1, 3, 5),
        main_avenues=(1, 3, 6),
        closed_ties=((3, 3, 5), (7, 1, 3)),
        river_column=4,
        plant_block=(0, 0),
        boiler_block=(6, 5),
        park_blocks=((2, 2), (5, 4)),
    )
}
"""The sizes that can be written."""


def size_of(name: str) -> CitySize:
    """Return the plan of that name.

    Raises
    ------
    BadDemo
        When there is no such size.
    """
    try:
        return SIZES[name]
    except KeyError:
        raise BadDemo(f"{name!r} is not a size of the demo city; sizes are {', '.join(sorted(SIZES))}") from None
