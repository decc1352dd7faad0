"""Changes of the archive, and proposals that wait for somebody who may approve them."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from data.tables.columns import at, metadata

archive_change = Table(
    "archive_change",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("change_id", Integer, primary_key=True, autoincrement=False, comment="1, 2, ... of the city, in the order of time"),
    at("made_at", nullable=False, comment="valid_from_at of what it wrote and valid_to_at of what it ended"),
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
    at("proposed_at", nullable=False),
    Column("state", Text, nullable=False, server_default="open", comment="open | approved | rejected | withdrawn"),
    Column("decided_by", Text, comment="seat"),
    at("decided_at"),
    Column("decision_reason", Text),
    Column("change_id", Integer, comment="change that an approval made"),
    CheckConstraint("state in ('open', 'approved', 'rejected', 'withdrawn')", name="state"),
    comment="changes that wait for somebody who may approve them",
)
Index("ix_proposal_state", proposal.c.city_id, proposal.c.state, proposal.c.proposal_id)
Index("ix_proposal_asset", proposal.c.city_id, proposal.c.asset_id)
