"""Live fields: what stations read now, between the stations, as numbers and as tiles with a legend.

A field is never drawn farther from a station than its reach, and from readings that are good and fresh only. Where the stations
are rooms, a station is the mean of at least `MIN_HOUSEHOLDS` households that lie together: no single household can be read off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from tiles.errors import UnknownTileset
from tiles.kriging import Variogram, fit_variogram, krige
from tiles.mercator import degrees_of, metres_of
from tiles.raster import TILE_PIXELS, encode_picture, spread, tile_lattice, transparent_tile

Floats: TypeAlias = NDArray[np.float64]

MINZOOM, MAXZOOM = 6, 18
MIN_HOUSEHOLDS: Final = 5
"""Fewest households behind a value that is shown for rooms."""
_MOST_CELLS: Final = 192
"""Cells along the longer side of a field."""
_CELLS_A_REACH: Final = 96


@dataclass(frozen=True, slots=True)
class Stop:
    """One entry of a legend: the value it stands for (of a class, where it begins), its colour, the name of a class."""

    value: float
    colour: str
    label_zh: str = ""
    label_en: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes
    ----------
    name
        As in addresses; ends in the unit.
    unit
        As people write it.
    kind, point
        Kind of asset whose sources read it, and the point of their frames.
    reach_m
        Farthest distance from a station that is drawn, on the ground.
    stops
        Legend by rising value. Colours go from light to dark, or from one hue over white to another, never from red to green.
    classes
        True: one colour from a stop to the next; False: colours between two stops are mixed.
    households
        True: stations are means of households.
    source
        Where the classes come from.
    """

    name: str
    title_zh: str
    title_en: str
    unit: str
    kind: str
    point: str
    reach_m: float
    stops: tuple[Stop, ...]
    classes: bool = False
    households: bool = False
    source: str = ""


_CLASS_NAMES: Final = (
    ("优", "excellent", "#ffffd4"),
    ("良", "good", "#fed98e"),
    ("轻度污染", "lightly polluted", "#fe9929"),
    ("中度污染", "moderately polluted", "#cc6a02"),
    ("重度污染", "heavily polluted", "#8c3a04"),
    ("严重污染", "severely polluted", "#3f1a3f"),
)
"""Six levels of HJ 633-2012 4.3, table 2; the colours of the standard differ in red and green and are not used."""
_HJ: Final = "HJ 633-2012 4.1, table 1"


def _air(name: str, title_zh: str, title_en: str, limits: tuple[float, ...], mean: str) -> Field:
    starts = (0.0, *limits)
    stops = tuple(
        Stop(value, colour, zh, en) for value, (zh, en, colour) in zip(starts, _CLASS_NAMES[: len(starts)], strict=True)
    )
    point = f"{name}_ug_per_m3"
    source = f"{_HJ}, {mean}"
    return Field(point, title_zh, title_en, "µg/m3", "air_station", point, 8_000.0, stops, classes=True, source=source)


_OUTDOOR_STOPS: Final = tuple(
    Stop(value, colour)
    for value, colour in zip(
        (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0), ("#2d004b", "#542788", "#8073ac", "#d8daeb", "#fdb863", "#b35806"), strict=True
    )
)
_ROOM_STOPS: Final = tuple(
    Stop(value, colour)
    for value, colour in zip(
        (14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0),
        ("#2d004b", "#542788", "#b2abd2", "#f7f7f7", "#fee0b6", "#fdb863", "#b35806"),
        strict=True,
    )
)
FIELDS: Final[Mapping[str, Field]] = {
    each.name: each
    for each in (
        Field("outdoor_temperature_degc", "室外温度", "Outdoor temperature", "°C", "weather_station", "outdoor_temperature_degc",
              25_000.0, _OUTDOOR_STOPS),
        Field("room_temperature_degc", "平均室温", "Mean room temperature", "°C", "room_sensor", "room_temperature_degc",
              900.0, _ROOM_STOPS, households=True),
        _air("pm25", "PM2.5", "PM2.5", (35.0, 75.0, 115.0, 150.0, 250.0), "24-hour limits"),
        _air("pm10", "PM10", "PM10", (50.0, 150.0, 250.0, 350.0, 420.0), "24-hour limits"),
        _air("so2", "二氧化硫", "Sulphur dioxide", (150.0, 500.0, 650.0, 800.0), "1-hour limits"),
        _air("no2", "二氧化氮", "Nitrogen dioxide", (100.0, 200.0, 700.0, 1200.0, 2340.0), "1-hour limits"),
    )
}  # fmt: skip
"""All fields by name."""


def field_of(name: str) -> Field:
    """Return the field of that name.

    Raises
    ------
    UnknownTileset
        When there is none; the message lists what there is.
    """
    try:
        return FIELDS[name]
    except KeyError:
        raise UnknownTileset(f"{name!r} is not a field; fields are {', '.join(FIELDS)}") from None


# ---------------------------------------------------------------- stations


@dataclass(frozen=True, slots=True)
class Places:
    """Where the sources of a field stand; arrays of shape (n,).

    Attributes
    ----------
    source_ids, asset_ids, names
        Of the sources.
    lonlat
        WGS-84 degrees, shape (n, 2).
    group
        Number of the station that a source belongs to.
    household
        Number of the household that a source stands in.
    """

    source_ids: NDArray[np.int32]
    asset_ids: NDArray[np.int64]
    names: tuple[str, ...]
    lonlat: Floats
    group: NDArray[np.int64]
    household: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stations:
    """What is read now, one row a station.

    Attributes
    ----------
    lonlat, values
        Where (of a mean: the middle of its households), and what, in the field's unit.
    households
        How many values a value is the mean of.
    asset_ids, names
        The station; 0 and empty for a mean.
    observed_ms
        Newest reading of all, epoch milliseconds; None without any.
    """

    lonlat: Floats
    values: Floats
    households: NDArray[np.int64]
    asset_ids: NDArray[np.int64]
    names: tuple[str, ...]
    observed_ms: int | None

    def __len__(self) -> int:
        return len(self.values)


def group_households(lonlat: Floats, household: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a group for each sensor: at least `MIN_HOUSEHOLDS` households that lie together, fewer than twice as many.

    Households are halved along the longer side of their extent until a half would be too small; with fewer in all there is one
    group, which is never shown.

    Cost: 1 s for 120,000 sensors, once per catalogue.
    """
    places = np.zeros((int(household.max(initial=-1)) + 1, 2))
    places[household] = lonlat * [np.cos(np.radians(lonlat[:, 1].mean() if len(lonlat) else 0.0)), 1.0]
    group = np.zeros(len(places), np.int64)
    waiting, number = [np.arange(len(places))], 0
    while waiting:
        own = waiting.pop()
        if len(own) < 2 * MIN_HOUSEHOLDS:
            group[own] = number
            number += 1
            continue
        axis = int(np.argmax(np.ptp(places[own], axis=0)))
        ordered = own[np.argsort(places[own, axis], kind="stable")]
        waiting += [ordered[: len(own) // 2], ordered[len(own) // 2 :]]
    return group[household]


def gather_stations(field_: Field, places: Places, values: Floats, observed_ms: NDArray[np.int64]) -> Stations:
    """Return the stations that say something now.

    Parameters
    ----------
    places
        The sources.
    values
        Of each source; NaN where it says nothing that counts.
    observed_ms
        When each was read.
    """
    heard = np.flatnonzero(np.isfinite(values))
    newest = int(observed_ms[heard].max()) if heard.size else None
    if not field_.households:
        names = tuple(places.names[i] for i in heard.tolist())
        ones = np.ones(len(heard), np.int64)
        return Stations(places.lonlat[heard], values[heard], ones, places.asset_ids[heard], names, newest)
    # several sensors of one household count once
    homes, home = np.unique(places.household[heard], return_inverse=True)
    count = np.bincount(home, minlength=len(homes))
    value = np.bincount(home, values[heard], len(homes)) / np.maximum(count, 1)
    first = np.zeros(len(homes), np.int64)
    first[home] = heard
    groups, group = np.unique(places.group[first], return_inverse=True)
    households = np.bincount(group, minlength=len(groups))
    shown = households >= MIN_HOUSEHOLDS
    divisor = np.maximum(households, 1)
    mean = np.bincount(group, value, len(groups)) / divisor
    lonlat = np.column_stack([np.bincount(group, places.lonlat[first, axis], len(groups)) / divisor for axis in (0, 1)])
    none = np.zeros(int(shown.sum()), np.int64)
    return Stations(lonlat[shown], mean[shown], households[shown], none, ("",) * len(none), newest if shown.any() else None)


# ---------------------------------------------------------------- the surface


@dataclass(frozen=True, slots=True)
class Surface:
    """A field at one moment.

    Attributes
    ----------
    xy_m, values
        Stations in metres on the ground of the field's middle; several at one place are one.
    stretch
        Web Mercator metres a metre on the ground.
    west, north, cell_m
        Grid in Web Mercator metres; rows from the north.
    grid, apart_m
        Value and distance to the nearest station at the middle of each cell.
    """

    xy_m: Floats
    values: Floats
    variogram: Variogram
    stretch: float
    west: float
    north: float
    cell_m: float
    grid: Floats = field(repr=False)
    apart_m: Floats = field(repr=False)


def make_surface(field_: Field, stations: Stations) -> Surface | None:
    """Return the field between stations on a grid; None without a station.

    Cost: half a second of processor for the 37,000 cells of the largest grid, less where stations are few.
    """
    if not len(stations):
        return None
    mercator = metres_of(stations.lonlat)
    stretch = float(1.0 / np.cos(np.radians(stations.lonlat[:, 1].mean())))
    xy, where = np.unique(np.round(mercator / stretch), axis=0, return_inverse=True)
    count = np.bincount(where.ravel())
    values = np.bincount(where.ravel(), stations.values) / count
    variogram = fit_variogram(xy, values)
    low, high = xy.min(axis=0) - field_.reach_m, xy.max(axis=0) + field_.reach_m
    cell = max(field_.reach_m / _CELLS_A_REACH, float((high - low).max()) / _MOST_CELLS)
    columns, rows = (int(np.ceil(side / cell)) + 1 for side in high - low)
    x, y = np.meshgrid(low[0] + (np.arange(columns) + 0.5) * cell, high[1] - (np.arange(rows) + 0.5) * cell)
    middles = np.column_stack([x.ravel(), y.ravel()])
    apart = cKDTree(xy).query(middles)[0]
    near = apart <= field_.reach_m + 2.0 * cell
    grid = np.zeros(len(middles))
    grid[near] = krige(xy, values, middles[near], variogram)
    shape = (rows, columns)
    west, north = float(low[0] * stretch), float(high[1] * stretch)
    return Surface(xy, values, variogram, stretch, west, north, cell * stretch, grid.reshape(shape), apart.reshape(shape))


def value_at(field_: Field, surface: Surface | None, lonlat: tuple[float, float]) -> tuple[float | None, float | None]:
    """Return the value at a place and the metres to the nearest station; no value beyond the field's reach."""
    if surface is None:
        return None, None
    at = metres_of(np.array([lonlat])) / surface.stretch
    apart = float(cKDTree(surface.xy_m).query(at)[0][0])
    if apart > field_.reach_m:
        return None, apart
    return float(krige(surface.xy_m, surface.values, at, surface.variogram)[0]), apart


def bounds_of(field_: Field, stations: Stations) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees of what is drawn."""
    xy = metres_of(stations.lonlat)
    aside = field_.reach_m / float(np.cos(np.radians(stations.lonlat[:, 1].mean())))
    (west, south), (east, north) = degrees_of(np.array([xy.min(axis=0) - aside, xy.max(axis=0) + aside])).tolist()
    return west, south, east, north


# ---------------------------------------------------------------- colours and tiles


def colours_of(field_: Field, values: Floats) -> NDArray[np.uint8]:
    """Return red, green, blue of values, shape (3, ...)."""
    starts = np.array([stop.value for stop in field_.stops])
    table = np.array([[int(stop.colour[i : i + 2], 16) for i in (1, 3, 5)] for stop in field_.stops], np.float64)
    if field_.classes:
        # a class of the standard ends with its limit: a value on it belongs to the better one
        place = np.clip(np.searchsorted(starts, values, side="left") - 1, 0, len(starts) - 1)
        return np.moveaxis(table[place], -1, 0).astype(np.uint8)
    return np.stack([np.interp(values, starts, table[:, band]) for band in range(3)]).round().astype(np.uint8)


def render_field(field_: Field, surface: Surface | None, zxy: tuple[int, int, int], datum: str = "wgs84") -> bytes:
    """Return one tile of 256 pixels as PNG, transparent beyond the reach of the stations.

    Cost: 10 ms of processor.
    """
    if surface is None:
        return transparent_tile()
    lattice = tile_lattice(zxy, datum, TILE_PIXELS)
    side = round(len(lattice) ** 0.5)
    at = np.stack([surface.north - lattice[:, 1], lattice[:, 0] - surface.west]) / surface.cell_m - 0.5
    place = spread(at.reshape(2, side, side), TILE_PIXELS)
    apart = map_coordinates(surface.apart_m, place, order=1, mode="constant", cval=np.inf)
    valid = apart <= field_.reach_m
    if not valid.any():
        return transparent_tile()
    values = map_coordinates(surface.grid, place, order=1, mode="nearest")
    return encode_picture(colours_of(field_, values), valid, "png")
