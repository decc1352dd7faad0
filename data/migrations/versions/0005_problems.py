"""Problems of the archive, their repairs, and every decision about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATE = (
    "case when present then case decision when 'accepted' then 'open' else decision end"
    " when decision = 'accepted' then 'accepted' else 'gone' end"
)


def upgrade() -> None:
    op.create_table(
        "problem",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "problem_id", sa.Integer(), autoincrement=False, nullable=False, comment="dense within its city, never given twice"
        ),
        sa.Column("rule", sa.Text(), nullable=False, comment="key of twin.checks.RULES"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="what tells it from others of its rule: assets or register row, and a detail",
        ),
        sa.Column(
            "asset_ids", postgresql.ARRAY(sa.Integer()), nullable=False, comment="assets concerned, the first 1000 of asset_count"
        ),
        sa.Column("asset_count", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True, comment="the asset that it is about; NULL = the city"),
        sa.Column("kind", sa.Text(), nullable=False, comment="kind of that asset, or the register of the row"),
        sa.Column("row_id", sa.Integer(), nullable=True, comment="row of the register; NULL = no register row"),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry("POINT", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.Column(
            "detail",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="values that the message names",
        ),
        sa.Column(
            "repair",
            postgresql.JSONB(),
            nullable=True,
            comment="action and edits; NULL = no repair is certain enough to propose",
        ),
        sa.Column("present", sa.Boolean(), nullable=False, comment="found by the last run that looked for it"),
        sa.Column("decision", sa.Text(), server_default="open", nullable=False, comment="open | accepted | dismissed | reverted"),
        sa.Column(
            "state",
            sa.Text(),
            sa.Computed(_STATE, persisted=True),
            nullable=True,
            comment="open | accepted | dismissed | reverted | gone",
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True, comment="seat"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("change_id", sa.Integer(), nullable=True, comment="change of the archive that the decision made"),
        sa.CheckConstraint("decision in ('open', 'accepted', 'dismissed', 'reverted')", name=op.f("ck_problem_decision")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_problem_city_id")),
        sa.PrimaryKeyConstraint("city_id", "problem_id", name=op.f("pk_problem")),
        sa.UniqueConstraint("city_id", "rule", "key", name=op.f("uq_problem_city_id_rule_key")),
        comment="what the checks found, what would mend it, and what was decided",
    )
    op.create_index("ix_problem_state", "problem", ["city_id", "state", "rule"], unique=False)
    op.create_index("ix_problem_asset_ids", "problem", ["asset_ids"], unique=False, postgresql_using="gin")
    op.create_index("ix_problem_geom", "problem", ["geom"], unique=False, postgresql_using="gist")
    _create_decisions()


def _create_decisions() -> None:
    op.create_table(
        "problem_decision",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False, comment="accepted | dismissed | reverted"),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=True, comment="change of the archive that it made"),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "decision_id", name=op.f("pk_problem_decision")),
        comment="every decision about a problem, never changed",
    )
    op.create_index("ix_problem_decision_problem", "problem_decision", ["city_id", "problem_id"], unique=False)


def downgrade() -> None:
    op.drop_table("problem_decision")
    op.drop_table("problem")
