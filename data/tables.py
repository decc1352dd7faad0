"""Every table of the store, described with SQLAlchemy and GeoAlchemy2; Alembic migrates from here.

`city_id` leads every primary key, so that a city is the unit of sharding. Geometry is WGS-84 (SRID 4326), except for the
derived tile copies in Web Mercator (SRID 3857). Times are `timestamptz` and their names end in `_at`.
"""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _at(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **options)


def _now(name: str) -> Column[Any]:
    return _at(name, nullable=False, server_default=func.now())


def _geometry(name: str, kind: str, srid: int, *, dimension: int = 2, nullable: bool = True) -> Column[Any]:
    return Column(name, Geometry(kind, srid=srid, dimension=dimension, spatial_index=False), nullable=nullable)


# ---------------------------------------------------------------- cities and assets

city = Table(
    "city",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("zone", Text, nullable=False, comment="IANA time zone of daily figures"),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("attribution", Text, nullable=False, server_default=""),
    Column("assets_version", BigInteger, nullable=False, server_default="0", comment="rises with every change of assets"),
    Column("network_version", BigInteger, nullable=False, server_default="0"),
    Column("valve_version", BigInteger, nullable=False, server_default="0"),
    Column("extent", ARRAY(Double), comment="west, south, east, north in degrees as a manifest states them; NULL = none does"),
)

asset_key = Table(
    "asset_key",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("asset_id", Integer, nullable=False),
    UniqueConstraint("city_id", "asset_id"),
)

asset = Table(
    "asset",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="1, 2, ... of this asset"),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("source_key", Text, nullable=False, server_default="", comment="key in the delivered file"),
    Column("company_id", Integer, comment="asset_id of the owner company"),
    Column("area_id", Integer, comment="asset_id of the district that holds it"),
    Column("pair_id", Integer, comment="smallest asset_id of the supply/return pair"),
    # no type modifier: it would refuse either 2D or 3D, and z is kept where a delivery gives it
    Column("geom", Geometry(geometry_type=None, srid=-1, spatial_index=False)),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("row_sha256", LargeBinary, nullable=False, comment="hash of the content; equal hash = no new version"),
    _now("valid_from_at"),
    _at("valid_to_at", comment="NULL = current"),
    Column("import_id", BigInteger),
    Column("change_id", Integer, comment="change that wrote this version"),
    Column("ended_by", Integer, comment="change that replaced or retired this version; NULL = current"),
    Column("delivered_sha256", LargeBinary, comment="hash of what was last delivered, where an edit has replaced it"),
    Column("layer_no", SmallInteger, comment="layer of the import, from 1, in archive_change.layers"),
    CheckConstraint("st_srid(geom) = 4326", name="srid"),
)
_CURRENT = text("valid_to_at is null")
Index("ix_asset_current", asset.c.city_id, asset.c.asset_id, unique=True, postgresql_where=_CURRENT)
Index("ix_asset_kind", asset.c.city_id, asset.c.kind, asset.c.code, postgresql_where=_CURRENT)
Index("ix_asset_geom", asset.c.geom, postgresql_using="gist", postgresql_where=_CURRENT)
Index("ix_asset_source_key", asset.c.city_id, asset.c.source_key, postgresql_where=_CURRENT)
Index(
    "ix_asset_pair_code",
    asset.c.city_id,
    asset.c.kind,
    text("(attributes ->> 'pair_code')"),
    postgresql_where=text("valid_to_at is null and (attributes ->> 'pair_code') is not null"),
)
_PAST = text("valid_to_at is not null")
Index(
    "ix_asset_unified_code",
    text("(attributes ->> 'unified_code')"),
    postgresql_where=text("valid_to_at is null and (attributes ->> 'unified_code') is not null"),
    _table=asset,
)
Index("ix_asset_past_kind", asset.c.city_id, asset.c.kind, asset.c.code, postgresql_where=_PAST)
Index("ix_asset_past_geom", asset.c.geom, postgresql_using="gist", postgresql_where=_PAST)
Index("ix_asset_change", asset.c.city_id, asset.c.change_id, asset.c.asset_id)
Index("ix_asset_ended_by", asset.c.city_id, asset.c.ended_by, asset.c.asset_id, postgresql_where=text("ended_by is not null"))

# ---------------------------------------------------------------- changes

archive_change = Table(
    "archive_change",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("change_id", Integer, primary_key=True, autoincrement=False, comment="1, 2, ... of the city, in the order of time"),
    _at("made_at", nullable=False, comment="valid_from_at of what it wrote and valid_to_at of what it ended"),
    Column("seat", Text, nullable=False, comment="who"),
    Column("reason", Text, nullable=False, comment="why"),
    Column("origin", Text, nullable=False, comment="import | edit | repair | restore | approval"),
    Column(
        "source", Text, nullable=False, server_default="", comment="where the new content comes from: manifest, rule, document"
    ),
    Column("import_id", BigInteger),
    Column("layers", ARRAY(Text), nullable=False, server_default="{}", comment="file > kind of each layer of an import"),
    Column("reverts", Integer, comment="change that this one takes back"),
    Column("counts", JSONB, nullable=False, comment="added, changed, retired assets; register_added, register_changed rows"),
    CheckConstraint("origin in ('import', 'edit', 'repair', 'restore', 'approval')", name="origin"),
    comment="every change of the archive: who, when, why, from what",
)
Index("ix_archive_change_made_at", archive_change.c.city_id, archive_change.c.made_at)

proposal = Table(
    "proposal",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("proposal_id", Integer, primary_key=True, autoincrement=False, comment="1, 2, ... of the city"),
    Column("asset_id", Integer, nullable=False),
    Column("version", Integer, nullable=False, comment="version of the asset that it was made against"),
    Column("name", Text, comment="NULL = as it is"),
    Column("attributes", JSONB, nullable=False, comment="merged into the asset's; null removes a key"),
    Column("geom", Geometry(geometry_type=None, srid=-1, spatial_index=False), comment="NULL = as it is"),
    Column("retire", Boolean, nullable=False, server_default=text("false")),
    Column("seat", Text, nullable=False, comment="who proposes"),
    Column("seat_id", Integer, comment="row of that seat: only it may withdraw"),
    Column("reason", Text, nullable=False),
    _at("proposed_at", nullable=False),
    Column("state", Text, nullable=False, server_default="open", comment="open | approved | rejected | withdrawn"),
    Column("decided_by", Text, comment="seat"),
    _at("decided_at"),
    Column("decision_reason", Text),
    Column("change_id", Integer, comment="change that an approval made"),
    CheckConstraint("state in ('open', 'approved', 'rejected', 'withdrawn')", name="state"),
    comment="changes that wait for somebody who may approve them",
)
Index("ix_proposal_state", proposal.c.city_id, proposal.c.state, proposal.c.proposal_id)
Index("ix_proposal_asset", proposal.c.city_id, proposal.c.asset_id)

# ---------------------------------------------------------------- registers

register_row = Table(
    "register_row",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="heat_user | household | retrofit_project"),
    Column("row_id", Integer, primary_key=True, autoincrement=False, comment="dense within its register, never given twice"),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("source_key", Text, nullable=False, server_default="", comment="key in the delivered file"),
    Column("asset_id", Integer, comment="building, village or area that it hangs on; NULL = not among the assets"),
    Column("company_id", Integer, comment="asset_id of the owner company"),
    Column("area_id", Integer, comment="asset_id of the district that holds it"),
    _geometry("geom", "POINT", 4326),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("row_sha256", LargeBinary, nullable=False, comment="hash of the content; equal hash = no change"),
    _now("changed_at"),
    Column("import_id", BigInteger, nullable=False, comment="import that wrote it last"),
    Column("change_id", Integer, comment="change that wrote it last"),
    UniqueConstraint("city_id", "kind", "code"),
    comment="rows that hang on an asset and are none: heat users, rural households, projects",
)
Index("ix_register_row_asset", register_row.c.city_id, register_row.c.asset_id, register_row.c.kind)
Index("ix_register_row_area", register_row.c.city_id, register_row.c.area_id, register_row.c.kind)

register_version = Table(
    "register_version",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("row_id", Integer, primary_key=True, autoincrement=False),
    _at("valid_from_at", primary_key=True),
    _at("valid_to_at", nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("asset_id", Integer),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "POINT", 4326),
    Column("attributes", JSONB, nullable=False),
    Column("row_sha256", LargeBinary, nullable=False),
    Column("import_id", BigInteger, nullable=False, comment="import that wrote it"),
    Column("change_id", Integer, comment="change that wrote it"),
    Column("ended_by", Integer, nullable=False, comment="change that replaced it"),
    comment="rows of registers as they were before a later delivery changed them",
)
Index("ix_register_version_ended_by", register_version.c.city_id, register_version.c.ended_by)

# ---------------------------------------------------------------- imports

import_run = Table(
    "import_run",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("import_id", BigInteger, Identity(), primary_key=True),
    Column("manifest_sha256", LargeBinary, nullable=False),
    Column("seat", Text, nullable=False, comment="who imported"),
    _now("finished_at"),
    Column("report", JSONB, nullable=False),
)

datum_conversion = Table(
    "datum_conversion",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("layer", Text, primary_key=True),
    Column("input_sha256", LargeBinary, nullable=False),
    Column("output_sha256", LargeBinary, nullable=False),
    Column("datum", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("operation", Text, nullable=False, comment="text of the operation that ran"),
    Column("accuracy_m", Double, comment="stated accuracy; NULL = unknown"),
    Column("vertex_count", Integer, nullable=False),
    Column("round_trip_max_m", Double),
    Column("file", Text, nullable=False, server_default=""),
    Column("datum_out", Text, nullable=False, server_default="wgs84", comment="system of the result"),
    Column("parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="of a local or old datum"),
    Column("bounds_in", ARRAY(Double), comment="left, bottom, right, top in the unit of the datum"),
    Column("bounds_out", ARRAY(Double), comment="west, south, east, north in degrees"),
    Column("seconds", Double, comment="duration of the conversion"),
    Column("program_version", Text, nullable=False, server_default=""),
    Column("seat", Text, nullable=False, server_default="", comment="who imported"),
    _now("made_at"),
    Column(
        "sketch", ARRAY(BigInteger), nullable=False, server_default="{}", comment="sampled hashes of the vertices of the result"
    ),
    Column("sketch_level", SmallInteger, nullable=False, server_default="0", comment="one vertex in 2^level is in the sketch"),
)
Index("ix_datum_conversion_output", datum_conversion.c.output_sha256)
Index("ix_datum_conversion_sketch", datum_conversion.c.sketch, postgresql_using="gin")
Index("ix_datum_conversion_made_at", datum_conversion.c.city_id, datum_conversion.c.made_at)

# ---------------------------------------------------------------- network state

valve_state = Table(
    "valve_state",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False, comment="measured | reported | assumed"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    _now("changed_at"),
    CheckConstraint("state in ('open', 'closed', 'unknown')", name="state"),
    CheckConstraint("origin in ('measured', 'reported', 'assumed')", name="origin"),
)

# ---------------------------------------------------------------- readings and alarms

frame_schema = Table(
    "frame_schema",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("schema_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("points", JSONB, nullable=False, comment="ordered list: name, quantity, unit, side, slot gauge|total, min, max"),
    UniqueConstraint("city_id", "code", "version"),
)

source = Table(
    "source",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("asset_id", Integer, nullable=False),
    Column("schema_id", Integer, nullable=False),
    Column("period_s", Integer, nullable=False, server_default="60"),
    UniqueConstraint("city_id", "code"),
)

reading_frame = Table(
    "reading_frame",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    _at("observed_at", primary_key=True),
    _now("received_at"),
    Column("schema_id", Integer, nullable=False),
    Column("gauges", ARRAY(REAL), nullable=False, comment="32-bit slots in schema order"),
    Column("totals", ARRAY(Double), nullable=False, comment="64-bit slots in schema order"),
    Column("quality", LargeBinary, nullable=False, comment="QARTOD, one byte a point in schema order"),
    postgresql_partition_by="RANGE (observed_at)",
)
Index("ix_reading_frame_observed_at", reading_frame.c.observed_at, postgresql_using="brin")

reading_conflict = Table(
    "reading_conflict",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("conflict_id", BigInteger, Identity(), primary_key=True),
    Column("source_id", Integer, nullable=False),
    _at("observed_at", nullable=False),
    _now("received_at"),
    Column("schema_id", Integer, nullable=False),
    Column("gauges", ARRAY(REAL), nullable=False),
    Column("totals", ARRAY(Double), nullable=False),
    Column("quality", LargeBinary, nullable=False),
)
Index("ix_reading_conflict_key", reading_conflict.c.city_id, reading_conflict.c.source_id, reading_conflict.c.observed_at)

latest_frame = Table(
    "latest_frame",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    _at("observed_at", nullable=False),
    Column("gauges", ARRAY(REAL), nullable=False),
    Column("totals", ARRAY(Double), nullable=False),
    Column("quality", LargeBinary, nullable=False),
    prefixes=["UNLOGGED"],
)

alarm_rule = Table(
    "alarm_rule",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("rule_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("schema_code", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("above", Double, comment="alarm while value > above"),
    Column("below", Double, comment="alarm while value < below"),
    Column("deadband", Double, nullable=False, server_default="0"),
    Column("level", SmallInteger, nullable=False, comment="alarm level of CJ/T 545: 1 highest .. 3"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("city_id", "code"),
    CheckConstraint("level between 1 and 3", name="level"),
)

alarm = Table(
    "alarm",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("alarm_id", BigInteger, Identity(), primary_key=True),
    Column("rule_id", Integer, nullable=False),
    Column("asset_id", Integer, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("acknowledged", Boolean, nullable=False, server_default=text("false")),
    Column("value", Double, nullable=False, comment="value that raised it"),
    Column("limit_value", Double, nullable=False),
    _at("raised_at", nullable=False),
    _at("cleared_at"),
)
Index("ix_alarm_active", alarm.c.city_id, alarm.c.rule_id, alarm.c.source_id, unique=True, postgresql_where=text("active"))
Index("ix_alarm_raised_at", alarm.c.city_id, alarm.c.raised_at)

alarm_transition = Table(
    "alarm_transition",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("transition_id", BigInteger, Identity(), primary_key=True),
    Column("alarm_id", BigInteger, nullable=False),
    Column("transition", Text, nullable=False, comment="raised | cleared | acknowledged"),
    Column("seat", Text, nullable=False),
    _now("happened_at"),
    Column("note", Text, nullable=False, server_default=""),
)
Index("ix_alarm_transition_alarm", alarm_transition.c.city_id, alarm_transition.c.alarm_id)

# ---------------------------------------------------------------- problems

problem = Table(
    "problem",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("problem_id", Integer, primary_key=True, autoincrement=False, comment="dense within its city, never given twice"),
    Column("rule", Text, nullable=False, comment="key of twin.checks.RULES"),
    Column("key", Text, nullable=False, comment="what tells it from others of its rule: assets or register row, and a detail"),
    Column("asset_ids", ARRAY(Integer), nullable=False, comment="assets concerned, the first 1000 of asset_count"),
    Column("asset_count", Integer, nullable=False),
    Column("asset_id", Integer, comment="the asset that it is about; NULL = the city"),
    Column("kind", Text, nullable=False, comment="kind of that asset, or the register of the row"),
    Column("row_id", Integer, comment="row of the register; NULL = no register row"),
    Column("code", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    Column("area_id", Integer),
    Column("company_id", Integer),
    _geometry("geom", "POINT", 4326),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="values that the message names"),
    Column("repair", JSONB, comment="action and edits; NULL = no repair is certain enough to propose"),
    Column("present", Boolean, nullable=False, comment="found by the last run that looked for it"),
    Column("decision", Text, nullable=False, server_default="open", comment="open | accepted | dismissed | reverted"),
    Column(
        "state",
        Text,
        Computed(
            "case when present then case decision when 'accepted' then 'open' else decision end"
            " when decision = 'accepted' then 'accepted' else 'gone' end",
            persisted=True,
        ),
        comment="open | accepted | dismissed | reverted | gone",
    ),
    _now("found_at"),
    _at("gone_at"),
    Column("decided_by", Text, comment="seat"),
    _at("decided_at"),
    Column("reason", Text),
    Column("change_id", Integer, comment="change of the archive that the decision made"),
    CheckConstraint("decision in ('open', 'accepted', 'dismissed', 'reverted')", name="decision"),
    UniqueConstraint("city_id", "rule", "key"),
    comment="what the checks found, what would mend it, and what was decided",
)
Index("ix_problem_state", problem.c.city_id, problem.c.state, problem.c.rule)
Index("ix_problem_asset_ids", problem.c.asset_ids, postgresql_using="gin")
Index("ix_problem_geom", problem.c.geom, postgresql_using="gist")

problem_decision = Table(
    "problem_decision",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("decision_id", BigInteger, Identity(), primary_key=True),
    Column("problem_id", Integer, nullable=False),
    Column("decision", Text, nullable=False, comment="accepted | dismissed | reverted"),
    Column("seat", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("change_id", Integer, comment="change of the archive that it made"),
    _now("decided_at"),
    comment="every decision about a problem, never changed",
)
Index("ix_problem_decision_problem", problem_decision.c.city_id, problem_decision.c.problem_id)

# ---------------------------------------------------------------- rollout

rollout_rate = Table(
    "rollout_rate",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("area_id", Integer, primary_key=True, autoincrement=False),
    Column("month", Text, primary_key=True, comment="YYYY-MM"),
    Column("heated_area_m2", Double, nullable=False),
    Column("clean_area_m2", Double, nullable=False),
    Column("target_rate", Double, nullable=False, comment="share 0..1"),
)

# ---------------------------------------------------------------- seats

organisation = Table(
    "organisation",
    metadata,
    Column("organisation_id", Integer, Identity(), primary_key=True),
    Column("city_id", SmallInteger, comment="NULL = all cities"),
    Column("type", Text, nullable=False, comment="city | district | company"),
    Column("asset_id", Integer, comment="district or company asset; NULL for city"),
    Column("name", Text, nullable=False),
    CheckConstraint("type in ('city', 'district', 'company')", name="type"),
    UniqueConstraint("city_id", "type", "asset_id", "name", postgresql_nulls_not_distinct=True),
)

person = Table(
    "person",
    metadata,
    Column("person_id", Integer, Identity(), primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, comment="argon2id; NULL = cannot sign in by password"),
    Column("must_change_password", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
)

seat = Table(
    "seat",
    metadata,
    Column("seat_id", Integer, Identity(), primary_key=True),
    Column("person_id", Integer, ForeignKey("person.person_id"), nullable=False),
    Column("organisation_id", Integer, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("role", Text, nullable=False, comment="viewer | dispatcher | planner | company | administrator"),
    Column("demo", Boolean, nullable=False, server_default=text("false"), comment="offered by the demo seat switcher"),
    UniqueConstraint("person_id", "organisation_id", "role"),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    _now("created_at"),
    _at("expires_at", nullable=False),
)

session_ticket = Table(
    "session_ticket",
    metadata,
    Column("ticket_sha256", LargeBinary, primary_key=True, comment="opens one WebSocket, once"),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    _at("expires_at", nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    Column("secret_encrypted", LargeBinary, nullable=False, comment="AES-GCM under the key file of the var dir"),
    Column("digest", Text, nullable=False, comment="sm3 | sha256"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _now("created_at"),
)

api_nonce = Table(
    "api_nonce",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    _now("seen_at"),
)

# ---------------------------------------------------------------- jobs

job = Table(
    "job",
    metadata,
    Column("job_id", BigInteger, Identity(), primary_key=True),
    Column("city_id", SmallInteger),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="queued | running | done | failed | cancelled"),
    Column("seat", Text, nullable=False),
    Column("parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("progress", REAL, nullable=False, server_default="0", comment="0..1"),
    Column("message", Text, nullable=False, server_default=""),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("result", JSONB),
    Column("error", Text),
    _now("created_at"),
    _at("started_at"),
    _at("finished_at"),
    CheckConstraint("state in ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
)

# ---------------------------------------------------------------- served and declared ground (derived)

coverage_version = Table(
    "coverage_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("assets_version", BigInteger, nullable=False),
    Column("network_version", BigInteger, nullable=False),
    _now("built_at"),
    comment="what served_building and coverage were derived from",
)

served_building = Table(
    "served_building",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("substation_id", Integer, comment="substation that serves it; NULL = none"),
    Column("source_id", Integer, comment="plant or boiler house behind that"),
    Column("supplier_id", Integer, comment="company that owns what serves it"),
    Column("estate_id", Integer, comment="estate that it names"),
    Column("evidence", SmallInteger, nullable=False, comment="0 served by nobody, 1 traced, 2 declared"),
    Column("inside", SmallInteger, nullable=False, comment="bits of twin.coverage.OF_KINDS: declared areas that hold it"),
    Column("heated_area_m2", Double, nullable=False),
    Column("company_id", Integer, comment="owner of the building"),
    Column("area_id", Integer),
    comment="heated buildings, with who serves them in the normal state of the valves",
)

coverage = Table(
    "coverage",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("of_kind", Text, primary_key=True, comment="company | plant | boiler_house | substation | estate | licence"),
    Column("asset_id", Integer, primary_key=True, autoincrement=False, comment="what the ground is of"),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, comment="agrees | differs | derived | unserved"),
    Column("served_count", Integer, nullable=False),
    Column("inside_count", Integer, nullable=False, comment="served ones inside the declared area"),
    Column("heated_area_m2", Double, nullable=False, comment="of the served buildings"),
    Column("agreement", Double, comment="0..1 by heated area; NULL = nothing to compare"),
    Column("outside_ids", ARRAY(Integer), nullable=False, comment="served, outside the declared area"),
    Column("foreign_ids", ARRAY(Integer), nullable=False, comment="inside, served by another of the kind"),
    Column("unserved_ids", ARRAY(Integer), nullable=False, comment="inside, served by nobody"),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("declared_geom", "GEOMETRY", 4326),
    _geometry("served_geom", "GEOMETRY", 4326),
    comment="declared against served ground of every object",
)

# ---------------------------------------------------------------- derived copies for tiles (Web Mercator)

tile_pipe = Table(
    "tile_pipe",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("pair_id", Integer, nullable=False),
    Column("segment_id", Integer, comment="smallest asset_id of its topology segment; NULL outside the heat network"),
    Column("level", SmallInteger, nullable=False, comment="1 transmission, 2 primary, 3 secondary, 0 unknown"),
    Column("side", SmallInteger, nullable=False, comment="1 supply, 2 return, 0 unknown"),
    Column("medium", SmallInteger, nullable=False, comment="1 heat, 2 gas"),
    Column("trench", Boolean, nullable=False, comment="true: stands for its pair where only the trench is drawn (z <= 14)"),
    Column("dn", SmallInteger),
    Column("network_class", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.CLASSES; 0 unknown"),
    Column("laying", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.LAYINGS; 0 unknown"),
    Column("material", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.MATERIALS; 0 unknown"),
    Column("since_year", SmallInteger, comment="year of the pipe that lies there now; NULL = unknown"),
    Column("renewed_year", SmallInteger, comment="year of its last renewal; NULL = none known"),
    Column("length_m", Double, nullable=False, server_default="0", comment="on the ellipsoid"),
    Column("stated_length_m", Double, comment="as delivered; NULL = none"),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_pipe_geom", tile_pipe.c.geom, postgresql_using="gist")

tile_pipe_zoom = Table(
    "tile_pipe_zoom",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("zoom", SmallInteger, primary_key=True, comment="10..13"),
    Column("row_id", Integer, primary_key=True, autoincrement=False),
    Column("segment_id", Integer, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("medium", SmallInteger, nullable=False, comment="1 heat, 2 gas"),
    Column("dn", SmallInteger),
    Column("network_class", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.CLASSES; 0 unknown"),
    Column("laying", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.LAYINGS; 0 unknown"),
    Column("material", SmallInteger, nullable=False, server_default="0", comment="twin.lengths.MATERIALS; 0 unknown"),
    Column("since_year", SmallInteger, comment="year of the pipe that lies there now; NULL = unknown"),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_pipe_zoom_geom", tile_pipe_zoom.c.geom, postgresql_using="gist")

tile_building = Table(
    "tile_building",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("height_dm", SmallInteger, comment="height in decimetres"),
    Column("substation_id", Integer),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_building_geom", tile_building.c.geom, postgresql_using="gist")

tile_point = Table(
    "tile_point",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("minzoom", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "POINT", 3857, nullable=False),
)
Index("ix_tile_point_geom", tile_point.c.geom, postgresql_using="gist")

tile_base = Table(
    "tile_base",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="road | water | green | estate | district | ..."),
    Column("class", Text, nullable=False, server_default=""),
    Column("minzoom", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_base_geom", tile_base.c.geom, postgresql_using="gist")

tile_coverage = Table(
    "tile_coverage",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="coverage_area | licence_area"),
    Column("of_kind", Text, nullable=False, comment="what the area is of: company, plant, ...; licence; city = urban extent"),
    Column("of_id", Integer, comment="asset_id of what it is the area of; NULL = not among the assets"),
    Column("minzoom", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("company_id", Integer),
    Column("area_id", Integer),
    _geometry("geom", "GEOMETRY", 3857, nullable=False),
)
Index("ix_tile_coverage_geom", tile_coverage.c.geom, postgresql_using="gist")

asset_summary = Table(
    "asset_summary",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("row_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False, comment="network level of pipes and valves; empty for others"),
    Column("area_id", Integer),
    Column("company_id", Integer),
    Column("asset_count", Integer, nullable=False),
    Column("placed_count", Integer, nullable=False, comment="those with a geometry"),
    Column("supply_length_m", Double, nullable=False, comment="supply pipes of the heat network, on the ellipsoid"),
    Column("heat_user_count", Double, nullable=False, comment="of buildings"),
    Column("heated_area_m2", Double, nullable=False, comment="of buildings"),
    *(Column(name, Double, comment="WGS-84 degrees") for name in ("west", "south", "east", "north")),
    comment="assets summed by kind, level, district and owner; derived with the tile tables",
)

tile_version = Table(
    "tile_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("tileset", Text, primary_key=True),
    Column("assets_version", BigInteger, nullable=False, comment="version of the assets it was built from"),
    _now("built_at"),
)

raster_layer = Table(
    "raster_layer",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("layer", Text, primary_key=True),
    Column("path", Text, nullable=False, comment="relative to the var dir"),
    Column("style", Text, nullable=False, comment="hillshade | terrain | colour"),
    Column("attribution", Text, nullable=False, server_default=""),
    _now("added_at"),
)
