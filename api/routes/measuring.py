"""Records of what measures where (CJ/T 545): measuring points, measuring devices, thresholds of three levels."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.live_room import LiveRoom
from api.routes.assets import parse_bbox
from data import measuring
from data.alarm_rules import ensure_device_rules
from data.measuring_records import store_devices, store_points, store_thresholds
from data.pool import Pool
from twin.measuring import (
    HEATING_NETWORK,
    AssetName,
    DeviceRecord,
    Limits,
    PointRecord,
    ThresholdRecord,
    read_limits,
    write_limits,
)
from twin.schemas import MAX_PERIOD_S

router = APIRouter(tags=["measuring points"])

MAX_RECORDS = 1_000
_BSM = r"^[0-9A-Za-z_-]{20}$"
_BSM_EXAMPLE = "HT0001JCD00000000001"
_DEVICE_EXAMPLE = "HT0001JCS00000000001"

Boundary = Literal["source_network", "network_station", "network_building"]
_Bsm = Annotated[
    str | None, Field(pattern=_BSM, description="标识码 BSM, 20 characters; left out: given.", examples=[_BSM_EXAMPLE])
]
_Short = Annotated[str, Field(min_length=1, max_length=256)]
_AssetQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only those at this asset.", examples=[12])]
_LimitQuery = Annotated[int, Query(ge=1, le=1000)]
_OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000)]
_PointQuery = Annotated[str | None, Query(max_length=20, description="标识码 BSM of a measuring point.", examples=[_BSM_EXAMPLE])]
_ItemQuery = Annotated[str | None, Query(max_length=32, description="监测项 JCX.", examples=["JCX_0014"])]


class _PointFields(BaseModel):
    """What a measuring point says of itself; names of CJ/T 545 in the descriptions."""

    facility_type: str = Field(HEATING_NETWORK, max_length=64, description="设施类型代码 SSLXDM.", examples=[HEATING_NETWORK])
    facility_name: _Short = Field(description="设施名称 SSMC.", examples=["一号换热站"])
    street: _Short = Field(description="所在街道 SZJD.", examples=["南湖街道"])
    point_type: _Short = Field(description="点位类型 DWLX.", examples=["管道"])
    point_code: _Short = Field(description="点位代码 DWDM; unique in the city.", examples=["CD-0001"])
    name: _Short = Field(description="点位名称 DWMC.", examples=["一次供水管测点"])
    position: str = Field("", max_length=256, description="监测位置 JCWZ.", examples=["站外 2 m"])
    elevation: str = Field("", max_length=64, description="高程 GC, as text.", examples=["212.5"])
    elevation_datum: str = Field("", max_length=64, description="高程基准 GCJZ.", examples=["1985国家高程基准"])
    boundary: Boundary | None = Field(
        None,
        description="Boundary joint it stands at: source_network 热源与管网, network_station 管网与热力站, "
        "network_building 热力入口.",
        examples=["network_station"],
    )


class PointBody(_PointFields):
    """A measuring point to register; the asset it stands at by id, or by kind and code."""

    model_config = ConfigDict(extra="forbid")

    bsm: _Bsm = None
    asset_id: int | None = Field(None, ge=1, le=2**31 - 1, examples=[12])
    asset_kind: str | None = Field(None, max_length=64, examples=["valve"])
    asset_code: str | None = Field(None, max_length=200, examples=["V001"])
    longitude_deg: float | None = Field(
        None, ge=-180, le=180, allow_inf_nan=False, description="WGS-84 (坐标X); left out: where the asset is.", examples=[125.32]
    )
    latitude_deg: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, description="WGS-84 (坐标Y).", examples=[43.88])


class PointsBody(BaseModel):
    """Measuring points to register together: all of them or none."""

    model_config = ConfigDict(extra="forbid")

    points: list[PointBody] = Field(min_length=1, max_length=MAX_RECORDS)


class PointModel(_PointFields):
    """A measuring point."""

    bsm: str = Field(description="标识码 BSM.", examples=[_BSM_EXAMPLE])
    asset_id: int = Field(examples=[12])
    asset_kind: str = Field(examples=["valve"])
    asset_code: str = Field(examples=["V001"])
    position_wgs84: tuple[float, float] | None = Field(description="Longitude, latitude in degrees.", examples=[(125.32, 43.88)])
    device_count: int = Field(description="Devices at this point, scrapped ones too.", examples=[2])
    seat: str = Field(description="Who registered it or changed it last.")
    changed_at: AwareDatetime


class PointsAnswer(BaseModel):
    """A page of measuring points by rising code."""

    total: int = Field(description="How many fit; the page may hold fewer.")
    items: list[PointModel]


class _DeviceFields(BaseModel):
    """What a measuring device says of itself."""

    point_bsm: str = Field(pattern=_BSM, description="点位标识码 DWBSM.", examples=[_BSM_EXAMPLE])
    device_type: str | None = Field(None, max_length=64, description="设备类型 SBLX; null: no code.", examples=["SBLX_0014"])
    device_code: _Short = Field(description="设备代码 SBDM; unique in the city.", examples=["WD-0001"])
    name: _Short = Field(description="设备名称 SBMC.", examples=["供水温度传感器"])
    maker: str = Field("", max_length=256, description="设备厂商信息 SBCSXX.")
    model: str = Field("", max_length=256, description="设备型号 SBXH.")
    position: _Short = Field(description="安装位置 AZWZ.", examples=["供水总管"])
    area: _Short = Field(description="所在区域 SZQY.", examples=["南关区"])
    street: _Short = Field(description="所在街道 SZJD.", examples=["南湖街道"])
    relative_height: str = Field("", max_length=64, description="相对高度 XDGD, as text.")
    installed_at: AwareDatetime = Field(description="安装时间 AZSJ.", examples=["2025-09-01T00:00:00Z"])
    origin: str = Field("", max_length=64, description="设备来源 SBLY.")
    item: str | None = Field(None, max_length=128, description="监测项 JCX; null: no code.", examples=["JCX_0014"])
    sampling_frequency: _Short = Field(description="采集频率 CJPL.", examples=["1次/分钟"])
    upload_frequency: _Short = Field(description="上传频率 SCPL.", examples=["1次/分钟"])
    power_supply: _Short = Field(description="供电方式 GDFS.", examples=["市电"])
    online_at: AwareDatetime = Field(description="注册上线时间 ZCSXSJ.", examples=["2025-10-01T00:00:00Z"])
    state: str = Field(
        "正常", max_length=16, description="设备状态 SBZT: 未使用, 正常, 试运行, 故障, 维修, 报废.", examples=["正常"]
    )


class DeviceBody(_DeviceFields):
    """A measuring device to register. Its values are frames of its own unless it names a source and a point of its schema."""

    model_config = ConfigDict(extra="forbid")

    bsm: _Bsm = None
    source: str | None = Field(None, max_length=200, description="Whose frames hold its values; left out: its own source.")
    point: str | None = Field(None, max_length=200, description="Point of that source's schema.")
    period_s: int = Field(60, ge=1, le=MAX_PERIOD_S, description="Expected seconds between values of its own source.")


class DevicesBody(BaseModel):
    """Measuring devices to register together: all of them or none."""

    model_config = ConfigDict(extra="forbid")

    devices: list[DeviceBody] = Field(min_length=1, max_length=MAX_RECORDS)


class DeviceModel(_DeviceFields):
    """A measuring device and where its values are."""

    bsm: str = Field(description="标识码 BSM.", examples=[_DEVICE_EXAMPLE])
    asset_id: int = Field(description="What its measuring point stands at.", examples=[12])
    source: str = Field(description="Whose frames hold its values.", examples=[f"measuring_device:{_DEVICE_EXAMPLE}"])
    schema_: str = Field(alias="schema", description="CODE/VERSION of that source's schema.", examples=["cjt545_jcx_0014/1"])
    point: str = Field(description="Point of that schema.", examples=["temperature_degc"])
    unit: str = Field(description="Unit of that point.", examples=["degC"])
    seat: str = Field(description="Who registered it or changed it last.")
    changed_at: AwareDatetime


class DevicesAnswer(BaseModel):
    """A page of measuring devices by rising code."""

    total: int = Field(description="How many fit; the page may hold fewer.")
    items: list[DeviceModel]


class LimitsModel(BaseModel):
    """Limits of one alarm level in the unit of the device's point."""

    model_config = ConfigDict(extra="forbid")

    below: float | None = Field(None, allow_inf_nan=False, description="Alarm below this.", examples=[35])
    above: float | None = Field(None, allow_inf_nan=False, description="Alarm above this.", examples=[95])


_LevelBody = LimitsModel | Annotated[str, Field(max_length=128, description="Like <0.2, >1.6, <0.2;>1.6 or 0.2~1.6.")]


class ThresholdBody(BaseModel):
    """Thresholds of a device to set: levels 1 (highest), 2, 3, each as limits or as the standard's text; left out = none."""

    model_config = ConfigDict(extra="forbid")

    bsm: _Bsm = None
    device_code: _Short = Field(description="监测设备代码 JCSBDM.", examples=["WD-0001"])
    level_1: _LevelBody = Field("", description="一级报警阈值 YJBJYZ.", examples=[">110"])
    level_2: _LevelBody = Field("", description="二级报警阈值 EJBJYZ.", examples=[{"above": 100}])
    level_3: _LevelBody = Field("", description="三级报警阈值 SJBJYZ.", examples=["<35;>95"])


class ThresholdsBody(BaseModel):
    """Thresholds to set together: all of them or none."""

    model_config = ConfigDict(extra="forbid")

    thresholds: list[ThresholdBody] = Field(min_length=1, max_length=MAX_RECORDS)


class LevelModel(LimitsModel):
    """Limits of one alarm level, with the standard's text."""

    level: int = Field(description="Alarm level, 1 = highest.", examples=[1])
    text: str = Field(description="As the standard's tables hold it.", examples=["<35;>95"])


class ThresholdModel(BaseModel):
    """Thresholds of a device's item."""

    bsm: str = Field(description="标识码 BSM.", examples=["HT0001JCY00000000001"])
    device_bsm: str = Field(examples=[_DEVICE_EXAMPLE])
    device_code: str = Field(description="监测设备代码 JCSBDM.", examples=["WD-0001"])
    device_type: str | None = Field(description="监测设备类型 JCSBLX.", examples=["SBLX_0014"])
    item: str | None = Field(description="监测项代码 JCXDM.", examples=["JCX_0014"])
    unit: str = Field(examples=["degC"])
    levels: list[LevelModel]
    seat: str = Field(description="Who set it last.")
    changed_at: AwareDatetime


class ThresholdsAnswer(BaseModel):
    """A page of thresholds by rising code."""

    total: int = Field(description="How many fit; the page may hold fewer.")
    items: list[ThresholdModel]


# ---------------------------------------------------------------- points


@router.get("/measuring-points")
async def get_points(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    asset_id: _AssetQuery = None,
    bbox: Annotated[
        str | None, Query(description="west,south,east,north in degrees", examples=["125.3,43.87,125.33,43.9"])
    ] = None,
    boundary: Annotated[Boundary | None, Query(description="Only those at such a boundary joint.")] = None,
    limit: _LimitQuery = 100,
    offset: _OffsetQuery = 0,
) -> PointsAnswer:
    """List measuring points (监测点位) at assets that the caller may see."""
    caller.scope.require_layer("readings")
    wanted = measuring.PointFilter(asset_id, None if bbox is None else parse_bbox(bbox), boundary)
    total, points = await measuring.list_points(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return PointsAnswer(total=total, items=[_point_model(point) for point in points])


@router.post("/measuring-points")
async def post_points(body: PointsBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> PointsAnswer:
    """Register measuring points, or change those of the same point code; the same list again changes nothing."""
    records = [_point_record(point) for point in body.points]
    bsm = await store_points(pool, caller.scope, city, records, seat=caller.seat)
    wanted = measuring.PointFilter(bsm=bsm)
    total, points = await measuring.list_points(pool, caller.scope, city, wanted, limit=MAX_RECORDS, offset=0)
    return PointsAnswer(total=total, items=[_point_model(point) for point in points])


def _point_record(body: PointBody) -> PointRecord:
    name = f"measuring point {body.point_code!r}"
    if (body.asset_id is None) == (body.asset_kind is None or body.asset_code is None):
        raise BadRequest(f"{name}: name the asset either by asset_id or by asset_kind and asset_code")
    if (body.longitude_deg is None) != (body.latitude_deg is None):
        raise BadRequest(f"{name}: give both longitude_deg and latitude_deg, or neither")
    lonlat = None if body.longitude_deg is None or body.latitude_deg is None else (body.longitude_deg, body.latitude_deg)
    given = body.model_dump(exclude={"asset_id", "asset_kind", "asset_code", "longitude_deg", "latitude_deg"})
    return PointRecord(**given, asset=AssetName(body.asset_id, body.asset_kind, body.asset_code), lonlat_wgs84=lonlat)


def _point_model(point: measuring.StoredPoint) -> PointModel:
    names = PointModel.model_fields.keys() - {"position_wgs84"}
    return PointModel(**{name: getattr(point, name) for name in names}, position_wgs84=point.lonlat_wgs84)


# ---------------------------------------------------------------- devices


@router.get("/measuring-devices")
async def get_devices(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    asset_id: _AssetQuery = None,
    point: _PointQuery = None,
    item: _ItemQuery = None,
    limit: _LimitQuery = 100,
    offset: _OffsetQuery = 0,
) -> DevicesAnswer:
    """List measuring devices (监测设备) with the source, schema and point where their values are."""
    wanted = measuring.DeviceFilter(asset_id, point, item)
    return await _devices(pool, caller, city, wanted, limit=limit, offset=offset)


@router.post("/measuring-devices")
async def post_devices(request: Request, body: DevicesBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> DevicesAnswer:
    """Register measuring devices, or change those of the same device code; the same list again changes nothing.

    A device that names no source gets one of its own, `measuring_device:<bsm>`, by the one-point schema of its item.
    """
    records = [DeviceRecord(**device.model_dump()) for device in body.devices]
    bsm = await store_devices(pool, caller.scope, city, records, seat=caller.seat)
    if any(record.source is None for record in records):
        live: LiveRoom = request.app.state.live
        await live.reload(city)
    return await _devices(pool, caller, city, measuring.DeviceFilter(bsm=bsm), limit=MAX_RECORDS, offset=0)


async def _devices(
    pool: Pool, caller: Caller, city: int, wanted: measuring.DeviceFilter, *, limit: int, offset: int
) -> DevicesAnswer:
    caller.scope.require_layer("readings")
    total, devices = await measuring.list_devices(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return DevicesAnswer(total=total, items=[_device_model(device) for device in devices])


def _device_model(device: measuring.StoredDevice) -> DeviceModel:
    names = DeviceModel.model_fields.keys() - {"schema_"}
    return DeviceModel(**{name: getattr(device, name) for name in names}, schema=device.schema)


# ---------------------------------------------------------------- thresholds


@router.get("/measuring-thresholds")
async def get_thresholds(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    asset_id: _AssetQuery = None,
    point: _PointQuery = None,
    item: _ItemQuery = None,
    limit: _LimitQuery = 100,
    offset: _OffsetQuery = 0,
) -> ThresholdsAnswer:
    """List alarm thresholds (监测项阈值) of measuring devices: three levels, 1 the highest."""
    wanted = measuring.DeviceFilter(asset_id, point, item)
    return await _thresholds(pool, caller, city, wanted, limit=limit, offset=offset)


@router.post("/measuring-thresholds")
async def post_thresholds(
    request: Request, body: ThresholdsBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ThresholdsAnswer:
    """Set the thresholds of devices in place of those they have."""
    records = [_threshold_record(threshold) for threshold in body.thresholds]
    devices = await store_thresholds(pool, caller.scope, city, records, seat=caller.seat)
    await ensure_device_rules(pool, city)
    live: LiveRoom = request.app.state.live
    await live.reload_rules(city)
    return await _thresholds(pool, caller, city, measuring.DeviceFilter(bsm=devices), limit=MAX_RECORDS, offset=0)


def _threshold_record(body: ThresholdBody) -> ThresholdRecord:
    return ThresholdRecord(body.bsm, body.device_code, (_limits(body.level_1), _limits(body.level_2), _limits(body.level_3)))


def _limits(level: LimitsModel | str) -> Limits:
    return read_limits(level) if isinstance(level, str) else Limits(level.below, level.above)


async def _thresholds(
    pool: Pool, caller: Caller, city: int, wanted: measuring.DeviceFilter, *, limit: int, offset: int
) -> ThresholdsAnswer:
    caller.scope.require_layer("readings")
    total, thresholds = await measuring.list_thresholds(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return ThresholdsAnswer(total=total, items=[_threshold_model(threshold) for threshold in thresholds])


def _threshold_model(threshold: measuring.StoredThreshold) -> ThresholdModel:
    levels = [
        LevelModel(level=level, below=limits.below, above=limits.above, text=write_limits(limits))
        for level, limits in enumerate(threshold.levels, 1)
    ]
    names = ThresholdModel.model_fields.keys() - {"levels"}
    return ThresholdModel(**{name: getattr(threshold, name) for name in names}, levels=levels)
