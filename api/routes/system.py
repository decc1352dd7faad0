"""Is it alive, is it ready, which cities are there."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, PoolDep
from data.cities import list_cities
from data.health import read_health

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """State of the server."""

    alive: bool = Field(description="The process answers.", examples=[True])
    ready: bool = Field(description="The database answers and holds at least one city.", examples=[True])
    version: str = Field(examples=["0.1.0"])
    postgresql: str = Field(examples=["15.18"])
    postgis: str = Field(examples=["3.3.2"])
    schema_revision: str = Field(examples=["0001"])
    problem: str = Field(description="Why it is not ready; empty when it is.", examples=[""])


class CityModel(BaseModel):
    """One city."""

    city_id: int = Field(examples=[1])
    name_zh: str = Field(examples=["示例城区"])
    name_en: str = Field(examples=["Sample district"])
    zone: str = Field(examples=["Asia/Shanghai"])
    synthetic: bool = Field(description="True: generated data, labelled so on screen.")
    attribution: str
    assets_version: int
    bbox: tuple[float, float, float, float] | None = Field(description="west, south, east, north in WGS-84 degrees")


@router.get("/health")
async def health(response: Response, pool: PoolDep) -> Health:
    """Tell whether the server is alive and ready (503 when it is not ready)."""
    found = await read_health(pool)
    response.status_code = 200 if found.ready else 503
    return Health(
        alive=True,
        ready=found.ready,
        version=version("heat-twin"),
        postgresql=found.postgresql,
        postgis=found.postgis,
        schema_revision=found.schema_revision,
        problem=found.problem,
    )


@router.get("/cities")
async def cities(caller: CallerDep, pool: PoolDep) -> list[CityModel]:
    """List the cities that the caller may see."""
    found = await list_cities(pool, caller.scope)
    return [
        CityModel(
            city_id=city.city_id,
            name_zh=city.name_zh,
            name_en=city.name_en,
            zone=city.zone,
            synthetic=city.synthetic,
            attribution=city.attribution,
            assets_version=city.assets_version,
            bbox=city.bbox_wgs84,
        )
        for city in found
    ]
