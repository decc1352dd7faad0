"""Add the manifest of archived readings, their retention by kind, and what was brought back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _at(name: str, *, now: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()") if now else None)


def upgrade() -> None:
    op.create_table(
        "reading_archive",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("schema_id", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC day of observed_at"),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="relative to the var dir"),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.Column("values_count", sa.BigInteger(), nullable=False, comment="values that are not missing"),
        sa.Column("bytes", sa.BigInteger(), nullable=False, comment="size of the file"),
        sa.Column(
            "content_sm3", sa.Text(), nullable=False, comment="of the frames in canonical bytes, see docs/archive-of-readings.md"
        ),
        sa.Column("first_source_id", sa.Integer(), nullable=False),
        sa.Column("last_source_id", sa.Integer(), nullable=False),
        _at("first_at"),
        _at("last_at"),
        sa.Column("generation", sa.Integer(), nullable=False, comment="rises when the day is written anew"),
        _at("written_at", now=True),
        sa.Column(
            "verified_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the file was read back and its content found equal",
        ),
        sa.PrimaryKeyConstraint("city_id", "schema_id", "day", "part", name=op.f("pk_reading_archive")),
        sa.UniqueConstraint("path", name=op.f("uq_reading_archive_path")),
    )
    op.create_index("ix_reading_archive_time", "reading_archive", ["city_id", "first_at", "last_at"], unique=False)
    op.create_table(
        "reading_retention",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="code of the frame schemas"),
        sa.Column("hot_days", sa.Integer(), nullable=False, comment="days in reading_frame"),
        sa.Column("archive_years", sa.Integer(), nullable=True, comment="years in the archive; null = for ever"),
        sa.Column("seat", sa.Text(), nullable=False),
        _at("changed_at", now=True),
        sa.CheckConstraint("hot_days >= 1", name=op.f("ck_reading_retention_hot_days")),
        sa.CheckConstraint("archive_years >= 1", name=op.f("ck_reading_retention_archive_years")),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_reading_retention_city_id")),
        sa.PrimaryKeyConstraint("city_id", "kind", name=op.f("pk_reading_retention")),
    )
    op.create_table(
        "reading_restored",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("schema_id", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False, comment="so long the frames stay in reading_frame"),
        sa.Column("seat", sa.Text(), nullable=False),
        _at("restored_at", now=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_reading_restored_city_id")),
        sa.PrimaryKeyConstraint("city_id", "schema_id", "day", name=op.f("pk_reading_restored")),
    )


def downgrade() -> None:
    op.drop_table("reading_restored")
    op.drop_table("reading_retention")
    op.drop_table("reading_archive")
