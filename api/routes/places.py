"""Questions of place: what is nearest, what lies in a shape, in an asset, or around it."""

from __future__ import annotations

from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.routes.assets import AssetItemModel, item_model, parse_bbox
from data.places import Found, Near, Place, nearest, shape_of, within
from twin.edits import read_shape
from twin.kinds import kind_of

router = APIRouter(tags=["assets"])

LARGEST_BUFFER_M = 50_000.0
FARTHEST_M = 200_000.0
_KindsQuery = Annotated[list[str] | None, Query(description="Kinds of the catalogue; several allowed.", examples=[["valve"]])]
_BufferQuery = Annotated[
    float, Query(ge=0, le=LARGEST_BUFFER_M, allow_inf_nan=False, description="Metres around it on the ground.", examples=[50])
]
_InsideQuery = Annotated[bool, Query(description="True: only assets that lie in it whole; else all that meet it.")]
_AsOfQuery = Annotated[
    AwareDatetime | None, Query(description="ISO time with zone: the versions valid then.", examples=["2026-11-01T00:00:00Z"])
]
_LimitQuery = Annotated[int, Query(ge=1, le=1000)]
_OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000)]


class NearModel(AssetItemModel):
    """An asset and how far it is."""

    distance_m: float = Field(description="Metres on the ground to its nearest point; 0 inside a polygon.", examples=[12.5])


class NearestAnswer(BaseModel):
    """The nearest assets, nearest first."""

    items: list[NearModel]


class WithinAnswer(BaseModel):
    """What a shape holds: how many, by kind, and a page by rising id."""

    total: int = Field(examples=[42])
    counts: dict[str, int] = Field(description="By kind, of all pages.", examples=[{"building": 40, "pipe": 2}])
    items: list[AssetItemModel]


class ShapeBody(BaseModel):
    """A shape and what to look for."""

    model_config = ConfigDict(extra="forbid")

    geometry: dict[str, Any] = Field(
        description="GeoJSON geometry, WGS-84; of a point or line take a buffer.",
        examples=[{"type": "Point", "coordinates": [125.32, 43.88]}],
    )
    buffer_m: float = Field(0, ge=0, le=LARGEST_BUFFER_M, allow_inf_nan=False, description="Metres on the ground.", examples=[50])
    kind: list[str] | str | None = Field(None, description="Kinds of the catalogue; left out = all.", examples=[["building"]])
    inside: bool = Field(False, description="True: only assets that lie in it whole.")
    as_of: AwareDatetime | None = Field(None, description="ISO time with zone: the versions valid then.", examples=[None])
    limit: int = Field(100, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=10_000_000)


@router.get("/assets/nearest")
async def get_nearest(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, description="WGS-84 degrees.", examples=[125.32])],
    lat: Annotated[float, Query(ge=-89, le=89, allow_inf_nan=False, description="WGS-84 degrees.", examples=[43.88])],
    kind: _KindsQuery = None,
    farthest_m: Annotated[
        float, Query(gt=0, le=FARTHEST_M, allow_inf_nan=False, description="No farther than this.", examples=[2000])
    ] = 10_000,
    as_of: _AsOfQuery = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 10,
) -> NearestAnswer:
    """Find the assets nearest to a place, in metres on the ground."""
    found = await nearest(
        pool, caller.scope, city, (lon, lat), kinds=_kinds(kind), farthest_m=farthest_m, as_of=as_of, limit=limit
    )
    return NearestAnswer(items=[_near(near) for near in found])


@router.get("/assets/within")
async def get_within(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="In the shape of this asset.", examples=[3])] = None,
    bbox: Annotated[
        str | None, Query(description="west,south,east,north in degrees", examples=["125.3,43.87,125.33,43.9"])
    ] = None,
    buffer_m: _BufferQuery = 0,
    kind: _KindsQuery = None,
    inside: _InsideQuery = False,
    as_of: _AsOfQuery = None,
    limit: _LimitQuery = 100,
    offset: _OffsetQuery = 0,
) -> WithinAnswer:
    """List the assets in the shape of an asset (a district, an estate, along a pipe) or in a box, and around it."""
    if (asset_id is None) == (bbox is None):
        raise BadRequest("give either asset_id or bbox")
    place = Place(_kinds(kind), buffer_m, inside, as_of)
    if bbox is not None:
        shape = _ewkb(shapely.box(*parse_bbox(bbox)))
    else:
        assert asset_id is not None  # one of them is given
        shape = await shape_of(pool, caller.scope, city, asset_id, as_of=as_of)
    return _answer(await within(pool, caller.scope, city, shape, place, without=asset_id, limit=limit, offset=offset))


@router.post("/assets/within")
async def post_within(*, body: ShapeBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> WithinAnswer:
    """List the assets in a drawn shape, and so many metres around it."""
    kinds = [body.kind] if isinstance(body.kind, str) else body.kind
    place = Place(_kinds(kinds), body.buffer_m, body.inside, body.as_of)
    shape = _ewkb(shapely.force_2d(read_shape(body.geometry)))
    return _answer(await within(pool, caller.scope, city, shape, place, limit=body.limit, offset=body.offset))


def _kinds(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(kind_of(name).name for name in names)


def _ewkb(geometry: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(geometry, 4326), include_srid=True))


def _near(near: Near) -> NearModel:
    return NearModel(**item_model(near.item).model_dump(), distance_m=near.distance_m)


def _answer(found: Found) -> WithinAnswer:
    return WithinAnswer(total=found.total, counts=dict(found.counts), items=[item_model(item) for item in found.items])
