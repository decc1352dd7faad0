"""Figures of the clean-heating rollout."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.rollout import read_district_rates
from twin.rollout import CLEAN_HEATING_RATE

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
