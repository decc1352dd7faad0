"""How large a demo city is: the numbers that the drawing modules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
    quarters
        How many quarters of this plan the city has; all counts are those of one quarter.
    boiler_blocks
        Further blocks without estates, each with a boiler house.
    open_ties
        Edges with a normally open tie valve; None = every avenue main that is not closed has one.
    old
        True for a quarter of the old town: crooked streets everywhere, close lots.
    origin_m, turn_deg
        Where the middle of the quarter lies, and by how much its grid is turned anticlockwise.
    styles
        Out of which estates of the newer part are drawn.
    pitch_scale
        Distance between buildings, 1 = as `buildings.STYLES` says.
    piece_m
        Longest piece of a main.
    long_services
        True: a tee feeds two buildings, whose services run round the gable to the entrance on the far side, and a branch
        has one valve. False: a tee for each building, the inlet on the near facade, valves at either end of a branch.
    tree
        True: the primary network has no loops and one source for each zone (see `tree_preset`).
    households
        Retrofitted rural households; `heating_devices` of them are monitored.
    picture_pixels
        Most pixels of the picture from above, of the whole city.
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
    quarters: int = 1
    boiler_blocks: tuple[tuple[int, int], ...] = ()
    open_ties: tuple[tuple[int, int, int], ...] | None = None
    old: bool = False
    origin_m: tuple[float, float] = (0.0, 0.0)
    turn_deg: float = 0.0
    styles: tuple[str, ...] = ("slab", "tower", "court", "slab")
    pitch_scale: float = 1.0
    piece_m: float = 36.0
    long_services: bool = False
    tree: bool = False
    households: int = 300
    picture_pixels: int = 160_000_000


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
    ),
    "city": CitySize(
        quarters=50,
        columns=7,
        rows=6,
        block_width_m=640.0,
        block_height_m=740.0,
        buildings=1000,
        substations=70,
        room_sensors=2400,
        heating_devices=2200,
        households=6500,
        main_streets=(1, 3, 5),
        main_avenues=(0, 2, 4, 5, 7),
        closed_ties=(),
        open_ties=(),
        river_column=-1,
        plant_block=(-1, -1),
        boiler_block=(-1, -1),
        park_blocks=((2, 2), (5, 4)),
        styles=("walkup", "walkup", "walkup", "walkup", "slab", "tower", "court"),
        pitch_scale=1.5,
        piece_m=360.0,
        long_services=True,
    ),
}
"""The sizes that can be written."""


NETWORKS = ("rings", "tree")
"""Presets of the primary network."""


def size_of(name: str, network: str = "rings") -> CitySize:
    """Return the plan of that name with that preset of the network.

    Raises
    ------
    BadDemo
        When there is no such size or preset.
    """
    if network not in NETWORKS:
        raise BadDemo(f"{network!r} is not a preset of the demo city's network; presets are {', '.join(NETWORKS)}")
    try:
        return replace(SIZES[name], tree=network == "tree")
    except KeyError:
        raise BadDemo(f"{name!r} is not a size of the demo city; sizes are {', '.join(sorted(SIZES))}") from None
