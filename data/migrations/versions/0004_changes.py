"""Changes: who changed an asset, when, why; proposals; rows of registers as they were.

Versions that exist become changes of the imports that wrote them; what was written without an import belongs to no change.
Cost: passes over `asset` and `register_row`, in which every row is written anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CURRENT = sa.text("valid_to_at is null")
_PAST = sa.text("valid_to_at is not null")


def upgrade() -> None:
    op.add_column(
        "city",
        sa.Column(
            "extent",
            postgresql.ARRAY(sa.Double()),
            nullable=True,
            comment="west, south, east, north in degrees as a manifest states them; NULL = none does",
        ),
    )
    _create_changes()
    _create_proposals()
    _create_register_versions()
    _extend_assets()
    for statement in (_CHANGES_OF_IMPORTS, _CHANGE_OF_VERSIONS, _END_OF_VERSIONS, _CHANGE_OF_ROWS):
        op.execute(statement)


def _create_changes() -> None:
    op.create_table(
        "archive_change",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "change_id", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, ... of the city, in the order of time"
        ),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="valid_from_at of what it wrote and valid_to_at of what it ended",
        ),
        sa.Column("seat", sa.Text(), nullable=False, comment="who"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why"),
        sa.Column("origin", sa.Text(), nullable=False, comment="import | edit | repair | restore | approval"),
        sa.Column(
            "source",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="where the new content comes from: manifest, rule, document",
        ),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "layers",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="file > kind of each layer of an import",
        ),
        sa.Column("reverts", sa.Integer(), nullable=True, comment="change that this one takes back"),
        sa.Column(
            "counts",
            postgresql.JSONB(),
            nullable=False,
            comment="added, changed, retired assets; register_added, register_changed rows",
        ),
        sa.CheckConstraint(
            "origin in ('import', 'edit', 'repair', 'restore', 'approval')", name=op.f("ck_archive_change_origin")
        ),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_archive_change_city_id")),
        sa.PrimaryKeyConstraint("city_id", "change_id", name=op.f("pk_archive_change")),
        comment="every change of the archive: who, when, why, from what",
    )
    op.create_index("ix_archive_change_made_at", "archive_change", ["city_id", "made_at"], unique=False)


def _create_proposals() -> None:
    op.create_table(
        "proposal",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, ... of the city"),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="version of the asset that it was made against"),
        sa.Column("name", sa.Text(), nullable=True, comment="NULL = as it is"),
        sa.Column("attributes", postgresql.JSONB(), nullable=False, comment="merged into the asset's; null removes a key"),
        sa.Column(
            "geom",
            Geometry(srid=-1, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
            comment="NULL = as it is",
        ),
        sa.Column("retire", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False, comment="who proposes"),
        sa.Column("seat_id", sa.Integer(), nullable=True, comment="row of that seat: only it may withdraw"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False, comment="open | approved | rejected | withdrawn"),
        sa.Column("decided_by", sa.Text(), nullable=True, comment="seat"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("change_id", sa.Integer(), nullable=True, comment="change that an approval made"),
        sa.CheckConstraint("state in ('open', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_proposal_state")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_proposal_city_id")),
        sa.PrimaryKeyConstraint("city_id", "proposal_id", name=op.f("pk_proposal")),
        comment="changes that wait for somebody who may approve them",
    )
    op.create_index("ix_proposal_state", "proposal", ["city_id", "state", "proposal_id"], unique=False)
    op.create_index("ix_proposal_asset", "proposal", ["city_id", "asset_id"], unique=False)


def _create_register_versions() -> None:
    op.add_column("register_row", sa.Column("change_id", sa.Integer(), nullable=True, comment="change that wrote it last"))
    op.create_table(
        "register_version",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry("POINT", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("row_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False, comment="import that wrote it"),
        sa.Column("change_id", sa.Integer(), nullable=True, comment="change that wrote it"),
        sa.Column("ended_by", sa.Integer(), nullable=False, comment="change that replaced it"),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_register_version_city_id")),
        sa.PrimaryKeyConstraint("city_id", "kind", "row_id", "valid_from_at", name=op.f("pk_register_version")),
        comment="rows of registers as they were before a later delivery changed them",
    )
    op.create_index("ix_register_version_ended_by", "register_version", ["city_id", "ended_by"], unique=False)


def _extend_assets() -> None:
    for column in (
        sa.Column("change_id", sa.Integer(), nullable=True, comment="change that wrote this version"),
        sa.Column(
            "ended_by", sa.Integer(), nullable=True, comment="change that replaced or retired this version; NULL = current"
        ),
        sa.Column(
            "delivered_sha256",
            sa.LargeBinary(),
            nullable=True,
            comment="hash of what was last delivered, where an edit has replaced it",
        ),
        sa.Column("layer_no", sa.SmallInteger(), nullable=True, comment="layer of the import, from 1, in archive_change.layers"),
    ):
        op.add_column("asset", column)
    op.create_index(
        "ix_asset_pair_code",
        "asset",
        ["city_id", "kind", sa.text("(attributes ->> 'pair_code')")],
        unique=False,
        postgresql_where=sa.text("valid_to_at is null and (attributes ->> 'pair_code') is not null"),
    )
    op.create_index("ix_asset_past_kind", "asset", ["city_id", "kind", "code"], unique=False, postgresql_where=_PAST)
    op.create_index("ix_asset_past_geom", "asset", ["geom"], unique=False, postgresql_using="gist", postgresql_where=_PAST)
    op.create_index("ix_asset_change", "asset", ["city_id", "change_id", "asset_id"], unique=False)
    op.create_index(
        "ix_asset_ended_by",
        "asset",
        ["city_id", "ended_by", "asset_id"],
        unique=False,
        postgresql_where=sa.text("ended_by is not null"),
    )


_CHANGES_OF_IMPORTS = """
insert into archive_change (city_id, change_id, made_at, seat, reason, origin, source, import_id, counts)
select r.city_id, row_number() over (partition by r.city_id order by r.import_id), coalesce(w.at, r.finished_at), r.seat,
       'import', 'import', coalesce(r.report ->> 'manifest', ''), r.import_id,
       jsonb_build_object('added', coalesce(w.added, 0), 'changed', coalesce(w.changed, 0), 'retired', 0)
  from import_run r
  left join (
        select city_id, import_id, max(valid_from_at) as at,
               count(*) filter (where version = 1) as added, count(*) filter (where version > 1) as changed
          from asset
         group by city_id, import_id
       ) w using (city_id, import_id)
"""
_CHANGE_OF_VERSIONS = """
update asset a
   set change_id = c.change_id
  from archive_change c
 where c.city_id = a.city_id and c.import_id = a.import_id
"""
_END_OF_VERSIONS = """
update asset a
   set ended_by = n.change_id
  from asset n
 where a.valid_to_at is not null and n.city_id = a.city_id and n.asset_id = a.asset_id and n.version = a.version + 1
"""
_CHANGE_OF_ROWS = """
update register_row r
   set change_id = c.change_id
  from archive_change c
 where c.city_id = r.city_id and c.import_id = r.import_id
"""


def downgrade() -> None:
    for table in ("register_version", "proposal", "archive_change"):
        op.drop_table(table)
    op.drop_column("register_row", "change_id")
    for index in ("ix_asset_pair_code", "ix_asset_past_kind", "ix_asset_past_geom"):
        op.drop_index(index, table_name="asset")
    for column in ("change_id", "ended_by", "delivered_sha256", "layer_no"):
        op.drop_column("asset", column)
    op.drop_column("city", "extent")
