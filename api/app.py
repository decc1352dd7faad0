"""The server: `create_app(settings)` puts the rooms together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api import errors
from api.live_room import LiveRoom
from api.routes import alarms, jobs, live, metrics, readings, system, tiles
from api.settings import Settings
from data.pool import open_pool
from tiles.cache import TileCache

ROUTERS = (system.router, tiles.router, jobs.router, readings.router, alarms.router, live.router, metrics.router)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    pool = await open_pool(settings.database_url, size=settings.pool_size)
    app.state.pool = pool
    try:
        async with LiveRoom(pool) as app.state.live:
            yield
    finally:
        await pool.close()


def create_app(settings: Settings) -> FastAPI:
    """Make the server.

    Parameters
    ----------
    settings
        With `database_url` of a migrated PostGIS. Nothing else is read from outside.
    """
    app = FastAPI(title="heat twin", version=version("heat-twin"), lifespan=_lifespan)
    app.state.settings = settings
    app.state.tile_cache = TileCache(settings.tile_cache_mb * 2**20)
    app.add_middleware(metrics.RequestMeter)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
