"""Devices that watch: room sensors, the gateways that collect from them and from heating devices, cameras."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.countryside import codes
from data.demo.tables import DemoCity, building_code, source_code, substation_code

CAMERA_VIEWS = ("大门", "设备间", "配电室")
"""Three points of view at every boiler house and substation."""
DEVICES_A_GATEWAY, SENSORS_A_GATEWAY = 200, 150
"""More than that in a village or in the estates of a substation get a second gateway."""
_CAMERA_OFFSETS = np.array([[6.0, 0.0], [-2.5, 3.0], [-2.5, -3.0]])


def sensors_everywhere(city: DemoCity, count: int) -> NDArray[np.int64]:
    """Return the building of each sensor: as many in every building, one more where most people live."""
    users = np.array([building.heat_user_count for building in city.buildings])
    counts = np.full(len(users), count // len(users))
    counts[np.argsort(-users, kind="stable")[: count - int(counts.sum())]] += 1
    return np.repeat(np.arange(len(users)), counts)


def sensors_here_and_there(city: DemoCity, count: int) -> NDArray[np.int64]:
    """Return that many different buildings."""
    rng = np.random.default_rng([city.rng_seed, 8])
    return np.sort(rng.permutation(len(city.buildings))[:count])


def room_sensors(city: DemoCity, building: NDArray[np.int64]) -> geopandas.GeoDataFrame:
    """Return fixed room temperature points (固定测温点), each inside the building of that index."""
    outlines = np.array([each.outline for each in city.buildings])
    middle = shapely.get_coordinates(shapely.point_on_surface(outlines))[building]
    xy = middle + np.random.default_rng([city.rng_seed, 24]).uniform(-1.4, 1.4, (len(building), 2))
    inside = shapely.contains(outlines[building], shapely.points(xy))
    xy = np.where(inside[:, None], xy, middle)
    names = np.array([f"{city.estates[each.estate].name}{each.number}号楼室温" for each in city.buildings])
    of = np.array([building_code(index) for index in range(len(outlines))])
    columns = {"code": codes("SW", len(building), 6), "name": names[building], "building_code": of[building]}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(3)))


def bind_gateways(
    sensors: geopandas.GeoDataFrame,
    devices: geopandas.GeoDataFrame,
    *,
    city: DemoCity,
    building: NDArray[np.int64],
    villages: geopandas.GeoDataFrame,
) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """Draw the gateways (采集网关): one for the estates that a substation heats, one for a village, more where there is much.

    Parameters
    ----------
    building
        Of each sensor.

    Returns
    -------
    Sensors and devices with `gateway_code`, and the gateways with `of_kind` (substation, village) and `of_code`.
    """
    station = np.zeros(len(city.buildings), dtype=np.int64)
    for index, each in enumerate(city.substations):
        station[list(each.buildings)] = index
    names = villages["code"].to_numpy(dtype=str)
    order = np.argsort(names)
    village = order[np.searchsorted(names, devices["village_code"].to_numpy(dtype=str), sorter=order)]
    of_sensor, stations = _share_out(station[building], SENSORS_A_GATEWAY)
    of_device, settled = _share_out(village, DEVICES_A_GATEWAY)
    numbers = codes("WG", len(stations) + len(settled), 6)
    at_station = np.array([each.xy for each in city.substations])[stations] + np.array([2.0, 2.0])
    at_village = shapely.get_coordinates(villages.geometry.to_numpy())[settled] + np.array([3.0, 0.0])
    titles = [*(city.substations[each].name for each in stations), *villages["name"].to_numpy(dtype=str)[settled]]
    columns = {
        "code": numbers,
        "name": [f"{title}采集网关" for title in titles],
        "of_kind": ["substation"] * len(stations) + ["village"] * len(settled),
        "of_code": [*(substation_code(int(each)) for each in stations), *names[settled]],
    }
    frame = geopandas.GeoDataFrame(columns, geometry=shapely.points(np.vstack([at_station, at_village]).round(2)))
    bound = sensors.assign(gateway_code=numbers[of_sensor])
    return bound, devices.assign(gateway_code=numbers[len(stations) + of_device]), frame


def _share_out(owner: NDArray[np.int64], limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the gateway of each thing and the owner of each gateway; none takes more than `limit`."""
    rank = pd.Series(owner).groupby(owner).cumcount().to_numpy()
    parts = 1 + int((rank // limit).max(initial=0))
    keys, number = np.unique(owner * parts + rank // limit, return_inverse=True)
    return number, keys // parts


def cameras(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return three cameras at every boiler house and at every substation."""
    houses = [index for index, source in enumerate(city.sources) if source.kind == "boiler_house"]
    places: Sequence[tuple[str, str, str, NDArray[np.float64]]] = [
        *(("boiler_house", source_code(city.sources, at), city.sources[at].name, city.sources[at].xy) for at in houses),
        *(("substation", substation_code(at), each.name, each.xy) for at, each in enumerate(city.substations)),
    ]
    views = len(CAMERA_VIEWS)
    xy = np.repeat(np.array([place[3] for place in places]), views, axis=0) + np.tile(_CAMERA_OFFSETS, (len(places), 1))
    columns = {
        "code": codes("SXT", views * len(places), 5),
        "name": [f"{name}{view}" for _, _, name, _ in places for view in CAMERA_VIEWS],
        "of_kind": np.repeat([place[0] for place in places], views),
        "of_code": np.repeat([place[1] for place in places], views),
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(2)))
