"""Figures of the clean-heating rollout."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.answers import PRIVATE, matches
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from data.errors import NotFound
from data.rollout import (
    NOW,
    AreaFilter,
    CityFactor,
    list_areas,
    list_factors,
    list_figures,
    list_parts,
    put_factor,
    read_district_rates,
    rollout_state,
)
from data.rollout_export import figure_package, figure_table
from data.rollout_refresh import refresh_city
from data.sheets import csv_bytes, xlsx_bytes
from twin.rollout import CLEAN_HEATING_RATE, FIGURES, default_factors

router = APIRouter(prefix="/rollout", tags=["rollout"])


class DistrictRateModel(BaseModel):
    """Clean-heating rate of one district."""

    model_config = ConfigDict(from_attributes=True)

    area_id: int = Field(examples=[3])
    name: str = Field(examples=["示例区"])
    rate: float | None = Field(description="Share 0..1; null where nothing is heated.", examples=[0.82])
    target_rate: float = Field(description="Share 0..1 to be reached.", examples=[0.85])
    heated_area_m2: float
    clean_area_m2: float
    geometry: dict[str, Any] | None = Field(description="GeoJSON outline in WGS-84, simplified to about 50 m.")


class DistrictRates(BaseModel):
    """Clean-heating rates of the districts in one month."""

    month: str | None = Field(description="YYYY-MM; null when no month is known.", examples=["2026-10"])
    items: list[DistrictRateModel]
    formula: str = Field(examples=[CLEAN_HEATING_RATE.formula])
    unit: str = Field(examples=["1"])
    source: str = Field(description="Document that defines the figure.")


@router.get("/districts")
async def districts(
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    month: Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Default: the newest.")] = None,
) -> DistrictRates:
    """Return the clean-heating rate (清洁取暖率) of each district, with its outline."""
    rows = await read_district_rates(pool, caller.scope, city, month)
    return DistrictRates(
        month=rows[0].month if rows else month,
        items=[DistrictRateModel.model_validate(row) for row in rows],
        formula=CLEAN_HEATING_RATE.formula,
        unit=CLEAN_HEATING_RATE.unit,
        source=CLEAN_HEATING_RATE.source,
    )


class DistrictFeatures(BaseModel):
    """The same as a GeoJSON FeatureCollection, for map layers that read an address."""

    type: str = Field("FeatureCollection", examples=["FeatureCollection"])
    features: list[dict[str, Any]]


@router.get("/districts.geojson")
async def districts_geojson(caller: CallerDep, pool: PoolDep, city: CityDep) -> DistrictFeatures:
    """Return the newest rates as GeoJSON: properties `name`, `rate`, `target_rate`, `month`; feature id = area id."""
    rows = await read_district_rates(pool, caller.scope, city)
    return DistrictFeatures(
        type="FeatureCollection",
        features=[
            {
                "type": "Feature",
                "id": row.area_id,
                "geometry": row.geometry,
                "properties": {"name": row.name, "rate": row.rate, "target_rate": row.target_rate, "month": row.month},
            }
            for row in rows
        ],
    )


AreaKind: TypeAlias = Literal["city", "district", "zone", "township", "village"]
Dimension: TypeAlias = Literal["type", "supplier", "supplier_score", "fault", "fuel", "technical_type"]
_Id = 2**31 - 1
KindQuery = Annotated[AreaKind | None, Query(description="Only areas of this kind.", examples=["district"])]
ParentQuery = Annotated[
    int | None,
    Query(ge=0, le=_Id, description="Only areas inside this one; of villages their township or district.", examples=[3]),
]
AreaQuery = Annotated[int | None, Query(ge=0, le=_Id, description="Only this area; 0 is the city.", examples=[0])]


def wanted_areas(kind: KindQuery = None, parent: ParentQuery = None, area: AreaQuery = None) -> AreaFilter:
    """Return which areas a request asks for."""
    return AreaFilter(kind, parent, area)


WantedDep = Annotated[AreaFilter, Depends(wanted_areas)]
YearQuery = Annotated[int, Query(ge=0, le=9999, description="As at the end of it; 0 is now.", examples=[0])]
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {} for media in _MEDIA.values()}, "description": "The figures as a file."}
}
_AREA: JsonDict = {
    "area_id": 3,
    "kind": "district",
    "code": "220112",
    "name": "双阳区",
    "parent_id": 0,
    "district_id": 3,
    "outline": "delivered",
    "lon": 125.66,
    "lat": 43.53,
}


class FigureModel(BaseModel):
    """How a figure is defined."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["clean_heating_rate"])
    name_zh: str = Field(examples=["清洁取暖率"])
    formula: str = Field(description="In the names of other figures, or what is added up.")
    unit: str = Field(description="1 for a share.", examples=["1"])
    source: str = Field(description="Document that defines it, or where its values come from.")
    decimals: int = Field(description="Digits behind the point that are worth showing; of a share, in percent.")


class Definitions(BaseModel):
    """Every figure, in the order in which they are shown."""

    items: list[FigureModel]


@router.get("/definitions")
async def definitions(caller: CallerDep) -> Definitions:
    """Return name, formula, unit and source of every figure."""
    caller.scope.require_layer("rollout")
    return Definitions(items=[FigureModel.model_validate(figure) for figure in FIGURES])


class AreaModel(BaseModel):
    """One area that things are counted by."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_AREA]})

    area_id: int = Field(description="asset_id; 0 is the city.")
    kind: AreaKind
    code: str
    name: str
    parent_id: int | None = Field(
        description="What it is counted into; null for the city and for zones, which are counted into nothing."
    )
    district_id: int | None
    outline: Literal["delivered", "households", "none"] = Field(description="households: drawn around them.")
    lon: float | None = Field(description="Of a point inside, WGS-84 degrees.")
    lat: float | None


class Areas(BaseModel):
    """Areas by rising id."""

    items: list[AreaModel]


@router.get("/areas")
async def areas(caller: CallerDep, pool: PoolDep, city: CityDep, wanted: WantedDep) -> Areas:
    """Return the area tree: city, district, township, village; zones beside it."""
    found = await list_areas(pool, caller.scope, city, wanted)
    return Areas(items=[AreaModel.model_validate(each) for each in found])


class AreaFiguresModel(BaseModel):
    """Figures of one area."""

    area_id: int = Field(examples=[3])
    kind: AreaKind
    code: str = Field(examples=["220112"])
    name: str = Field(examples=["双阳区"])
    parent_id: int | None = Field(examples=[0])
    figures: dict[str, float | None] = Field(
        description="By name of /rollout/definitions; null where nothing is known.",
        examples=[{"finished_count": 18_340.0, "completion_rate": 0.92, "satisfaction": None}],
    )


class Figures(BaseModel):
    """Figures of some areas in one year."""

    year: int = Field(description="0 is now.", examples=[0])
    years: list[int] = Field(description="Years that figures are kept for.", examples=[[2023, 2024, 2025]])
    refreshed_at: datetime | None = Field(description="When the sums were derived; null: never.")
    items: list[AreaFiguresModel]


@router.get("/figures", responses={200: {"model": Figures}})
async def figures(
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    wanted: WantedDep,
    *,
    year: YearQuery = NOW,
    names: Annotated[str | None, Query(max_length=4000, description="Only these figures, separated by commas.")] = None,
) -> Response:
    """Return figures of areas: the same that the map and the exports show.

    Projects, tickets, answers and energy are known for now only and null in other years.
    """
    state = await rollout_state(pool, caller.scope, city)
    asked = f"{state.refreshed_at}|{caller.scope.rights_class}|{city}|{wanted}|{year}|{names}"
    etag = f'"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": PRIVATE}
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    shown = None if names is None else _known(names)
    found = await list_figures(pool, caller.scope, city, wanted, year)
    body = {
        "year": year,
        "years": state.years,
        "refreshed_at": state.refreshed_at,
        "items": [
            {
                "area_id": each.area_id,
                "kind": each.kind,
                "code": each.code,
                "name": each.name,
                "parent_id": each.parent_id,
                "figures": each.figures if shown is None else {name: each.figures[name] for name in shown},
            }
            for each in found
        ],
    }
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


def _known(names: str) -> list[str]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = sorted({*wanted} - {figure.name for figure in FIGURES})
    if unknown:
        raise NotFound(f"{', '.join(unknown)}: there is no such figure; /rollout/definitions lists them")
    return wanted


class PartModel(BaseModel):
    """One value of a dimension."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(examples=["热泵风机4P"])
    row_count: float = Field(description="Households finished, suppliers' households, tickets, households, projects.")
    amount: float | None = Field(description="Floor area m², the same, hours of handling, quantity in the fuel's unit, scale m².")
    planned: float | None = Field(
        description="Households of the register, the same, tickets the year before, kgce, money planned in yuan."
    )
    done: float | None = Field(description="None, tickets of this heating year, tickets resolved, yuan, scale done m².")


class Parts(BaseModel):
    """Values of a dimension in one area, the most frequent first."""

    area_id: int
    dimension: Dimension
    items: list[PartModel]


@router.get("/parts")
async def parts(
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    dimension: Annotated[Dimension, Query(examples=["type"])],
    area: Annotated[int, Query(ge=0, le=_Id, description="0 is the city.", examples=[0])] = 0,
) -> Parts:
    """Return what an area's sums are made of, by device type, supplier, fault kind, fuel or technical type of projects.

    The four numbers mean, in the order of the dimensions: see each field. `supplier_score`: answers, sum of the scores of the
    supplier, sum of the scores of the retrofit, nothing.
    """
    found = await list_parts(pool, caller.scope, city, area, dimension)
    return Parts(area_id=area, dimension=dimension, items=[PartModel.model_validate(each) for each in found])


@router.get("/export", responses=_FILES, response_class=Response)
async def export(
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    wanted: WantedDep,
    *,
    file_format: Annotated[Literal["csv", "xlsx", "gpkg"], Query(alias="format", examples=["csv"])] = "csv",
    year: YearQuery = NOW,
    lang: Annotated[Literal["zh", "en"], Query(description="Heads of the table.")] = "zh",
) -> Response:
    """Return every figure of the areas as CSV, XLSX or GeoPackage (outlines in WGS-84)."""
    items = await list_figures(pool, caller.scope, city, wanted, year)
    if file_format == "gpkg":
        body = await figure_package(pool, caller.scope, city, wanted, items)
    else:
        head, rows = figure_table(items, lang)
        body = csv_bytes(head, rows) if file_format == "csv" else xlsx_bytes("rollout", head, rows)
    headers = {"Content-Disposition": f'attachment; filename="rollout.{file_format}"', "Cache-Control": PRIVATE}
    return Response(body, media_type=_MEDIA[file_format], headers=headers)


class FactorModel(BaseModel):
    """A factor as it counts for the city."""

    name: str = Field(examples=["co2_t_per_tce"])
    value: float = Field(examples=[2.47])
    unit: str = Field(examples=["t/tce"])
    source: str
    own: bool = Field(description="The city set it; false: the product's value.")
    seat: str | None = Field(description="Who set it.")
    set_at: datetime | None


class Factors(BaseModel):
    """Factors that turn coal, fuel and floor area into coal equivalent and emissions."""

    items: list[FactorModel]


class FactorBody(BaseModel):
    """A factor of the city's own."""

    value: float = Field(gt=0, lt=1e9, allow_inf_nan=False, examples=[2.66])
    source: str = Field(min_length=3, max_length=500, description="Where it is from.", examples=["长春市2025年排放清单"])


FactorName = Annotated[str, Path(examples=["co2_t_per_tce"])]


@router.get("/factors")
async def factors(caller: CallerDep, pool: PoolDep, city: CityDep) -> Factors:
    """Return the factors that count for the city, with their sources."""
    return Factors(items=[_factor(each) for each in await list_factors(pool, caller.scope, city)])


@router.put("/factors/{name}")
async def set_factor(
    name: FactorName, body: FactorBody, caller: CallerDep, pool: PoolDep, city: CityDep, *, settings: SettingsDep
) -> Factors:
    """Give the city a factor of its own; the figures are counted anew before this answers (seconds for a whole city)."""
    _require_factor(name)
    await put_factor(pool, caller.scope, city, name, (body.value, body.source), seat=caller.seat)
    await asyncio.to_thread(refresh_city, settings.database_url, city)
    return await factors(caller, pool, city)


@router.delete("/factors/{name}")
async def drop_factor(name: FactorName, caller: CallerDep, pool: PoolDep, city: CityDep, settings: SettingsDep) -> Factors:
    """Go back to the product's factor."""
    _require_factor(name)
    await put_factor(pool, caller.scope, city, name, None, seat=caller.seat)
    await asyncio.to_thread(refresh_city, settings.database_url, city)
    return await factors(caller, pool, city)


def _require_factor(name: str) -> None:
    if name not in default_factors():
        raise NotFound(f"there is no factor {name!r}; factors are {', '.join(default_factors())}")


def _factor(each: CityFactor) -> FactorModel:
    factor = each.factor
    return FactorModel(
        name=factor.name,
        value=factor.value,
        unit=factor.unit,
        source=factor.source,
        own=each.seat is not None,
        seat=each.seat,
        set_at=each.set_at,
    )
