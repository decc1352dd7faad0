"""What a city holds: counts by kind, length of the network, users, findings, registers, and the files it all came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.answers import encoded_answer, preferred_encoding
from api.dependencies import CallerDep, CityDep, PoolDep
from api.routes.tiles import TileCacheDep
from api.tracing.findings import visible_findings
from data.contents import ContentsVersion, DeliveredLayer, KindCount, count_kinds, count_layers, read_delivered, read_version
from data.network import visible_rows
from data.rasters import RasterLayer, list_rasters
from topology.network import Network
from twin.city_layers import CITY_LAYERS
from twin.contents import GROUPS
from twin.kinds import KINDS, NETWORK_LEVELS
from twin.registers import REGISTERS
from twin.scope import Scope

router = APIRouter(tags=["contents"])

_OTHER_NAMES_ZH = {"rollout_rate": "清洁取暖率"}
_EXAMPLE: JsonDict = {
    "city_id": 1,
    "name_zh": "示例市",
    "name_en": "Sample city",
    "synthetic": True,
    "attribution": "示例数据（合成）synthetic",
    "assets_version": 3,
    "counted_version": 3,
    "counted_at": "2026-11-01T04:00:00Z",
    "asset_count": 60,
    "groups": [
        {
            "group": "network",
            "name_zh": "管网",
            "name_en": "Network",
            "kinds": [
                {
                    "kind": "substation",
                    "name_zh": "换热站",
                    "name_en": "substation",
                    "count": 60,
                    "placed_count": 60,
                    "bbox": [125.28, 43.84, 125.31, 43.87],
                }
            ],
        }
    ],
    "layers": [{"layer": "substation", "name_zh": "换热站", "name_en": "substation", "kind": "substation", "count": 60}],
    "supply_length_m": 78_540.0,
    "levels": [{"level": "primary", "name_zh": "一次网", "name_en": "primary network", "supply_length_m": 12_400.0}],
    "heat_user_count": 44_210,
    "heated_area_m2": 4_100_000.0,
    "finding_count": 0,
    "registers": [{"kind": "household", "name_zh": "农户", "name_en": "rural households", "count": 1200}],
    "sources": [
        {
            "layer": "substations.shp > substation",
            "file": "substations.shp",
            "kind": "substation",
            "kind_zh": "换热站",
            "row_count": 60,
            "rejected_count": 0,
            "datum": "gk3(126)",
            "evidence": "prj file",
            "operation": "CGCS2000 3-degree Gauss-Kruger to WGS 84",
            "accuracy_m": 1.0,
            "vertex_count": 60,
            "import_id": 1,
            "imported_at": "2026-11-01T04:00:00Z",
        }
    ],
    "rasters": [
        {"layer": "ground", "style": "hillshade", "attribution": "示例数据（合成）synthetic", "added_at": "2026-11-01T04:00:00Z"}
    ],
}


class KindModel(BaseModel):
    """Assets of one kind."""

    kind: str
    name_zh: str
    name_en: str
    count: int
    placed_count: int = Field(description="Those with a place on the map.")
    bbox: tuple[float, float, float, float] | None = Field(
        description="west, south, east, north in WGS-84 degrees; null where none has a place"
    )


class GroupModel(BaseModel):
    """Kinds that are shown together; kinds without assets are left out."""

    group: str
    name_zh: str
    name_en: str
    kinds: list[KindModel]


class CityLayerModel(BaseModel):
    """One of the 23 layers that a city hands over, and what came of it."""

    layer: str = Field(description="Name in a manifest.")
    name_zh: str
    name_en: str
    kind: str = Field(description="Kind that its rows become.")
    count: int


class LevelModel(BaseModel):
    """Supply pipe of one network level."""

    level: str = Field(description="transmission, primary, secondary; empty where the delivery does not say.")
    name_zh: str
    name_en: str
    supply_length_m: float


class RegisterCountModel(BaseModel):
    """Rows of one register."""

    kind: str = Field(description="Name of the register.")
    name_zh: str
    name_en: str
    count: int


class DeliveredLayerModel(BaseModel):
    """A delivered layer as its last import reported it."""

    layer: str = Field(description="Name of the layer: file, inner layer and kind.")
    file: str
    kind: str
    kind_zh: str
    row_count: int = Field(description="Rows in the file.")
    rejected_count: int = Field(description="Rows that were not imported.")
    datum: str | None = Field(description="Datum of the file; null for a layer without places.")
    evidence: str | None = Field(description="Why that datum.")
    operation: str | None = Field(description="What was done to reach WGS-84.")
    accuracy_m: float | None = Field(description="Stated accuracy of the operation; null = unknown.")
    vertex_count: int | None
    import_id: int
    imported_at: datetime


class DeliveredRasterModel(BaseModel):
    """A raster layer of the city."""

    model_config = ConfigDict(from_attributes=True)

    layer: str
    style: str
    attribution: str
    added_at: datetime


class ContentsAnswer(BaseModel):
    """What a city holds, as far as the caller may see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    city_id: int
    name_zh: str
    name_en: str
    synthetic: bool = Field(description="True: made up, and to be labelled so.")
    attribution: str
    assets_version: int = Field(description="Version of the assets now.")
    counted_version: int = Field(description="Version of the assets that the counts are of; lower while tiles are rebuilt.")
    counted_at: datetime
    asset_count: int
    groups: list[GroupModel]
    layers: list[CityLayerModel] = Field(description="The 23 layers of a city's hand-over, in their order; 0 where none came.")
    supply_length_m: float = Field(description="Supply pipes of the heat network; the return pipes are as long again.")
    levels: list[LevelModel]
    heat_user_count: int = Field(description="Sum over the visible buildings.")
    heated_area_m2: float = Field(description="Sum over the visible buildings.")
    finding_count: int | None = Field(
        description="What the network check found; null until the network has been read (GET /network/findings reads it)."
    )
    registers: list[RegisterCountModel] = Field(description="Rows of each register; registers without rows are left out.")
    sources: list[DeliveredLayerModel]
    rasters: list[DeliveredRasterModel]


@router.get("/contents", response_model=ContentsAnswer, responses={304: {"description": "Unchanged."}})
async def get_contents(*, request: Request, caller: CallerDep, city: CityDep, pool: PoolDep, cache: TileCacheDep) -> Response:
    """Tell what the city holds: assets by kind, length of the network, users, findings, and the files it came from."""
    version = await read_version(pool, city)
    network = await request.app.state.networks.held(city)
    drawn = None if network is None else (network.network_version, network.valve_version)

    async def compute() -> bytes:
        counts = await count_kinds(pool, caller.scope, city)
        found = _Found(
            counts=counts,
            layers=await count_layers(pool, caller.scope, city, counts),
            delivered=await read_delivered(pool, caller.scope, city),
            rasters=await list_rasters(pool, city),
            finding_count=None if network is None else _finding_count(network, caller.scope),
        )
        return _answer(city, version, found).model_dump_json().encode()

    key = ("contents", city, caller.scope.rights_class, version.key, drawn)
    entry = await cache.get(key, preferred_encoding(request), compute)
    return encoded_answer(request, entry, "application/json")


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read for an answer."""

    counts: Sequence[KindCount]
    layers: Mapping[str, int]
    delivered: Sequence[DeliveredLayer]
    rasters: Sequence[RasterLayer]
    finding_count: int | None


def _finding_count(network: Network, scope: Scope) -> int:
    return len(visible_findings(network, scope, visible_rows(network, scope), network.findings))


def _answer(city_id: int, version: ContentsVersion, found: _Found) -> ContentsAnswer:
    counts = found.counts
    return ContentsAnswer(
        city_id=city_id,
        name_zh=version.name_zh,
        name_en=version.name_en,
        synthetic=version.synthetic,
        attribution=version.attribution,
        assets_version=version.assets_version,
        counted_version=version.counted_version,
        counted_at=version.counted_at,
        asset_count=sum(count.asset_count for count in counts if count.kind in KINDS),
        groups=_groups(counts),
        layers=[
            CityLayerModel(
                layer=layer.name, name_zh=layer.name_zh, name_en=layer.name_en, kind=layer.kind, count=found.layers[layer.name]
            )
            for layer in CITY_LAYERS
        ],
        supply_length_m=sum(count.supply_length_m for count in counts),
        levels=_levels(counts),
        heat_user_count=round(sum(count.heat_user_count for count in counts)),
        heated_area_m2=sum(count.heated_area_m2 for count in counts),
        finding_count=found.finding_count,
        registers=_registers(counts),
        sources=[_source(layer) for layer in found.delivered],
        rasters=[DeliveredRasterModel.model_validate(layer) for layer in found.rasters],
    )


def _groups(counts: Sequence[KindCount]) -> list[GroupModel]:
    groups = []
    for group in GROUPS:
        of_kinds = ([count for count in counts if count.kind == kind] for kind in group.kinds)
        kinds = [_kind(found) for found in of_kinds if found]
        if kinds:
            groups.append(GroupModel(group=group.name, name_zh=group.name_zh, name_en=group.name_en, kinds=kinds))
    return groups


def _kind(counts: Sequence[KindCount]) -> KindModel:
    name = counts[0].kind
    boxes = [count.box_wgs84 for count in counts if count.box_wgs84 is not None]
    return KindModel(
        kind=name,
        name_zh=KINDS[name].name_zh,
        name_en=name.replace("_", " "),
        count=sum(count.asset_count for count in counts),
        placed_count=sum(count.placed_count for count in counts),
        bbox=_around(boxes) if boxes else None,
    )


def _around(boxes: Iterable[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _levels(counts: Sequence[KindCount]) -> list[LevelModel]:
    of_level = {count.level: count.supply_length_m for count in counts if count.kind == "pipe" and count.supply_length_m > 0}
    names = {level: text.split(" ", 1) for level, text in NETWORK_LEVELS.items()} | {"": ["级别不明", "level unknown"]}
    return [
        LevelModel(level=level, name_zh=name_zh, name_en=name_en, supply_length_m=of_level[level])
        for level, (name_zh, name_en) in names.items()
        if level in of_level
    ]


def _registers(counts: Sequence[KindCount]) -> list[RegisterCountModel]:
    rows = {count.kind: count.asset_count for count in counts}
    return [
        RegisterCountModel(kind=name, name_zh=register.kind.name_zh, name_en=register.name_en, count=rows[name])
        for name, register in REGISTERS.items()
        if name in rows
    ]


def _source(layer: DeliveredLayer) -> DeliveredLayerModel:
    return DeliveredLayerModel(
        layer=layer.layer,
        file=layer.file,
        kind=layer.kind,
        kind_zh=_name_zh(layer.kind),
        row_count=layer.read_count,
        rejected_count=layer.rejected_count,
        datum=layer.datum,
        evidence=layer.evidence,
        operation=layer.operation,
        accuracy_m=layer.accuracy_m,
        vertex_count=layer.vertex_count,
        import_id=layer.import_id,
        imported_at=layer.imported_at,
    )


def _name_zh(kind: str) -> str:
    if kind in KINDS:
        return KINDS[kind].name_zh
    return REGISTERS[kind].kind.name_zh if kind in REGISTERS else _OTHER_NAMES_ZH.get(kind, kind)
