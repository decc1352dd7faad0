"""The metadata that every table joins, and columns that many tables have."""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import Column, DateTime, MetaData, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def at(name: str, **options: Any) -> Column[Any]:
    """Return a column of times with zone."""
    return Column(name, DateTime(timezone=True), **options)


def now(name: str) -> Column[Any]:
    """Return a column of times that says when its row was written."""
    return at(name, nullable=False, server_default=func.now())


def geometry(name: str, kind: str, srid: int, *, dimension: int = 2, nullable: bool = True) -> Column[Any]:
    """Return a column of geometries of one kind; its index is declared beside the table."""
    return Column(name, Geometry(kind, srid=srid, dimension=dimension, spatial_index=False), nullable=nullable)
