"""Datums: the registry, the ledger of conversions, and the grids that were fitted to control points."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.dependencies import CallerDep, CityDep, PoolDep
from data.ledger import read_conversions, read_grids
from gis.datum_list import list_datums

router = APIRouter(tags=["datums"])

_BOX = "left, bottom, right, top; null without vertices, and for a seat that sees positions rounded"
_CONVERSION: JsonDict = {
    "import_id": 1,
    "layer": "substations.shp > substation",
    "file": "substations.shp",
    "datum_in": "gcj02",
    "datum_out": "wgs84",
    "evidence": "letter of the mapping office, 2026-03-02",
    "operation": "GCJ-02 published formula, inverse in 6 fixed rounds; accuracy on the ground unknown",
    "accuracy_m": None,
    "parameters": {},
    "vertex_count": 60,
    "bounds_in": [125.281, 43.842, 125.319, 43.871],
    "bounds_out": [125.275, 43.84, 125.313, 43.869],
    "round_trip_max_m": 1.2e-9,
    "seconds": 0.004,
    "input_sha256": "0f" * 32,
    "output_sha256": "a1" * 32,
    "program_version": "0.1.0",
    "seat": "command line: gis",
    "made_at": "2026-11-01T04:00:00Z",
}
_GRID: JsonDict = {
    "datum": "local(city)",
    "file": "control_points.csv",
    "model": "similarity",
    "rms_m": 0.021,
    "max_m": 0.034,
    "tolerance_m": 0.1,
    "suspect": "",
    "import_id": 1,
    "fitted_at": "2026-11-01T04:00:00Z",
    "points": [{"name": "K01", "position": [125.3012, 43.8624], "dx_m": 0.011, "dy_m": -0.018, "left_out_m": 0.027}],
}


class DatumModel(BaseModel):
    """A system that a delivery may be in."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="What a manifest writes; for a family of datums an example.", examples=["gcj02"])
    unit: Literal["degree", "metre"]
    operation: str = Field(description="What leads to WGS-84.", examples=["GCJ-02 published formula, inverse in 6 fixed rounds"])
    accuracy_m: float | None = Field(description="Stated accuracy; null where unknown or as the delivery states.", examples=[0.5])
    note_zh: str = Field(examples=["国测局坐标，高德、腾讯地图使用。"])
    note_en: str = Field(examples=["Used by AMap and Tencent."])


class Datums(BaseModel):
    """The registry of datums."""

    datums: list[DatumModel]


class ConversionModel(BaseModel):
    """One conversion of one layer."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _CONVERSION})

    import_id: int
    layer: str
    file: str
    datum_in: str
    datum_out: str
    evidence: str = Field(description="Why the layer is taken to be in `datum_in`.")
    operation: str
    accuracy_m: float | None
    parameters: dict[str, Any] = Field(description="Of a local or old datum.")
    vertex_count: int
    bounds_in: tuple[float, float, float, float] | None = Field(description=f"In the unit of `datum_in`: {_BOX}.")
    bounds_out: tuple[float, float, float, float] | None = Field(description=f"In degrees: {_BOX}.")
    round_trip_max_m: float | None = Field(
        description="Largest distance after going there and back: it proves the program, not the map."
    )
    seconds: float | None
    input_sha256: str = Field(description="Hash of all geometries as delivered.")
    output_sha256: str = Field(description="Hash of all geometries in WGS-84.")
    program_version: str
    seat: str
    made_at: datetime


class Conversions(BaseModel):
    """A page of the ledger."""

    total: int = Field(examples=[1])
    items: list[ConversionModel]


class GridPointModel(BaseModel):
    """A control point and how well it fits."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    position: tuple[float, float] | None = Field(description="lon, lat in WGS-84 by the base grid, rounded as the seat sees it.")
    dx_m: float = Field(description="Given minus computed easting.")
    dy_m: float = Field(description="Given minus computed northing.")
    left_out_m: float = Field(description="Error at this point of the fit without it.")


class GridModel(BaseModel):
    """A local grid as it was fitted last."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _GRID})

    datum: str
    file: str
    model: str
    rms_m: float
    max_m: float = Field(description="Largest residual.")
    tolerance_m: float
    suspect: str = Field(description="Name of the point that is probably wrong; empty where none is.")
    import_id: int
    fitted_at: datetime
    points: list[GridPointModel]


class Grids(BaseModel):
    """The local grids of a city."""

    grids: list[GridModel]


@router.get("/datums")
async def datums(_: CallerDep) -> Datums:
    """Return every system that a delivery may be in, with what leads to WGS-84 and how accurate that is."""
    return Datums(datums=[DatumModel.model_validate(item) for item in list_datums()])


@router.get("/conversions")
async def conversions(
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Conversions:
    """Return the ledger of conversions, the latest first: what was converted from which system, why, how, by whom."""
    total, items = await read_conversions(pool, caller.scope, city, limit=limit, offset=offset)
    return Conversions(total=total, items=[ConversionModel.model_validate(item) for item in items])


@router.get("/grids")
async def grids(caller: CallerDep, pool: PoolDep, city: CityDep) -> Grids:
    """Return the grids that were fitted to control points, with the residual and place of every point."""
    found = await read_grids(pool, caller.scope, city)
    return Grids(grids=[GridModel.model_validate(item) for item in found])
