"""What every route asks for: the caller, the city, the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request, WebSocket

from api.errors import NotSignedIn
from api.settings import Settings
from data.cities import resolve_city
from data.pool import Pool
from data.seats import StoredSeat
from twin.scope import Scope
from twin.seats import Permission, require_permission


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. Put into the request by the gate (`api/auth/gate.py`), which has checked that the seat may send it.

    Attributes
    ----------
    seat
        Name for the records; every write stores it.
    role, scope
        Role of the seat and what it may read.
    seat_id
        Row of the seat.
    permissions
        What it may change.
    stored
        The seat's row, for the routes of the session.
    """

    seat: str
    role: str
    scope: Scope
    seat_id: int | None = None
    permissions: frozenset[Permission] = frozenset()
    stored: StoredSeat | None = None

    def require(self, permission: Permission) -> None:
        """Raise `NotPermitted` unless the seat holds the permission."""
        require_permission(self.permissions, permission, role=self.role)


async def get_caller(request: Request) -> Caller:
    """Return the seat that the request carries (cookie, API key or demo seat).

    Raises
    ------
    NotSignedIn
        When it carries none.
    """
    return _require_caller(request.state.caller)


async def get_ws_caller(websocket: WebSocket) -> Caller:
    """Return the seat that a WebSocket carries (cookie, ticket or demo seat)."""
    return _require_caller(websocket.state.caller)


def _require_caller(caller: Caller | None) -> Caller:
    if caller is None:
        raise NotSignedIn("no seat came with the request: sign in with POST /session")
    return caller


async def get_pool(request: Request) -> Pool:
    """Return the pool of the process. Not a plain function: FastAPI would call that in a thread, for every request."""
    pool: Pool = request.app.state.pool
    return pool


async def get_settings(request: Request) -> Settings:
    """Return the settings that the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


CallerDep = Annotated[Caller, Depends(get_caller)]
WsCallerDep = Annotated[Caller, Depends(get_ws_caller)]
PoolDep = Annotated[Pool, Depends(get_pool)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
CityQuery = Annotated[int | None, Query(alias="city", description="City id; default: the lowest one you may see.", examples=[1])]


async def get_city(caller: CallerDep, pool: PoolDep, city: CityQuery = None) -> int:
    """Return the city of the request, checked against the Scope."""
    return await resolve_city(pool, caller.scope, city)


CityDep = Annotated[int, Depends(get_city)]
