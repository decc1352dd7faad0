"""Statistics: lengths of the network by class and band, substations, heat users and buildings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.answers import PRIVATE
from api.dependencies import CallerDep, CityDep, PoolDep
from data.sheets import Cell, csv_bytes, xlsx_bytes
from data.statistics import (
    MainStations,
    Part,
    count_buildings,
    count_users,
    read_lengths,
    read_substations,
    statistics_version,
)
from twin.kinds import KINDS
from twin.lengths import BREAKDOWN_NAMES, Breakdown, LengthRow, tabulate
from twin.station_counts import StationCount, count_stations

router = APIRouter(tags=["statistics"])

Format: TypeAlias = Literal["json", "csv", "xlsx"]
AreaQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only assets of this district.", examples=[3])]
CompanyQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only assets of this company.", examples=[5])]
FormatQuery = Annotated[Format, Query(alias="format", description="json, or the table as a file.")]

_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {} for media in _MEDIA.values()}, "description": "The table, as JSON or as a file."}
}
_LENGTH_ROW: JsonDict = {
    "class": "primary",
    "breakdown": "dn_band",
    "band": "300_800",
    "no": 7,
    "label_zh": "一级管网：300＜DN＜800",
    "label_en": "primary network: DN over 300 to below 800",
    "pipes": 412,
    "supply_km": 10.412,
    "reported_km": 10,
    "stated_pipes": 412,
    "stated_km": 10.407,
    "stated_difference_km": -0.005,
}


class LengthRowModel(BaseModel):
    """Supply pipes of one class and band."""

    network_class: str = Field(serialization_alias="class", description="long_distance, primary, secondary, direct, unknown.")
    breakdown: str = Field(description="class, laying, dn_band, material or age.")
    band: str = Field(description="Of the breakdown; total and renewed for class; unknown where the archive does not say.")
    no: int | None = Field(description="Row in the table of the standard; null where the standard has none.")
    label_zh: str
    label_en: str
    pipes: int
    supply_km: float | None = Field(description="On the ellipsoid. Renewed: null while no pipe tells a year of renewal.")
    reported_km: int | None = Field(description="The same without decimals, as the standard wants it.")
    stated_pipes: int = Field(description="Those that were delivered with a length.")
    stated_km: float = Field(description="Sum of the delivered lengths.")
    stated_difference_km: float = Field(description="Delivered less measured, of those pipes.")


class MainStationsModel(BaseModel):
    """Main stations of the long-distance network."""

    kind: str
    label_zh: str
    count: int
    design_power_mw: float | None
    design_flow_t_per_h: float | None
    first_year: int | None
    last_year: int | None


class LengthsAnswer(BaseModel):
    """Lengths as GB/T 43097-2023 6.1.2 counts them: the supply pipe, class by class."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "km",
                    "year": 2026,
                    "rows": [_LENGTH_ROW],
                    "total": 78.541,
                    "without_side_pipes": 0,
                    "without_side_km": 0.0,
                    "stations": [],
                    "assets_version": 3,
                    "counted_version": 3,
                    "counted_at": "2026-11-01T04:00:00Z",
                }
            ]
        }
    )

    unit: str = "km"
    year: int = Field(description="Ages count to this year; renewals are those of the year before.")
    rows: list[LengthRowModel]
    total: float = Field(description="All supply pipes, km.")
    without_side_pipes: int = Field(description="Pipes whose side is not delivered; they are in no row.")
    without_side_km: float
    stations: list[MainStationsModel]
    assets_version: int = Field(description="Version of the assets now.")
    counted_version: int = Field(description="Version that was measured; lower while the tiles are rebuilt.")
    counted_at: datetime


class StationCountModel(BaseModel):
    """So many substations have this value."""

    group: str = Field(description="total, size, or an attribute of substations.")
    value: str
    label_zh: str
    label_en: str
    count: int


class SubstationsAnswer(BaseModel):
    """Substations as GB/T 43097-2023 6.1.3 counts them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {
                            "group": "size",
                            "value": "to_10000",
                            "label_zh": "供热面积≤1万m²",
                            "label_en": "heated area up to 10,000 m2",
                            "count": 12,
                        }
                    ],
                    "stated_area_m2": 4_100_000.0,
                    "served_area_m2": 4_080_000.0,
                    "served_buildings": 1004,
                }
            ]
        }
    )

    rows: list[StationCountModel]
    stated_area_m2: float = Field(description="Sum of the heated areas that the archive states.")
    served_area_m2: float = Field(description="Sum over the buildings that they serve in the normal state of the valves.")
    served_buildings: int


class UserCountModel(BaseModel):
    """Heat users of one use and state."""

    resident: bool | None = Field(description="居民 or not; null = not given.")
    connected: bool | None = Field(description="在网 or 拆网.")
    heating: bool | None = Field(description="用热 or 停热.")
    users: int
    heated_area_m2: float


class BuildingCountModel(BaseModel):
    """Buildings of one type and energy class."""

    building_type: str = Field(description="Empty = not given.")
    energy_class: str
    buildings: int
    heat_users: int
    heated_area_m2: float


class UsersAnswer(BaseModel):
    """Heat users by use, connection and heating; buildings by type and energy class."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "users": [
                        {"resident": True, "connected": True, "heating": True, "users": 40_112, "heated_area_m2": 3_600_000.0}
                    ],
                    "buildings": [
                        {
                            "building_type": "居住建筑",
                            "energy_class": "三步节能",
                            "buildings": 800,
                            "heat_users": 40_000,
                            "heated_area_m2": 3_500_000.0,
                        }
                    ],
                }
            ]
        }
    )

    users: list[UserCountModel]
    buildings: list[BuildingCountModel]


@router.get("/statistics/lengths", response_model=LengthsAnswer, responses=_FILES)
async def get_lengths(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    by: Annotated[
        Breakdown | Literal["all"],
        Query(description="What lengths are broken down into; all: every table.", examples=["dn_band"]),
    ] = "class",
    year: Annotated[int | None, Query(ge=1900, le=2200, description="Year of the statistics; default: this year.")] = None,
    area_id: AreaQuery = None,
    company_id: CompanyQuery = None,
    file_format: FormatQuery = "json",
) -> Response:
    """Tell the length of the network by class, laying, diameter, material or age, as GB/T 43097-2023 6.1.2 asks."""
    version = await statistics_version(pool, city)
    found = await read_lengths(pool, caller.scope, city, Part(area_id, company_id))
    wanted_year = year or datetime.now(UTC).astimezone(ZoneInfo(version.zone)).year
    rows = tabulate(found.sums, BREAKDOWN_NAMES if by == "all" else (by,), year=wanted_year)
    models = [_length_row(row) for row in rows]
    if file_format != "json":
        return _file(f"lengths_{by}", file_format, list(_LENGTH_ROW), [list(model.model_dump().values()) for model in models])
    answer = LengthsAnswer(
        year=wanted_year,
        rows=models,
        total=_km(sum(each.length_m for each in found.sums)),
        without_side_pipes=found.without_side_count,
        without_side_km=_km(found.without_side_m),
        stations=[_stations(each) for each in found.stations],
        assets_version=version.assets_version,
        counted_version=version.counted_version,
        counted_at=version.counted_at,
    )
    return _json(answer)


@router.get("/statistics/substations", response_model=SubstationsAnswer, responses=_FILES)
async def get_substation_statistics(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    area_id: AreaQuery = None,
    company_id: CompanyQuery = None,
    file_format: FormatQuery = "json",
) -> Response:
    """Count substations by size and by what the catalogue has of GB/T 43097-2023 6.1.3."""
    stations = await read_substations(pool, caller.scope, city, Part(area_id, company_id))
    areas = [each.stated_area_m2 or each.served_area_m2 for each in stations]
    rows = [_station_row(row) for row in count_stations(areas, [each.attributes for each in stations])]
    if file_format != "json":
        return _file(
            "substations", file_format, list(StationCountModel.model_fields), [list(row.model_dump().values()) for row in rows]
        )
    return _json(
        SubstationsAnswer(
            rows=rows,
            stated_area_m2=sum(each.stated_area_m2 or 0.0 for each in stations),
            served_area_m2=sum(each.served_area_m2 or 0.0 for each in stations),
            served_buildings=sum(each.building_count for each in stations),
        )
    )


@router.get("/statistics/users", response_model=UsersAnswer, responses=_FILES)
async def get_user_statistics(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    area_id: AreaQuery = None,
    company_id: CompanyQuery = None,
    file_format: FormatQuery = "json",
) -> Response:
    """Count heat users by use, connection and heating, and buildings by type and energy class. The file holds the users."""
    part = Part(area_id, company_id)
    users = [
        UserCountModel(
            resident=each.resident,
            connected=each.connected,
            heating=each.heating,
            users=each.user_count,
            heated_area_m2=round(each.heated_area_m2, 2),
        )
        for each in await count_users(pool, caller.scope, city, part)
    ]
    if file_format != "json":
        return _file(
            "users", file_format, list(UserCountModel.model_fields), [list(user.model_dump().values()) for user in users]
        )
    buildings = [
        BuildingCountModel(
            building_type=each.building_type,
            energy_class=each.energy_class,
            buildings=each.building_count,
            heat_users=round(each.heat_user_count),
            heated_area_m2=round(each.heated_area_m2, 2),
        )
        for each in await count_buildings(pool, caller.scope, city, part)
    ]
    return _json(UsersAnswer(users=users, buildings=buildings))


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json", headers={"Cache-Control": PRIVATE})


def _file(name: str, file_format: Format, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Response:
    body = csv_bytes(head, rows) if file_format == "csv" else xlsx_bytes(name, head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{file_format}"', "Cache-Control": PRIVATE}
    return Response(body, media_type=_MEDIA[file_format], headers=headers)


def _km(metres: float) -> float:
    return round(metres / 1000.0, 3)


def _length_row(row: LengthRow) -> LengthRowModel:
    km = None if row.length_m is None else _km(row.length_m)
    return LengthRowModel(
        network_class=row.network_class,
        breakdown=row.breakdown,
        band=row.band,
        no=row.no,
        label_zh=row.label_zh,
        label_en=row.label_en,
        pipes=row.pipe_count,
        supply_km=km,
        # half a kilometre rounds up, as people do
        reported_km=None if row.length_m is None else int(row.length_m / 1000.0 + 0.5),
        stated_pipes=row.stated_count,
        stated_km=_km(row.stated_m),
        stated_difference_km=_km(row.stated_m - row.stated_measured_m),
    )


def _stations(found: MainStations) -> MainStationsModel:
    return MainStationsModel(
        kind=found.kind,
        label_zh=KINDS[found.kind].name_zh,
        count=found.station_count,
        design_power_mw=found.design_power_mw,
        design_flow_t_per_h=found.design_flow_t_per_h,
        first_year=found.first_year,
        last_year=found.last_year,
    )


def _station_row(row: StationCount) -> StationCountModel:
    return StationCountModel(
        group=row.group, value=row.value, label_zh=row.label_zh, label_en=row.label_en, count=row.station_count
    )
