"""Assets: the list, and one in detail. Questions about what hangs on it: `api/routes/traces.py`."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.zone_answers import LAYERS
from data.assets import AssetDetail, AssetFilter, AssetItem, Named, list_assets, read_asset
from data.changes import state_at_change
from data.errors import NotFound
from data.zone_solutions import SolvedAsset, read_solved_asset
from twin.kinds import KINDS, Attribute, Kind, kind_of

router = APIRouter(tags=["assets"])

AssetIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="Asset id within the city.", examples=[12])]
AsOfQuery = Annotated[
    AwareDatetime | None, Query(description="ISO time with zone: what was valid then.", examples=["2026-11-01T00:00:00Z"])
]
GeometryQuery = Annotated[bool, Query(description="True: with the geometries, for drawing.")]


class AssetItemModel(BaseModel):
    """One row of the list."""

    asset_id: int = Field(examples=[12])
    kind: str = Field(examples=["substation"])
    code: str = Field(examples=["HRZ-0012"])
    name: str = Field(examples=["工农大路换热站"])
    company_id: int | None = Field(description="Asset id of the owner.")
    area_id: int | None = Field(description="Asset id of the district.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class AssetListAnswer(BaseModel):
    """A page of assets by rising id."""

    total: int = Field(description="How many fit the filter; the page may hold fewer.", examples=[60])
    items: list[AssetItemModel]


class NamedModel(BaseModel):
    """An asset by id and name."""

    asset_id: int
    name: str


class AttributeModel(BaseModel):
    """One attribute with what the catalogue says about it."""

    name: str = Field(examples=["dn"])
    label_zh: str = Field(examples=["公称直径 DN"])
    value: str | int | float | bool | None = Field(examples=[400])
    unit: str = Field(examples=["mm"])
    meaning: str = Field(description="What a code stands for; empty where the value speaks for itself.", examples=[""])


class SolvedModel(BaseModel):
    """What the last scheduled solve of its zone says of a pipe (flow) or a substation (pressures)."""

    source_id: int = Field(description="The source that holds the zone's pressure.")
    solved_at: datetime
    stale: bool = Field(description="True: the drawing or a valve has changed since.")
    flow_direction: int | None = Field(description="TB-08: 0 as drawn, 1 against it, 2 standing or unknown; null: no pipe.")
    flow_m3_per_h: float | None = Field(description="Of a pipe positive as drawn.")
    velocity_m_per_s: float | None
    supply_mpa: float | None = Field(description="Expected at a substation, above the atmosphere.")
    return_mpa: float | None
    flow_share: float | None = Field(description="Of the flow its load needs.")
    supply_degc: float | None


class AssetAnswer(BaseModel):
    """One version of an asset."""

    asset_id: int = Field(examples=[12])
    kind: str = Field(examples=["substation"])
    kind_zh: str = Field(examples=["换热站"])
    code: str
    name: str
    source_key: str = Field(description="Key in the delivered file.")
    version: int = Field(description="1, 2, ... of this asset.", examples=[1])
    company: NamedModel | None
    area: NamedModel | None
    pair_id: int | None = Field(description="Smallest asset id of the supply/return pair.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")
    attributes: list[AttributeModel]
    geometry: dict[str, object] | None = Field(description="GeoJSON, WGS-84")
    valid_from_at: datetime
    valid_to_at: datetime | None = Field(description="null = current")
    status: int = Field(description="Live status code: 0 no data .. 8 cut off.", examples=[1])
    solved: SolvedModel | None = Field(description="Pressures and flow as last solved; null where nothing was, and for the past.")


@router.get("/assets")
async def get_assets(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    kind: Annotated[
        list[str] | None, Query(description="Kinds of the catalogue; several allowed.", examples=[["substation"]])
    ] = None,
    code: Annotated[str | None, Query(max_length=200, description="Exact code.")] = None,
    source_key: Annotated[str | None, Query(max_length=200, description="Exact key in the delivered file.")] = None,
    q: Annotated[str | None, Query(max_length=100, description="Part of the name or code.", examples=["工农"])] = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees", examples=["125.2,43.8,125.4,43.9"])] = None,
    unified_code: Annotated[str | None, Query(max_length=200, description="Exact unified code of CJ/T 553.")] = None,
    attribute: Annotated[
        list[str] | None,
        Query(description="name:value of an attribute; needs one kind; several must all fit.", examples=[["dn:400"]]),
    ] = None,
    as_of: AsOfQuery = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> AssetListAnswer:
    """List the assets that the caller may see, by rising id, now or as they were at a past time."""
    kinds = None if kind is None else tuple(kind_of(name).name for name in kind)
    wanted = AssetFilter(
        kinds=kinds,
        code=code,
        source_key=source_key,
        search=q or None,
        bbox_wgs84=None if bbox is None else parse_bbox(bbox),
        unified_code=unified_code,
        attributes=_wanted_attributes(kinds, attribute or []),
        as_of=as_of,
    )
    total, items = await list_assets(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return AssetListAnswer(total=total, items=[item_model(item) for item in items])


@router.get("/assets/{asset_id}")
async def get_asset(
    *,
    request: Request,
    asset_id: AssetIdPath,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    as_of: AsOfQuery = None,
) -> AssetAnswer:
    """Show one asset, now or at a past time."""
    try:
        detail = await read_asset(pool, caller.scope, city, asset_id, as_of=as_of)
    except NotFound as error:
        retired = await state_at_change(pool, caller.scope, city, asset_id) if as_of is None else ""
        raise NotFound(f"{error}; {retired}; GET /assets/{asset_id}/history shows it" if retired else str(error)) from None
    # pressures are part of the network's secrets: as `GET /zones` for whoever may see pipes and substations
    may = all(caller.scope.allows_layer(layer) for layer in LAYERS)
    solved = await read_solved_asset(pool, caller.scope, city, asset_id) if as_of is None and may else None
    return _answer(detail, status=live_status(request, city, asset_id), solved=solved)


def parse_bbox(text: str) -> tuple[float, float, float, float]:
    """Read `west,south,east,north` in degrees.

    Raises
    ------
    BadRequest
        When it is anything else.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BadRequest(f"bbox is {text[:100]!r}; it must be west,south,east,north in degrees") from None
    finite = all(math.isfinite(value) for value in (west, south, east, north))
    if not finite or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadRequest(f"bbox is {text[:100]!r}; west must not be east of east, nor south north of north, in degrees")
    return west, south, east, north


def live_status(request: Request, city_id: int, asset_id: int) -> int:
    """Return the live status code of an asset; 0 where the live room does not run or knows nothing."""
    live = getattr(request.app.state, "live", None)
    return 0 if live is None else int(live.status_of(city_id, asset_id))


def _wanted_attributes(kinds: tuple[str, ...] | None, texts: list[str]) -> dict[str, object]:
    """Read `name:value` by the catalogue of the one kind that is asked for.

    Raises
    ------
    BadRequest
        When there is not one kind, no such attribute, or the value is not of its type.
    """
    wanted: dict[str, object] = {}
    if texts and (kinds is None or len(kinds) != 1):
        raise BadRequest("attribute needs exactly one kind, which says what the value is")
    for text in texts:
        kind = KINDS[kinds[0]] if kinds else None
        name, colon, value = text.partition(":")
        attribute = None if kind is None else kind.attribute(name)
        if not colon or attribute is None:
            known = ", ".join(item.name for item in kind.attributes) if kind else ""
            raise BadRequest(f"attribute is {text[:100]!r}; it must be name:value with a name out of {known or 'none'}")
        wanted[name] = _typed(attribute, value)
    return wanted


def _typed(attribute: Attribute, text: str) -> object:
    if attribute.type == "boolean" and text in {"true", "false"}:
        return text == "true"
    if attribute.type in {"text", "code", "date"}:
        return text
    try:
        number = math.nan if attribute.type == "boolean" else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        right = "true or false" if attribute.type == "boolean" else f"a number {attribute.unit}".strip()
        raise BadRequest(f"attribute {attribute.name} is {text[:60]!r}; it must be {right}")
    return int(number) if number.is_integer() else number


def item_model(item: AssetItem) -> AssetItemModel:
    """Return a row of a list for an answer."""
    return AssetItemModel(
        asset_id=item.asset_id,
        kind=item.kind,
        code=item.code,
        name=item.name,
        company_id=item.company_id,
        area_id=item.area_id,
        position=item.position_wgs84,
    )


def _named(named: Named | None) -> NamedModel | None:
    return None if named is None else NamedModel(asset_id=named.asset_id, name=named.name)


def _answer(detail: AssetDetail, *, status: int, solved: SolvedAsset | None) -> AssetAnswer:
    kind = KINDS[detail.kind]
    return AssetAnswer(
        asset_id=detail.asset_id,
        kind=detail.kind,
        kind_zh=kind.name_zh,
        code=detail.code,
        name=detail.name,
        source_key=detail.source_key,
        version=detail.version,
        company=_named(detail.company),
        area=_named(detail.area),
        pair_id=detail.pair_id,
        position=detail.position_wgs84,
        attributes=_attributes(kind, detail),
        geometry=None if detail.geometry is None else orjson.loads(detail.geometry),
        valid_from_at=detail.valid_from_at,
        valid_to_at=detail.valid_to_at,
        status=status,
        solved=None if solved is None else SolvedModel.model_validate(solved, from_attributes=True),
    )


def _attributes(kind: Kind, detail: AssetDetail) -> list[AttributeModel]:
    """Attributes in the order of the catalogue; those it does not know come last, under their own name."""
    known = [attribute.name for attribute in kind.attributes if attribute.name in detail.attributes]
    names = known + sorted(set(detail.attributes) - set(known))
    models = []
    for name in names:
        attribute, value = kind.attribute(name), detail.attributes[name]
        shown = value if value is None or isinstance(value, str | int | float | bool) else orjson.dumps(value).decode()
        models.append(
            AttributeModel(
                name=name,
                label_zh=name if attribute is None else attribute.label_zh,
                value=shown,
                unit="" if attribute is None else attribute.unit,
                meaning="" if attribute is None else attribute.codes.get(str(value), ""),
            )
        )
    return models
