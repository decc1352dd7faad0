"""What the checks found and what was decided."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from data.tables.columns import at, geometry, metadata, now

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
    geometry("geom", "POINT", 4326),
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
    now("found_at"),
    at("gone_at"),
    Column("decided_by", Text, comment="seat"),
    at("decided_at"),
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
    now("decided_at"),
    comment="every decision about a problem, never changed",
)
Index("ix_problem_decision_problem", problem_decision.c.city_id, problem_decision.c.problem_id)
