"""Fields between stations: estimates, reach, means of households, colours, tiles."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial import cKDTree

from tests.handmade_town import tile_of
from tiles.errors import UnknownTileset
from tiles.fields import (
    FIELDS,
    MIN_HOUSEHOLDS,
    Places,
    Stations,
    colours_of,
    field_of,
    gather_stations,
    group_households,
    make_surface,
    render_field,
    value_at,
)
from tiles.kriging import Variogram, fit_variogram, krige
from tiles.raster import transparent_tile
from twin.air import pollution_ug_per_m3, urban_shares

LON, LAT = 125.3, 43.88
PM25, ROOM, OUTDOOR = (FIELDS[name] for name in ("pm25_ug_per_m3", "room_temperature_degc", "outdoor_temperature_degc"))


def stations(lonlat: np.ndarray, values: np.ndarray) -> Stations:
    n = len(values)
    return Stations(lonlat, values, np.ones(n, np.int64), np.arange(1, n + 1), ("",) * n, 1)


def simulated(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return stations of the simulator's air in metres, with the noise of instruments."""
    rng = np.random.default_rng(seed)
    xy = rng.normal(0.0, 14_000.0, (count, 2))
    lonlat = [(LON + x / 80_300, LAT + y / 111_320) for x, y in xy]
    shares = urban_shares(lonlat, seed)
    values = [pollution_ug_per_m3(1.8e9, -10.0, share, np.ones(3))["pm25_ug_per_m3"] for share in shares]
    return xy, np.array(values) + rng.normal(0.0, 5.0, count)


def left_out(xy: np.ndarray, values: np.ndarray, method) -> float:
    keep = ~np.eye(len(xy), dtype=bool)
    found = [method(xy[mask], values[mask], xy[~mask])[0] for mask in keep]
    return float(np.sqrt(np.mean((np.array(found) - values) ** 2)))


def nearest(xy: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    return values[cKDTree(xy).query(at)[1]]


def inverse_distance(xy: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    apart, which = cKDTree(xy).query(at, 12)
    weight = apart**-2.0
    return (weight * values[which]).sum(axis=1) / weight.sum(axis=1)


def test_a_station_left_out_is_told_better_than_by_simpler_methods() -> None:
    errors = {"nearest": [], "inverse distance": [], "kriging": []}
    for seed in range(3):
        xy, values = simulated(60, seed)
        errors["nearest"].append(left_out(xy, values, nearest))
        errors["inverse distance"].append(left_out(xy, values, inverse_distance))
        errors["kriging"].append(left_out(xy, values, lambda a, v, at: krige(a, v, at, fit_variogram(a, v))))
    mean = {name: np.mean(found) for name, found in errors.items()}
    assert mean["kriging"] < 0.9 * mean["inverse distance"]
    assert mean["kriging"] < 0.9 * mean["nearest"]


def test_a_station_itself_keeps_its_value_without_noise_and_equal_values_stay_equal() -> None:
    xy, values = simulated(30, 1)
    np.testing.assert_allclose(krige(xy, values, xy, Variogram(0.0, 1.0, 9_000.0)), values, atol=1e-6)
    flat = np.full(30, 7.0)
    np.testing.assert_allclose(krige(xy, flat, xy + 500.0, fit_variogram(xy, flat)), 7.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000))
def test_an_estimate_never_leaves_the_range_of_the_stations(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy, values = rng.uniform(-1e4, 1e4, (count, 2)), rng.normal(0, 20, count)
    found = krige(xy, values, rng.uniform(-2e4, 2e4, (50, 2)), fit_variogram(xy, values))
    assert np.isfinite(found).all()
    assert values.min() - 1e-6 <= found.min() <= found.max() <= values.max() + 1e-6


def test_nothing_is_drawn_beyond_the_reach_of_a_station() -> None:
    surface = make_surface(PM25, stations(np.array([[LON, LAT]]), np.array([90.0])))
    degree_m = 111_195.0
    value, apart = value_at(PM25, surface, (LON, LAT + 0.95 * PM25.reach_m / degree_m))
    assert value == pytest.approx(90.0)
    assert apart == pytest.approx(0.95 * PM25.reach_m, rel=0.01)
    assert value_at(PM25, surface, (LON, LAT + 1.05 * PM25.reach_m / degree_m))[0] is None
    zoom = 9
    with Image.open(BytesIO(render_field(PM25, surface, (zoom, *tile_of(zoom, LON, LAT))))) as image:
        opaque = (np.asarray(image)[..., -1] > 0).sum()
    pixel_m = 40_075_016.7 / 256 / 2**zoom * np.cos(np.radians(LAT))
    assert opaque * pixel_m**2 == pytest.approx(np.pi * PM25.reach_m**2, rel=0.05)


def test_a_tile_shows_the_colour_of_the_value_at_each_place() -> None:
    rng = np.random.default_rng(2)
    lonlat = np.column_stack([rng.uniform(LON - 0.05, LON + 0.05, 20), rng.uniform(LAT - 0.04, LAT + 0.04, 20)])
    surface = make_surface(OUTDOOR, stations(lonlat, rng.uniform(-15, -5, 20)))
    z, x, y = 13, *tile_of(13, LON, LAT)
    with Image.open(BytesIO(render_field(OUTDOOR, surface, (z, x, y)))) as image:
        pixels = np.asarray(image).astype(int)
    for column, row in ((10, 20), (128, 128), (250, 3)):
        lon = (x + (column + 0.5) / 256) / 2**z * 360 - 180
        lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + (row + 0.5) / 256) / 2**z))))
        value, _ = value_at(OUTDOOR, surface, (lon, lat))
        # the tile is cut from a grid; half a degree is four steps of colour
        assert np.abs(pixels[row, column, :3] - colours_of(OUTDOOR, np.array([value]))[:, 0]).max() <= 6


def test_without_stations_a_tile_is_transparent() -> None:
    assert make_surface(PM25, stations(np.empty((0, 2)), np.empty(0))) is None
    assert render_field(PM25, None, (12, 1, 1)) == transparent_tile()
    assert value_at(PM25, None, (LON, LAT)) == (None, None)


# ---------------------------------------------------------------- households


def rooms(count: int, seed: int, household: np.ndarray | None = None) -> Places:
    rng = np.random.default_rng(seed)
    lonlat = np.column_stack([rng.uniform(LON, LON + 0.1, count), rng.uniform(LAT, LAT + 0.1, count)])
    household = np.arange(count) if household is None else household
    ids = np.arange(count)
    return Places(ids.astype(np.int32), ids, ("",) * count, lonlat, group_households(lonlat, household), household)


@pytest.mark.parametrize("count", [5, 9, 10, 11, 333])
def test_every_group_holds_enough_households_and_fewer_than_twice_as_many(count: int) -> None:
    sizes = np.bincount(rooms(count, count).group)
    assert sizes.min() >= MIN_HOUSEHOLDS
    assert sizes.max() < 2 * MIN_HOUSEHOLDS


def test_a_station_of_rooms_is_the_mean_of_enough_households_that_report() -> None:
    places = rooms(40, 1)
    values = np.random.default_rng(2).normal(20.0, 1.0, 40)
    group = int(places.group[0])
    silent = np.flatnonzero(places.group == group)[MIN_HOUSEHOLDS - 1 :]
    values[silent] = np.nan
    found = gather_stations(ROOM, places, values, np.full(40, 5))
    assert found.households.min() >= MIN_HOUSEHOLDS
    assert len(found) == len(np.unique(places.group)) - 1  # the group that fell below is not shown
    shown = [values[places.group == number].mean() for number in np.unique(places.group) if number != group]
    np.testing.assert_allclose(found.values, shown)
    assert set(found.asset_ids.tolist()) == {0}
    assert set(found.names) == {""}


def test_several_sensors_of_one_household_count_once() -> None:
    household = np.array([0] * 6 + [1, 2, 3])
    found = gather_stations(ROOM, rooms(9, 1, household), np.arange(9.0), np.ones(9, np.int64))
    assert len(found) == 0
    more = np.array([0] * 6 + [1, 2, 3, 4])
    values = np.array([10.0, 20.0, 10.0, 20.0, 10.0, 20.0, 1.0, 2.0, 3.0, 4.0])
    found = gather_stations(ROOM, rooms(10, 1, more), values, np.ones(10, np.int64))
    assert found.values.tolist() == [(15.0 + 1 + 2 + 3 + 4) / 5]


# ---------------------------------------------------------------- legends


def test_a_limit_belongs_to_the_better_class() -> None:
    colours = [
        "#{:02x}{:02x}{:02x}".format(*colour) for colour in colours_of(PM25, np.array([0.0, 35.0, 35.1, 900.0])).T.tolist()
    ]
    stops = [stop.colour for stop in PM25.stops]
    assert colours == [stops[0], stops[0], stops[1], stops[-1]]


def protan_and_deutan(colours: np.ndarray) -> list[np.ndarray]:
    """Return colours as two kinds of colour-blind people see them (Vienot, Brettel, Mollon 1999, linear RGB)."""
    linear = (colours / 255.0) ** 2.2
    matrices = (
        [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
        [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    )
    return [((linear @ np.array(matrix).T).clip(0, 1) ** (1 / 2.2)) * 255 for matrix in matrices]


@pytest.mark.parametrize("name", list(FIELDS))
def test_neighbours_in_a_legend_are_told_apart_without_red_and_green(name: str) -> None:
    stops = FIELDS[name].stops
    assert [stop.value for stop in stops] == sorted({stop.value for stop in stops})
    colours = np.array([[int(stop.colour[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops], float)
    for seen in (colours, *protan_and_deutan(colours)):
        assert np.linalg.norm(np.diff(seen, axis=0), axis=1).min() > 25


def test_an_unknown_field_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownTileset, match="fields are outdoor_temperature_degc"):
        field_of("ozone")
