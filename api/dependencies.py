"""What every route asks for: the caller, the city, the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from api.settings import Settings
from data.cities import resolve_city
from data.pool import Pool
from twin.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the seat's name for the records, its role, its Scope."""

    seat: str
    role: str
    scope: Scope


async def get_caller(request: Request) -> Caller:
    """Return the seat that the request carries (cookie, API key or demo seat)."""
    return Caller("program", "administrator", EVERYTHING)


def get_pool(request: Request) -> Pool:
    """Return the pool of the process."""
    return request.app.state.pool


def get_settings(request: Request) -> Settings:
    """Return the settings that the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


CallerDep = Annotated[Caller, Depends(get_caller)]
PoolDep = Annotated[Pool, Depends(get_pool)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
CityQuery = Annotated[int | None, Query(alias="city", description="City id; default: the lowest one you may see.", examples=[1])]


async def get_city(caller: CallerDep, pool: PoolDep, city: CityQuery = None) -> int:
    """Return the city of the request, checked against the Scope."""
    return await resolve_city(pool, caller.scope, city)


CityDep = Annotated[int, Depends(get_city)]
