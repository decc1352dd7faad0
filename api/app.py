"""The server: `create_app(settings)` puts the rooms together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from api import error_answers, reference, static_files
from api.arrivals_room import ArrivalsRoom
from api.auth.setup import install as install_gate
from api.auth.setup import prepare_seats
from api.bodies import BodyBudget, BodyGuard
from api.cause_room import CauseRoom
from api.channels import Channels
from api.headers import SecurityHeaders, allow_origins
from api.incident_leaks import LeakFinder
from api.incident_room import IncidentRoom
from api.interval_keeper import IntervalKeeper
from api.leak_room import LeakRoom
from api.listening import prepare_streams
from api.live_room import LiveRoom
from api.mqtt.room import MqttRoom
from api.networks import NetworkStore
from api.notice_room import NoticeRoom
from api.ogc import routes as ogc
from api.ogc import tile_routes as ogc_tiles
from api.ogc.kept import Kept
from api.overload import SenderRates, check_readings
from api.plan_losses import PlanLosses
from api.quality_lasting import LastingRoom
from api.quality_room import QualityRoom
from api.quality_uploads import STEADY_S, UploadRoom
from api.reading_keeper import ReadingKeeper
from api.refreshing import Refresher
from api.replay_room import ReplayRoom
from api.rolling import RollingRoom
from api.rollout_room import RolloutRoom
from api.routes import (
    alarm_actions,
    alarm_rules,
    alarms,
    archive,
    archives,
    arrivals,
    assets,
    causes,
    city_warnings,
    contents,
    coverage,
    customers,
    datums,
    drills,
    exchange,
    export,
    fields,
    history,
    incidents,
    intake,
    jobs,
    kinds,
    leaks,
    live,
    measuring,
    metrics,
    models3d,
    network,
    network_files,
    notice_subscriptions,
    notices,
    offsets,
    places,
    plan_areas,
    plans,
    problems,
    proposals,
    quality,
    quality_alarms,
    quality_checks,
    raster,
    readings,
    refresh,
    registers,
    retention,
    rollout,
    rollout_air,
    rollout_live,
    rollout_projects,
    rollout_sheets,
    scenes,
    seats,
    sections,
    sources,
    statistics,
    styles,
    system,
    tiles,
    tiles3d,
    traces,
    valves,
    what_if,
    zones,
)
from api.segment_room import SegmentRoom
from api.settings import Settings
from api.tile_archive_room import ArchiveRoom
from api.tile_door import TileDoor
from api.tile_news import TileNews
from api.tile_room import KIND, TileRoom
from api.tracing.criticals import Criticals
from api.tracing.facts import FactStore
from api.tracing.rooms import Outdoor, Rooms
from api.tracing.warming import warm
from api.upstream_keeper import UpstreamKeeper
from api.what_if_room import WhatIfRoom
from data.history.postgres import PostgresHistory
from data.pool import open_pool
from tiles.cache import TileCache

ROUTERS = (
    system.router,
    places.router,  # before the assets: /assets/nearest is no id
    traces.router,  # the questions of an emergency are matched early
    archive.router,
    proposals.router,
    refresh.router,
    assets.router,
    kinds.router,
    contents.router,
    registers.router,
    network.router,
    what_if.router,
    zones.router,
    network_files.router,
    valves.router,
    plans.router,
    plan_areas.router,
    customers.router,
    problems.router,
    tiles.router,
    archives.router,
    styles.router,
    ogc.router,
    ogc_tiles.router,
    rollout.router,
    rollout_air.router,
    rollout_live.router,
    rollout_projects.router,
    rollout_sheets.router,
    statistics.router,
    coverage.router,
    export.router,
    datums.router,
    offsets.router,
    scenes.router,
    tiles3d.router,
    sections.router,
    models3d.router,
    raster.router,
    fields.router,
    jobs.router,
    readings.router,
    measuring.router,
    history.router,
    sources.router,
    retention.router,
    intake.router,
    exchange.router,
    arrivals.router,
    alarm_rules.router,
    quality.router,
    quality_alarms.router,
    quality_checks.router,
    incidents.router,  # before the alarms: /alarms/flood is no number
    alarms.router,
    alarm_actions.router,
    city_warnings.router,
    drills.router,
    notices.router,
    notice_subscriptions.router,
    causes.router,
    leaks.router,
    live.router,
    metrics.router,
    seats.router,
    reference.router,
)


@asynccontextmanager
async def _entered(*rooms: AbstractAsyncContextManager[Any]) -> AsyncIterator[None]:
    """Enter rooms one after the other: the language nests twenty at most."""
    async with AsyncExitStack() as stack:
        for room in rooms:
            await stack.enter_async_context(room)
        yield


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    pool = await open_pool(settings.database_url, size=settings.pool_size)
    app.state.pool = pool
    app.state.networks = NetworkStore(settings.database_url, pool)
    app.state.leaks = LeakRoom(settings.database_url)
    app.state.plan_losses = PlanLosses()
    app.state.criticals = Criticals()
    facts = FactStore(settings.database_url)
    app.state.history = PostgresHistory(pool, settings.var_dir)
    try:
        await prepare_seats(settings, pool)
        cache: TileCache = app.state.tile_cache
        async with (
            LiveRoom(pool) as app.state.live,
            ArrivalsRoom(settings.database_url, pool, app.state.live) as app.state.arrivals,
            QualityRoom(pool, app.state.live, app.state.networks) as app.state.quality,
            _entered(
                LastingRoom(pool, app.state.quality, after_s=60.0 * settings.quality_check_minutes),
                UploadRoom(pool, app.state.quality, steady_s=min(60.0 * settings.quality_check_minutes, STEADY_S)),
            ),
            NoticeRoom(settings, pool, app.state.live) as app.state.notices,
            RollingRoom(pool, app.state.history, app.state.live),
            RolloutRoom(pool, app.state.live) as app.state.rollout,
            TileNews(settings.database_url, pool, partial(cache.drop, KIND)) as tile_news,
            Refresher(settings, pool) as app.state.refresher,
            WhatIfRoom(settings, pool) as app.state.what_ifs,
            SegmentRoom(app.state.live, app.state.networks) as app.state.segments,
            app.state.networks.warming(partial(warm, facts, app.state.criticals)),
            IntervalKeeper(settings.database_url, pool, app.state.networks),
            UpstreamKeeper(app.state.live, app.state.networks),
            CauseRoom(settings, app.state.networks) as app.state.causes,
            IncidentRoom(
                settings,
                pool,
                app.state.live,
                causes=app.state.causes,
                facts=facts,
                leaks=LeakFinder(pool, app.state.leaks),
            ) as app.state.incidents,
            ArchiveRoom(settings, pool) as app.state.archives,
            ReadingKeeper(settings),
            MqttRoom(settings, pool, app.state.live, app.state.identity, app.state.channels.mqtt) as app.state.mqtt,
        ):
            app.state.tile_room = TileRoom(settings, pool, cache, tile_news)
            app.state.replays = ReplayRoom(pool, app.state.history, app.state.live)
            app.state.rooms = Rooms(app.state.networks, facts, Outdoor(app.state.live))
            yield
    finally:
        app.state.history.close()
        await pool.close()


class _Application(FastAPI):
    """FastAPI without its telemetry, which reads the environment at every request: a cached tile would cost a quarter more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the middlewares."""
        await Starlette.__call__(self, scope, receive, send)


def create_app(settings: Settings) -> FastAPI:
    """Make the server.

    Parameters
    ----------
    settings
        With `database_url` of a migrated PostGIS. Nothing else is read from outside.
    """
    app = _Application(title="heat twin", version=version("heat-twin"), lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    # sheets are read one after the other: each takes a processor and some memory
    app.state.sheet_turn = asyncio.Semaphore(1)
    app.state.features_kept = Kept()
    app.state.channels = Channels()
    app.state.alarm_figures = metrics.AlarmFigures()
    app.state.exchange_lock = asyncio.Lock()
    prepare_streams(app)
    app.state.bodies = BodyBudget()
    app.state.sender_rates = SenderRates(settings.sender_frames_per_s)
    app.state.tile_cache = TileCache(settings.tile_cache_mb * 2**20)
    error_answers.install(app)
    for router in ROUTERS:
        app.include_router(router)
    static_files.install(app)
    # the last one added is the first one passed
    admission = install_gate(app, settings, api_paths(app))
    app.add_middleware(
        BodyGuard,
        budget=app.state.bodies,
        seconds=settings.body_seconds,
        checks={"/readings": (check_readings, readings.MAX_BODY_BYTES)},
    )
    app.add_middleware(metrics.RequestMeter)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(TileDoor, admission=admission)
    allow_origins(app, settings.allowed_origins)
    return app


def api_paths(app: FastAPI) -> list[str]:
    """Return the paths of every route of the API, those of the documentation included."""
    routes = [*app.routes, *(route for router in ROUTERS for route in router.routes)]
    return [route.path for route in routes if isinstance(route, Route | WebSocketRoute)]
