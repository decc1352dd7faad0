"""The server: `create_app(settings)` puts the rooms together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api import errors
from api.routes import jobs, system, tiles
from api.settings import Settings
from data.pool import open_pool
from tiles.cache import TileCache

ROUTERS = (system.router, tiles.router, jobs.router)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    pool = await open_pool(settings.database_url, size=settings.pool_size)
    app.state.pool = pool
    try:
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
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
