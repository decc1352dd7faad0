"""Shapes of solved zones and what-ifs, and what of them a caller may see."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from data.assets import Position, round_position
from data.network import visible_rows
from data.pool import Pool
from data.zone_solutions import LinePlace, read_line_places
from topology.hydraulics.what_if_answer import Figures
from topology.network import Network
from twin.scope import Scope

LAYERS = ("pipe", "substation")
"""Who may not see these gets nothing of pressures and flows."""


class SourceFigures(BaseModel):
    """What one source of a zone does."""

    asset_id: int
    supply_mpa: float | None = Field(examples=[1.12])
    return_mpa: float | None = Field(examples=[0.3])
    flow_m3_per_h: float | None
    power_mw: float | None


class StateFigures(BaseModel):
    """One state of a zone in figures; pressures above the atmosphere, null where there is no number."""

    zones: int = Field(description="Zones of this state: a change may join or part them.", examples=[1])
    converged: bool
    stations: int
    short_stations: int = Field(description="Stations whose flow had to be cut.")
    load_mw: float | None
    served_share: float | None = Field(description="Flow delivered as a share of what the loads need.", examples=[1.0])
    flow_m3_per_h: float | None
    worst_station_id: int | None
    least_differential_mpa: float | None = Field(examples=[0.102])
    median_differential_mpa: float | None
    highest_supply_mpa: float | None
    lowest_supply_mpa: float | None
    lowest_return_mpa: float | None
    fastest_m_per_s: float | None
    supply_degc: float | None = Field(examples=[110.0])
    return_degc: float | None
    coldest_station_degc: float | None = Field(description="Coldest water that arrives at a station.")
    heat_lost_mw: float | None = Field(description="What the pipes give to the ground.")
    leak_kg_per_s: float | None
    sources: list[SourceFigures]


class ProblemFigures(BaseModel):
    """A gate of physical sense that is not passed."""

    rule: str = Field(examples=["short_of_flow"])
    message: str
    asset_ids: list[int] = Field(description="The first 200 of them that the caller may see.")
    assets: int = Field(description="How many there are.")


class ShortStation(BaseModel):
    """A station that does not get its flow."""

    asset_id: int
    name: str
    differential_mpa: float | None
    differential_before_mpa: float | None
    flow_share: float | None = Field(description="Of the flow its load needs.", examples=[0.62])
    load_mw: float | None
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class LinePoint(BaseModel):
    """A point of a pressure line: heads in metres above the sea."""

    distance_m: float | None = Field(description="From the source along the supply.", examples=[1250.0])
    ground_m: float | None = Field(description="Height of the ground; null where the cover of the pipe is not known.")
    axis_m: float | None = Field(description="Height of the pipe's axis.")
    supply_m: float | None
    return_m: float | None
    static_m: float | None = Field(description="The level when all pumps stand.")
    boiling_m: float | None = Field(description="Below it the supply boils.")
    asset_id: int = Field(description="Pipe or pump that leads here; of the first point the source.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class LineModel(BaseModel):
    """A pressure line (水压图)."""

    source_id: int
    station_id: int
    points: list[LinePoint]


class ZoneModel(BaseModel):
    """The last solve of a zone."""

    source_id: int = Field(description="The source that holds its pressure.")
    name: str
    code: str
    solved_at: datetime
    stale: bool = Field(description="True: the drawing or a valve has changed since.")
    converged: bool
    stations: int
    load_mw: float | None
    worst_station_id: int | None
    worst_differential_mpa: float | None
    problems: list[ProblemFigures]
    summary: StateFigures


class Sight:
    """What of a network a caller may see.

    Parameters
    ----------
    network
        At any state of its valves.
    scope
        Of the caller.
    """

    def __init__(self, network: Network, scope: Scope) -> None:
        self._assets = network.assets
        self._scope = scope
        self._visible = visible_rows(network, scope)

    def holds(self, asset_id: int | None) -> bool:
        """Tell whether an asset is visible; what the network no longer holds is not."""
        return asset_id is not None and len(self.of([asset_id])) == 1

    def of(self, asset_ids: Iterable[int]) -> list[int]:
        """Return those that are visible, in their order."""
        ids = np.fromiter(asset_ids, np.int64)
        rows = self._assets.rows_of(ids)
        kept: list[int] = ids[(rows >= 0) & self._visible[np.maximum(rows, 0)]].tolist() if len(ids) else []
        return kept

    def name(self, asset_id: int) -> str:
        """Return the name of a station or source."""
        return self._assets.names.get(int(self._assets.rows_of(np.array([asset_id]))[0]), "")

    def position(self, asset_id: int) -> Position | None:
        """Return where an asset lies, rounded as the caller's scope asks for."""
        row = int(self._assets.rows_of(np.array([asset_id]))[0])
        place = (float(self._assets.lon[row]), float(self._assets.lat[row]))
        return round_position(place, self._scope) if row >= 0 and math.isfinite(place[0]) else None

    def state(self, figures: Mapping[str, Any]) -> StateFigures:
        """Return a state; sources and the worst station as far as they are visible."""
        sources = [each for each in figures["sources"] if self.holds(each["asset_id"])]
        worst = figures["worst_station_id"] if self.holds(figures["worst_station_id"]) else None
        return StateFigures(**{**figures, "sources": sources, "worst_station_id": worst})

    def problems(self, problems: Iterable[Mapping[str, Any]]) -> list[ProblemFigures]:
        """Return the problems, each with the assets that are visible."""
        return [ProblemFigures(**{**each, "asset_ids": self.of(each["asset_ids"])}) for each in problems]

    def short(self, stations: Iterable[Mapping[str, Any]]) -> list[ShortStation]:
        """Return the short stations that are visible, with their names."""
        return [
            ShortStation(**each, name=self.name(each["asset_id"]), position=self.position(each["asset_id"]))
            for each in stations
            if self.holds(each["asset_id"])
        ]


async def line_model(pool: Pool, scope: Scope, city_id: int, line: Figures | None, sight: Sight) -> LineModel | None:
    """Return a pressure line with grounds and positions; None where its station is not visible.

    Points on assets that the caller may not see keep their heads and lose id and place.
    """
    if line is None or not sight.holds(line["station_id"]):
        return None
    points = line["points"]
    places = await read_line_places(pool, scope, city_id, [int(each["asset_id"]) for each in points])
    return LineModel(
        source_id=line["source_id"],
        station_id=line["station_id"],
        points=[_point(each, places.get(int(each["asset_id"]))) for each in points],
    )


def _point(point: Mapping[str, Any], place: LinePlace | None) -> LinePoint:
    known = {name: value for name, value in point.items() if name not in {"is_forward", "asset_id"}}
    if place is None:
        return LinePoint(**known, asset_id=0, ground_m=None, position=None)
    ground = None if place.cover_m is None or point["axis_m"] is None else round(point["axis_m"] + place.cover_m, 2)
    position = place.end if point["is_forward"] else place.start
    return LinePoint(**known, asset_id=point["asset_id"], ground_m=ground, position=position)
