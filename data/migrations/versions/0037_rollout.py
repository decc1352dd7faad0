"""The area tree of the rollout and its sums, and a city's own factors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_SUMS = (
    ("household_count", "户"),
    ("finished_count", "户"),
    ("delivered_count", "户"),
    ("installing_count", "户"),
    ("permanent_count", "户"),
    ("insulated_count", "户"),
    ("control_count", "户"),
    ("electric_count", "户"),
    ("biomass_count", "户"),
    ("solar_count", "户"),
    ("floor_area_m2", "m²"),
    ("electric_area_m2", "m²"),
    ("biomass_area_m2", "m²"),
    ("solar_area_m2", "m²"),
    ("target_household_count", "户"),
    ("target_area_m2", "m²"),
    ("target_rate", "1"),
    ("heated_area_m2", "m²"),
    ("central_area_m2", "m²"),
    ("clean_heat_m2", "m²"),
    ("clean_electric_m2", "m²"),
    ("clean_air_m2", "m²"),
    ("clean_biomass_m2", "m²"),
    ("clean_gas_m2", "m²"),
    ("clean_solar_m2", "m²"),
    ("clean_area_m2", "m²"),
    ("resident_household_count", "户"),
    ("clean_household_count", "户"),
    ("allocated_cny", "元"),
    ("report_paid_cny", "元"),
    ("device_count", "台"),
    ("device_power_kw", "kW"),
    ("rural_load_mw", "MW"),
    ("project_count", "个"),
    ("early_count", "个"),
    ("construction_count", "个"),
    ("completed_count", "个"),
    ("accepted_count", "个"),
    ("scale_m2", "m²"),
    ("done_m2", "m²"),
    ("planned_central_cny", "元"),
    ("planned_local_cny", "元"),
    ("planned_company_cny", "元"),
    ("paid_central_cny", "元"),
    ("paid_local_cny", "元"),
    ("paid_company_cny", "元"),
    ("coal_replaced_tce", "tce"),
    ("co2_avoided_t", "t"),
    ("so2_avoided_t", "t"),
    ("nox_avoided_t", "t"),
    ("dust_avoided_t", "t"),
    ("rural_coal_replaced_tce", "tce"),
    ("ticket_count", "次"),
    ("ticket_last_season_count", "次"),
    ("open_ticket_count", "件"),
    ("resolved_count", "件"),
    ("handling_hours", "h"),
    ("answer_count", "份"),
    ("retrofit_score", "分"),
    ("retrofit_answer_count", "份"),
    ("supplier_score", "分"),
    ("supplier_answer_count", "份"),
    ("energy_kgce", "kgce"),
    ("energy_cost_cny", "元"),
    ("energy_household_count", "户"),
)


def upgrade() -> None:
    op.create_table(
        "rollout_area",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False, comment="asset_id; 0 = the city"),
        sa.Column("kind", sa.Text(), nullable=False, comment="city | district | zone | township | village"),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "parent_id",
            sa.Integer(),
            nullable=True,
            comment="area that it is counted into; NULL: the city, and zones, which are counted into nothing",
        ),
        sa.Column("district_id", sa.Integer(), nullable=True, comment="district that holds it; its own id for a district"),
        sa.Column("township_id", sa.Integer(), nullable=True, comment="of a village"),
        sa.Column("zone_id", sa.Integer(), nullable=True, comment="zone that holds a village"),
        sa.Column("outline", sa.Text(), nullable=False, comment="delivered | households (drawn around them) | none"),
        sa.Column(
            "geom",
            Geometry("GEOMETRY", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.Column(
            "geom_3857",
            Geometry("GEOMETRY", srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.Column(
            "point_3857",
            Geometry("POINT", srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("city_id", "area_id"),
        comment="areas that the rollout is counted by; zones overlap districts and are counted beside them",
    )
    op.create_index("ix_rollout_area_geom", "rollout_area", ["geom_3857"], postgresql_using="gist")
    op.create_index("ix_rollout_area_point", "rollout_area", ["point_3857"], postgresql_using="gist")
    op.create_index("ix_rollout_area_parent", "rollout_area", ["city_id", "parent_id"])
    op.create_table(
        "rollout_sum",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False, comment="see rollout_area"),
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False, comment="as at the end of it; 0 = now"),
        *(sa.Column(name, sa.Double(), nullable=True, comment=f"{unit}; see twin/rollout.py") for name, unit in _SUMS),
        sa.PrimaryKeyConstraint("city_id", "area_id", "year"),
        comment="sums of the rollout by area and year",
    )
    op.create_table(
        "rollout_part",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False, comment="see rollout_area"),
        sa.Column("dimension", sa.Text(), nullable=False, comment="type | supplier | fault | fuel | technical_type"),
        sa.Column("key", sa.Text(), nullable=False, comment="value of the dimension"),
        sa.Column("row_count", sa.Double(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("planned", sa.Double(), nullable=True),
        sa.Column("done", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "area_id", "dimension", "key"),
        comment="sums of the rollout by area and one more thing; docs/rollout.md says what the columns mean for which",
    )
    op.create_table(
        "rollout_factor",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="one of twin/rollout_factors.csv"),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="where the city has it from"),
        sa.Column("seat", sa.Text(), nullable=False, comment="who set it"),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.city_id"]),
        sa.PrimaryKeyConstraint("city_id", "name"),
        comment="factors that a city has of its own",
    )
    op.create_table(
        "rollout_version",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("assets_version", sa.BigInteger(), nullable=False, comment="of the assets and registers that the sums are of"),
        sa.Column("change_id", sa.Integer(), nullable=False, comment="newest change of registers or areas that was counted"),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("city_id"),
        comment="what rollout_area, rollout_sum and rollout_part were derived from",
    )
    op.create_index("ix_register_row_change", "register_row", ["city_id", "change_id"])
    # the sums are derived with the other copies
    op.execute("update tile_version set assets_version = 0")


def downgrade() -> None:
    op.drop_index("ix_register_row_change", "register_row")
    for name in ("rollout_version", "rollout_factor", "rollout_part", "rollout_sum", "rollout_area"):
        op.drop_table(name)
