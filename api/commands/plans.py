"""`heat-twin plans`: what work is planned or runs."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from api.database import open_database
from api.settings import Settings, read_settings
from data.cities import resolve_city
from data.plans import Plan, PlanFilter, PlanState, list_plans
from data.pool import open_pool
from twin.scope import EVERYTHING

_ZONE = ZoneInfo("Asia/Shanghai")
_MOST = 1000


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(plans)


def plans(
    *,
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="planned, running, finished or cancelled; default: all.")] = None,
    coming: Annotated[bool, typer.Option("--coming", help="Only plans that have not passed.")] = False,
) -> None:
    """List the plans of a city, one a line: number, state, period, crew, valves, who loses heat, title."""
    wanted = PlanFilter(states=None if state is None else (_state(state),), from_at=datetime.now(UTC) if coming else None)
    with open_database(read_settings()) as settings:
        total, found = asyncio.run(_read(settings, city, wanted))
    for plan in found:
        sys.stdout.write(_line(plan) + "\n")
    sys.stdout.write(f"{total} plans\n")


def _state(text: str) -> PlanState:
    match text:
        case "planned" | "running" | "finished" | "cancelled":
            return text
    raise typer.BadParameter(f"{text!r} is no state; states are planned, running, finished, cancelled")


async def _read(settings: Settings, city: int | None, wanted: PlanFilter) -> tuple[int, list[Plan]]:
    pool = await open_pool(settings.database_url, size=1)
    try:
        city_id = await resolve_city(pool, EVERYTHING, city)
        return await list_plans(pool, EVERYTHING, city_id, wanted, limit=_MOST, offset=0)
    finally:
        await pool.close()


def _line(plan: Plan) -> str:
    start, end = (at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M") for at in (plan.planned_from_at, plan.planned_to_at))
    lost = plan.lost.figures
    cost = f"{lost['buildings']:.0f} buildings, {lost['heat_user_count']:.0f} heat users lose heat"
    valves = " ".join(f"{valve.action} {valve.asset_id}" for valve in plan.valves) or "no valves"
    return f"{plan.plan_id:5} {plan.state:9} {start} - {end}  {plan.crew or '-'}  {valves}  {cost}  {plan.title}"
