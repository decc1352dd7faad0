"""Quality alarms: what a rule flags for long, and companies that stop uploading; messages that tell of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_alarm",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("quality_alarm_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="value, doubt, upload_stopped, upload_invalid"),
        sa.Column("company_id", sa.Integer(), nullable=True, comment="whose data it is; NULL = nobody owns the asset"),
        sa.Column("asset_id", sa.Integer(), nullable=False, comment="of an upload the company itself"),
        sa.Column("check_id", sa.BigInteger(), nullable=True, comment="work order of a value, which holds its state"),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True, comment="of an upload: when it came back"),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True, comment="NULL = nobody has been told yet"),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"], name=op.f("fk_quality_alarm_city_id")),
        sa.ForeignKeyConstraint(
            ["city_id", "check_id"], ["quality_check.city_id", "quality_check.check_id"], name="fk_quality_alarm_check"
        ),
        sa.PrimaryKeyConstraint("city_id", "quality_alarm_id", name=op.f("pk_quality_alarm")),
    )
    op.create_index("ux_quality_alarm_check", "quality_alarm", ["city_id", "check_id"], unique=True)
    op.create_index(
        "ux_quality_alarm_upload",
        "quality_alarm",
        ["city_id", "asset_id", "kind"],
        unique=True,
        postgresql_where=sa.text("check_id is null and over_at is null"),
    )
    op.create_index(
        "ix_quality_alarm_untold", "quality_alarm", ["city_id"], unique=False, postgresql_where=sa.text("told_at is null")
    )
    op.execute(
        "insert into quality_alarm (city_id, kind, company_id, asset_id, check_id, raised_at, told_at)"
        " select q.city_id, case when q.made_by = '' then 'value' else 'doubt' end, a.company_id, q.asset_id, q.check_id,"
        " q.made_at, q.made_at"
        " from quality_check q"
        " left join asset a on a.city_id = q.city_id and a.asset_id = q.asset_id and a.valid_to_at is null"
    )
    op.add_column(
        "notice",
        sa.Column("kind", sa.Text(), server_default="alarm", nullable=False, comment="alarm (or a test), quality"),
    )
    op.add_column(
        "notice", sa.Column("company_id", sa.Integer(), nullable=True, comment="on the screens of whose seats it comes")
    )
    op.add_column(
        "notice",
        sa.Column(
            "quality_alarms",
            sa.ARRAY(sa.BigInteger()),
            server_default="{}",
            nullable=False,
            comment="of a message about data quality",
        ),
    )
    op.create_table(
        "notice_read",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.seat_id"], name=op.f("fk_notice_read_seat_id")),
        sa.PrimaryKeyConstraint("city_id", "seat_id", "notice_id", name=op.f("pk_notice_read")),
    )


def downgrade() -> None:
    op.drop_table("notice_read")
    for column in ("quality_alarms", "company_id", "kind"):
        op.drop_column("notice", column)
    op.drop_table("quality_alarm")
