"""Every table of the store, described with SQLAlchemy and GeoAlchemy2; Alembic migrates from here.

`city_id` leads every primary key, so that a city is the unit of sharding. Geometry is WGS-84 (SRID 4326), except for the
derived tile copies in Web Mercator (SRID 3857). Times are `timestamptz` and their names end in `_at`.
"""

from __future__ import annotations

from data.tables.arrivals import arrival_day, arrival_hour, arrival_refusal, arrival_start, arrival_unregistered
from data.tables.assets import asset, asset_key, city
from data.tables.changes import archive_change, proposal
from data.tables.columns import metadata
from data.tables.coverage import coverage, coverage_version, rollout_rate, served_building
from data.tables.desk import alarm_limit, drill, drill_alarm, warning, warning_event
from data.tables.history import rollup_block, rollup_mark, rollup_progress
from data.tables.imports import datum_conversion, import_run
from data.tables.incidents import incident, incident_alarm, incident_answer, incident_log, incident_watch
from data.tables.jobs import job
from data.tables.live import (
    alarm,
    alarm_rule,
    alarm_transition,
    frame_schema,
    latest_checkpoint,
    reading_commit,
    reading_conflict,
    reading_frame,
    source,
)
from data.tables.measuring import measuring_device, measuring_point, measuring_threshold
from data.tables.models3d import building_surface, model3d
from data.tables.network import (
    interval_element,
    interval_pipe,
    interval_version,
    source_state,
    source_state_history,
    valve_state,
    valve_state_history,
)
from data.tables.notices import (
    notice,
    notice_cursor,
    notice_item,
    notice_read,
    notice_rule,
    notice_seen,
    notice_subscription,
    push_endpoint,
)
from data.tables.plans import plan, plan_event, plan_valve
from data.tables.problems import problem, problem_decision
from data.tables.quality import quality_count, quality_day, quality_rule
from data.tables.reading_archive import reading_archive, reading_restored, reading_retention
from data.tables.refusals import intake_refusal
from data.tables.registers import register_row, register_version
from data.tables.rollout import (
    rollout_area,
    rollout_factor,
    rollout_hour,
    rollout_part,
    rollout_sample,
    rollout_sum,
    rollout_use,
    rollout_version,
)
from data.tables.seats import api_key, api_nonce, organisation, person, seat, session, session_ticket
from data.tables.tiles import (
    asset_summary,
    raster_layer,
    tile_base,
    tile_building,
    tile_coverage,
    tile_pipe,
    tile_pipe_zoom,
    tile_point,
    tile_version,
)
from data.tables.zones import what_if_result, zone_pipe, zone_solution, zone_station, zone_sweep

__all__ = [
    "alarm",
    "alarm_limit",
    "alarm_rule",
    "alarm_transition",
    "api_key",
    "api_nonce",
    "archive_change",
    "arrival_day",
    "arrival_hour",
    "arrival_refusal",
    "arrival_start",
    "arrival_unregistered",
    "asset",
    "asset_key",
    "asset_summary",
    "building_surface",
    "city",
    "coverage",
    "coverage_version",
    "datum_conversion",
    "drill",
    "drill_alarm",
    "frame_schema",
    "import_run",
    "incident",
    "incident_alarm",
    "incident_answer",
    "incident_log",
    "incident_watch",
    "intake_refusal",
    "interval_element",
    "interval_pipe",
    "interval_version",
    "job",
    "latest_checkpoint",
    "measuring_device",
    "measuring_point",
    "measuring_threshold",
    "metadata",
    "model3d",
    "notice",
    "notice_cursor",
    "notice_item",
    "notice_read",
    "notice_rule",
    "notice_seen",
    "notice_subscription",
    "organisation",
    "person",
    "plan",
    "plan_event",
    "plan_valve",
    "problem",
    "problem_decision",
    "proposal",
    "push_endpoint",
    "quality_count",
    "quality_day",
    "quality_rule",
    "raster_layer",
    "reading_archive",
    "reading_commit",
    "reading_conflict",
    "reading_frame",
    "reading_restored",
    "reading_retention",
    "register_row",
    "register_version",
    "rollout_area",
    "rollout_factor",
    "rollout_hour",
    "rollout_part",
    "rollout_rate",
    "rollout_sample",
    "rollout_sum",
    "rollout_use",
    "rollout_version",
    "rollup_block",
    "rollup_mark",
    "rollup_progress",
    "seat",
    "served_building",
    "session",
    "session_ticket",
    "source",
    "source_state",
    "source_state_history",
    "tile_base",
    "tile_building",
    "tile_coverage",
    "tile_pipe",
    "tile_pipe_zoom",
    "tile_point",
    "tile_version",
    "valve_state",
    "valve_state_history",
    "warning",
    "warning_event",
    "what_if_result",
    "zone_pipe",
    "zone_solution",
    "zone_station",
    "zone_sweep",
]
