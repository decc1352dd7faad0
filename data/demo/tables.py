"""The drawn quarter as tables: one frame per kind, with the columns of `twin/kinds.py`, in metres of the quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.buildings import STOREY_M, Building, Estate, estate_outline
from data.demo.chains import Network
from data.demo.flows import Flows
from data.demo.ground import Ground
from data.demo.names import company_names
from data.demo.organisation import Source, Substation, draw_halls
from data.demo.records import building_record, source_record, station_record, with_unified_codes
from data.demo.stations import MainStation, Store
from data.demo.streets import Streets

SOURCE_KINDS = {"plant": "电厂", "boiler_house": "锅炉房"}
"""What stands in the list of sources for each kind."""


@dataclass(frozen=True, slots=True)
class DemoCity:
    """Everything that was drawn, before it becomes tables.

    Attributes
    ----------
    adcode
        Code of the district that holds the quarter.
    size_place
        Of each trench: place in DN_SERIES_MM.
    trench_adcode
        Of each trench: code of its district; None = `adcode` for all.
    idle
        Indexes of the heat sources that do not run.
    stations
        Main stations on the plants' branches.
    accumulators, tanks
        Stores of heat and of water.
    """

    adcode: str
    ground: Ground
    streets: Streets
    estates: tuple[Estate, ...]
    buildings: tuple[Building, ...]
    substations: tuple[Substation, ...]
    sources: tuple[Source, ...]
    network: Network
    flows: Flows
    size_place: NDArray[np.int64]
    rng_seed: int
    trench_adcode: NDArray[np.str_] | None = None
    idle: tuple[int, ...] = ()
    stations: tuple[MainStation, ...] = ()
    accumulators: tuple[Store, ...] = ()
    tanks: tuple[Store, ...] = ()


def company_code(index: int) -> str:
    """Return the code of a company."""
    return f"QY{index + 1:02d}"


def estate_code(index: int) -> str:
    """Return the code of an estate."""
    return f"XQ{index + 1:04d}"


def building_code(index: int) -> str:
    """Return the code of a building."""
    return f"LD{index + 1:06d}"


def substation_code(index: int) -> str:
    """Return the code of a substation."""
    return f"HRZ{index + 1:04d}"


def source_code(sources: tuple[Source, ...], index: int) -> str:
    """Return the code of a heat source."""
    return f"{'DC' if sources[index].kind == 'plant' else 'GLF'}{index + 1:02d}"


def accumulator_code(index: int) -> str:
    """Return the code of an accumulator."""
    return f"CRQ{index + 1:03d}"


def branch_code(index: int) -> str:
    """Return the code of a plant's branch."""
    return f"ZX{index + 1:02d}"


def _frame(columns: Mapping[str, object], geometry: object) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns, geometry=geometry)


def companies() -> pd.DataFrame:
    """Return the companies; they have no geometry."""
    names = company_names()
    return pd.DataFrame(
        {
            "code": [company_code(index) for index in range(len(names))],
            "name": names,
            "licence": [f"示例热许{index + 1:03d}" for index in range(len(names))],
        }
    )


def roads(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the streets and avenues."""
    drawn = city.streets.roads
    columns = {
        "code": [f"DL{index + 1:04d}" for index in range(len(drawn))],
        "name": [road.name for road in drawn],
        "road_class": [road.road_class for road in drawn],
    }
    return _frame(columns, [shapely.LineString(road.path) for road in drawn])


def water(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the river and the pond."""
    return _frame({"code": ["SX0001", "SX0002"], "name": ["示例河", "示例湖"]}, [city.streets.river, city.streets.pond])


def green(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return parks and the banks of the river."""
    shapes = city.streets.green
    parks = ("人民公园", "北湖公园")
    columns = {
        "code": [f"LH{index + 1:04d}" for index in range(len(shapes))],
        "name": [parks[index] if index < len(parks) else "滨河绿地" for index in range(len(shapes))],
    }
    return _frame(columns, list(shapes))


def estates(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the estates that hold buildings."""
    first: dict[int, int] = {}
    for index, station in enumerate(city.substations):
        for building in station.buildings:
            first.setdefault(city.buildings[building].estate, index)
    rows = [(index, city.estates[index], first[index]) for index in sorted(first)]
    columns = {
        "code": [estate_code(index) for index, _, _ in rows],
        "name": [estate.name for _, estate, _ in rows],
        "substation_code": [substation_code(station) for _, _, station in rows],
        "address": [_address(city, estate) for _, estate, _ in rows],
        "installed_year": [estate.year_built for _, estate, _ in rows],
        "company_code": [company_code(city.substations[station].company) for _, _, station in rows],
    }
    return _frame(columns, [estate_outline(estate) for _, estate, _ in rows])


def _address(city: DemoCity, estate: Estate) -> str:
    return f"{city.streets.roads[estate.block.street].name}{100 * (estate.block.column + 1) + estate.block.row}号"


def substation_of(city: DemoCity) -> list[str]:
    """Return the code of each building's substation."""
    of = [""] * len(city.buildings)
    for index, station in enumerate(city.substations):
        for building in station.buildings:
            of[building] = substation_code(index)
    return of


def buildings(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the buildings."""
    drawn = city.buildings
    columns = {
        "code": [building_code(index) for index in range(len(drawn))],
        "name": [f"{city.estates[each.estate].name}{each.number}号楼" for each in drawn],
        "storeys": [each.storeys for each in drawn],
        "height_m": [round(each.storeys * STOREY_M + 1.2, 1) for each in drawn],
        "height_source": [each.height_source for each in drawn],
        "building_type": [each.use for each in drawn],
        "year_built": [each.year_built for each in drawn],
        "estate_code": [estate_code(each.estate) for each in drawn],
        "energy_class": [each.energy_class for each in drawn],
        "critical_use": [each.critical_use or None for each in drawn],
        "substation_code": substation_of(city),
        "heated_area_m2": [each.heated_area_m2 for each in drawn],
        "heat_user_count": [each.heat_user_count for each in drawn],
        "heat_load_mw": [each.heat_load_mw for each in drawn],
        "address": [_address(city, city.estates[each.estate]) for each in drawn],
    }
    return building_record(_frame(columns, [each.outline for each in drawn]), city.rng_seed)


def halls(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the buildings of the heat sources: industrial, without heat of their own."""
    drawn = draw_halls(city.sources)
    columns = {
        "code": [f"LD9{index + 1:05d}" for index in range(len(drawn))],
        "name": [hall.name for hall in drawn],
        "height_m": [hall.height_m for hall in drawn],
        "height_source": "attribute",
        "building_type": "工业建筑",
    }
    return _frame(columns, [hall.outline for hall in drawn])


def estate_points(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the estates as points, beside their extents: what a survey hands over as two layers."""
    frame = estates(city)
    columns = {"code": frame["code"] + "D", "name": frame["name"], "of_code": frame["code"], "address": frame["address"]}
    return _frame(columns, shapely.point_on_surface(frame.geometry.to_numpy()))


def sources(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return plants and boiler houses, told apart by `source_kind`; all are running."""
    drawn = city.sources
    columns = {
        "code": [source_code(drawn, index) for index in range(len(drawn))],
        "name": [source.name for source in drawn],
        "source_kind": [SOURCE_KINDS[source.kind] for source in drawn],
        "design_power_mw": [source.design_power_mw for source in drawn],
        "company_code": [company_code(source.company) for source in drawn],
        "running": ["false" if index in city.idle else "true" for index in range(len(drawn))],
        "peak_only": ["true" if source.peak_only else "false" for source in drawn],
    }
    frame = source_record(_frame(columns, [shapely.Point(source.xy) for source in drawn]), city.rng_seed)
    parts = [with_unified_codes(frame[frame["source_kind"] == name], city.adcode, kind) for kind, name in SOURCE_KINDS.items()]
    return pd.concat(parts).sort_index()


def substations(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the substations."""
    drawn = city.substations
    columns = {
        "code": [substation_code(index) for index in range(len(drawn))],
        "name": [each.name for each in drawn],
        "source_code": [source_code(city.sources, int(index)) for index in city.flows.source],
        "system_count": [each.system_count for each in drawn],
        "design_power_mw": [round(each.load_mw * 1.15, 2) for each in drawn],
        "heated_area_m2": [each.heated_area_m2 for each in drawn],
        "company_code": [company_code(each.company) for each in drawn],
        "address": [_address(city, city.estates[each.estate]) for each in drawn],
        "installed_year": [each.installed_year for each in drawn],
    }
    frame = station_record(_frame(columns, [shapely.Point(each.xy) for each in drawn]), city.rng_seed)
    return with_unified_codes(frame, city.adcode, "substation")


def weather_stations(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return two weather stations: in the first park and at the plant."""
    at = [city.streets.green[0].representative_point(), shapely.Point(city.sources[0].xy + np.array([40.0, 25.0]))]
    return _frame({"code": ["QX0001", "QX0002"], "name": ["人民公园气象站", "热电厂气象站"]}, at)
