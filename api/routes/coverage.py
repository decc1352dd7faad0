"""Coverage: declared areas against what is really served, districts, and buildings that no area covers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, get_args

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.dependencies import CallerDep, CityDep, PoolDep
from data.coverage_answers import (
    CoveredObject,
    DistrictCoverage,
    MisplacedBuilding,
    coverage_version,
    list_coverage,
    list_districts,
    list_misplaced,
)
from data.errors import NotFound
from twin.coverage import OF_KINDS, CoverageState

router = APIRouter(tags=["coverage"])

OfKind: TypeAlias = Literal["company", "plant", "boiler_house", "substation", "estate", "licence"]
Relation: TypeAlias = Literal["outside", "foreign", "unserved"]
assert get_args(OfKind) == OF_KINDS

KindQuery = Annotated[
    OfKind, Query(description="What the areas are of; licence: what a company is licensed to heat.", examples=["substation"])
]
LimitQuery = Annotated[int, Query(ge=1, le=1000)]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000)]

_ITEM: JsonDict = {
    "of_kind": "substation",
    "asset_id": 12,
    "kind": "substation",
    "code": "HRZ0012",
    "name": "工农大路换热站",
    "state": "differs",
    "declared_m2": 76_400.0,
    "served_m2": 79_900.0,
    "served_buildings": 17,
    "inside_buildings": 16,
    "outside_buildings": 2,
    "foreign_buildings": 1,
    "unserved_buildings": 0,
    "heated_area_m2": 71_250.0,
    "derived": False,
    "agreement": 0.88,
    "company_id": 5,
    "area_id": 3,
}
_VERSION: JsonDict = {"assets_version": 3, "derived_version": 3, "derived_at": "2026-11-01T04:00:00Z"}


class CoverageItem(BaseModel):
    """One object: its declared area and what it serves in the normal state of the valves."""

    of_kind: str
    asset_id: int
    kind: str
    code: str
    name: str
    state: CoverageState = Field(
        description="agrees, differs; derived: no area is declared and served ground stands in; unserved: an area but nobody"
        " is served; none: neither."
    )
    declared_m2: float | None = Field(description="Size of the declared area; null = none is declared.")
    served_m2: float | None = Field(description="Size of the served ground, derived from the footprints.")
    served_buildings: int = Field(description="Heated buildings that it serves.")
    inside_buildings: int = Field(description="Heated buildings in its declared area, whoever serves them.")
    outside_buildings: int = Field(description="Served, but outside.")
    foreign_buildings: int = Field(description="Inside, but served by another of the kind.")
    unserved_buildings: int = Field(description="Inside, but nothing of the kind is known to serve it.")
    heated_area_m2: float = Field(description="Of the buildings that it serves.")
    derived: bool = Field(description="True: no area is declared.")
    agreement: float | None = Field(
        description="0..1: heated area both served and inside, of all that is served or inside; null = nothing to compare."
    )
    company_id: int | None
    area_id: int | None
    geometry_declared: dict[str, Any] | None = Field(default=None, description="GeoJSON, WGS-84; only when asked for.")
    geometry_derived: dict[str, Any] | None = Field(default=None, description="GeoJSON, WGS-84; only when asked for.")


class CoverageAnswer(BaseModel):
    """A page of objects, the worst agreement first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"total": 1, "states": {"differs": 1}, **_VERSION, "items": [_ITEM]}]}
    )

    total: int = Field(description="How many objects have the wanted state.")
    states: dict[str, int] = Field(description="Objects by state, whatever state is wanted.")
    assets_version: int = Field(description="Version of the assets now.")
    derived_version: int = Field(description="Version that was compared; lower while it is derived anew.")
    derived_at: datetime
    items: list[CoverageItem]


class MisplacedModel(BaseModel):
    """A building in which an object differs from its area, and who serves it."""

    relation: Relation
    asset_id: int
    code: str
    name: str
    heated_area_m2: float
    substation_id: int | None
    source_id: int | None
    company_id: int | None = Field(description="Owner of what serves it.")
    estate_id: int | None


class CoverageDetail(BaseModel):
    """One object with both grounds and the buildings in which they differ."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"item": _ITEM, "buildings": [], **_VERSION}]})

    item: CoverageItem
    buildings: list[MisplacedModel]
    assets_version: int
    derived_version: int
    derived_at: datetime


class DistrictModel(BaseModel):
    """Heated buildings of one district (or zone) by cover and connection."""

    asset_id: int | None = Field(description="null: buildings in no district.")
    kind: str | None
    code: str | None
    name: str | None
    area_m2: float | None = Field(description="Size of the district.")
    buildings: int = Field(description="All its buildings.")
    heated_buildings: int = Field(description="Those with heated area, heat users or a supply.")
    heated_area_m2: float
    covered: int = Field(description="Heated buildings inside a declared area of a company, plant, boiler house or substation.")
    covered_area_m2: float
    uncovered: int
    uncovered_area_m2: float
    unconnected: int = Field(description="Heated buildings that nobody serves.")
    unconnected_area_m2: float
    uncovered_ids: list[int] = Field(description="A page of their asset ids.")
    unconnected_ids: list[int] = Field(description="A page of their asset ids.")


class DistrictsAnswer(BaseModel):
    """Districts by id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_VERSION,
                    "districts": [
                        {
                            "asset_id": 3,
                            "kind": "district",
                            "code": "220102",
                            "name": "南关区",
                            "area_m2": 4.9e8,
                            "buildings": 1006,
                            "heated_buildings": 1000,
                            "heated_area_m2": 4_100_000.0,
                            "covered": 998,
                            "covered_area_m2": 4_090_000.0,
                            "uncovered": 2,
                            "uncovered_area_m2": 10_000.0,
                            "unconnected": 0,
                            "unconnected_area_m2": 0.0,
                            "uncovered_ids": [812, 913],
                            "unconnected_ids": [],
                        }
                    ],
                }
            ]
        }
    )

    districts: list[DistrictModel]
    assets_version: int
    derived_version: int
    derived_at: datetime


@router.get("/coverage", response_model=CoverageAnswer)
async def get_coverage(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    of_kind: KindQuery = "substation",
    state: Annotated[CoverageState | None, Query(description="Only objects of this state.")] = None,
    geometry: Annotated[bool, Query(description="True: with both grounds, for drawing.")] = False,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> Response:
    """Compare declared areas of one kind with what is really served: buildings outside, foreign ones, agreement."""
    version = await coverage_version(pool, city)
    counts, found = await list_coverage(
        pool, caller.scope, city, of_kind, state=state, asset_id=None, geometry=geometry, limit=limit, offset=offset
    )
    answer = {
        "total": sum(counts.values()) if state is None else counts.get(state, 0),
        "states": counts,
        **_version(version.assets_version, version.derived_version, version.built_at),
        "items": [_item(each) for each in found],
    }
    return _json(answer)


@router.get("/coverage/districts", response_model=DistrictsAnswer)
async def get_coverage_districts(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    limit: Annotated[int, Query(ge=0, le=10_000, description="Building ids of each list.")] = 100,
    offset: OffsetQuery = 0,
) -> Response:
    """Tell for each district the heated area, the buildings that no declared area covers and those that nobody serves."""
    version = await coverage_version(pool, city)
    districts = [_district(each) for each in await list_districts(pool, caller.scope, city, limit=limit, offset=offset)]
    return _json({"districts": districts, **_version(version.assets_version, version.derived_version, version.built_at)})


@router.get("/coverage/{of_kind}/{asset_id}", response_model=CoverageDetail)
async def get_coverage_detail(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    of_kind: Annotated[OfKind, Path(examples=["substation"])],
    asset_id: Annotated[int, Path(ge=1, le=2**31 - 1, examples=[12])],
    relation: Annotated[Relation | None, Query(description="Only buildings that stand so.")] = None,
) -> Response:
    """Show both grounds of one object and the buildings in which they differ."""
    version = await coverage_version(pool, city)
    _, found = await list_coverage(
        pool, caller.scope, city, of_kind, state=None, asset_id=asset_id, geometry=True, limit=1, offset=0
    )
    if not found:
        raise NotFound(f"there is no {of_kind} {asset_id} in the coverage of city {city}")
    buildings = await list_misplaced(pool, caller.scope, city, of_kind, asset_id=asset_id, relation=relation)
    answer = {
        "item": _item(found[0]),
        "buildings": [_misplaced(each) for each in buildings],
        **_version(version.assets_version, version.derived_version, version.built_at),
    }
    return _json(answer)


def _json(answer: object) -> Response:
    # polygons of thousands of vertices: encoded once, not validated again on the way out
    return Response(orjson.dumps(answer), media_type="application/json")


def _version(assets_version: int, derived_version: int, derived_at: datetime) -> dict[str, object]:
    return {"assets_version": assets_version, "derived_version": derived_version, "derived_at": derived_at}


def _item(each: CoveredObject) -> dict[str, object]:
    return {
        "of_kind": each.of_kind,
        "asset_id": each.asset_id,
        "kind": each.kind,
        "code": each.code,
        "name": each.name,
        "state": each.state,
        "declared_m2": each.declared_m2,
        "served_m2": each.served_m2,
        "served_buildings": each.served_count,
        "inside_buildings": each.inside_count + each.foreign_count + each.unserved_count,
        "outside_buildings": each.outside_count,
        "foreign_buildings": each.foreign_count,
        "unserved_buildings": each.unserved_count,
        "heated_area_m2": each.heated_area_m2,
        "derived": each.declared_m2 is None,
        "agreement": each.agreement,
        "company_id": each.company_id,
        "area_id": each.area_id,
        "geometry_declared": None if each.declared is None else orjson.Fragment(each.declared),
        "geometry_derived": None if each.served is None else orjson.Fragment(each.served),
    }


def _misplaced(each: MisplacedBuilding) -> dict[str, object]:
    return {
        "relation": each.relation,
        "asset_id": each.asset_id,
        "code": each.code,
        "name": each.name,
        "heated_area_m2": each.heated_area_m2,
        "substation_id": each.substation_id,
        "source_id": each.source_id,
        "company_id": each.supplier_id,
        "estate_id": each.estate_id,
    }


def _district(each: DistrictCoverage) -> dict[str, object]:
    return {
        "asset_id": each.asset_id,
        "kind": each.kind,
        "code": each.code,
        "name": each.name,
        "area_m2": each.area_m2,
        "buildings": each.building_count,
        "heated_buildings": each.heated_count,
        "heated_area_m2": each.heated_area_m2,
        "covered": each.covered_count,
        "covered_area_m2": each.covered_area_m2,
        "uncovered": each.heated_count - each.covered_count,
        "uncovered_area_m2": each.heated_area_m2 - each.covered_area_m2,
        "unconnected": each.unconnected_count,
        "unconnected_area_m2": each.unconnected_area_m2,
        "uncovered_ids": list(each.uncovered_ids),
        "unconnected_ids": list(each.unconnected_ids),
    }
