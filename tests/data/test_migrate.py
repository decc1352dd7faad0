"""The schema: migrating is repeatable and the tables are those of `data.tables`."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

import data.migrate
from data.errors import SchemaMismatch
from data.migrate import current_revision, head_revision, known_revisions, migrate, upgrade
from data.pool import connect
from data.tables import metadata
from tests.conftest import create_database, drop_database


def test_the_revisions_by_file_name_are_those_of_alembic_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(data.migrate.__file__).parent / "migrations"))
    newest_first = ScriptDirectory.from_config(config).walk_revisions()
    assert known_revisions() == [script.revision for script in newest_first][::-1]


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert migrate(database_url) == head_revision()
    assert current_revision(database_url) == head_revision()


def test_every_table_described_is_in_the_database(database_url: str) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    inspector = inspect(engine)
    for table in metadata.sorted_tables:
        stored = {column["name"] for column in inspector.get_columns(table.name)}
        assert stored == {column.name for column in table.columns}, table.name
    engine.dispose()


def test_a_database_newer_than_the_program_is_refused(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="newer than the program"):
        migrate(database_url)


def test_readings_of_an_older_program_keep_every_digit(server_url: str) -> None:
    """Revision 0017 writes arrays anew as bytes: values, flags and the time of arrival are the same after it."""
    url = create_database(server_url, "template0")
    try:
        upgrade(url, "0016")
        with connect(url) as connection:
            connection.execute(
                """
                create table reading_frame_20261121 partition of reading_frame
                  for values from ('2026-11-21 00:00:00+00') to ('2026-11-22 00:00:00+00');
                insert into reading_frame values
                  (1, 5, '2026-11-21 12:00+00', '2026-11-21 12:00:04.6+00', 2, '{70.25,NaN}', '{123456789.25}', '\\x010901'),
                  (1, 6, '2026-11-21 12:00+00', '2026-11-21 11:59:50+00', 3, '{}', '{8}', '\\x04');
                insert into reading_conflict (city_id, source_id, observed_at, schema_id, gauges, totals, quality)
                  values (1, 5, '2026-11-21 12:00+00', 2, '{71,0}', '{1}', '\\x010101');
                insert into latest_frame values (1, 5, '2026-11-21 12:00+00', '{70.25,NaN}', '{123456789.25}', '\\x010901');
                """
            )
        upgrade(url, head_revision())
        with connect(url) as connection:
            frames = connection.execute("select source_id, schema_id, delay_s, payload from reading_frame order by 1").fetchall()
            conflicts = connection.execute("select payload from reading_conflict").fetchall()
        first = struct.pack("!ffd3B", 70.25, float("nan"), 123456789.25, 1, 9, 1)
        assert frames == [(5, 2, 5, first), (6, 3, -10, struct.pack("!dB", 8.0, 4))]
        assert conflicts == [(struct.pack("!ffd3B", 71.0, 0.0, 1.0, 1, 1, 1),)]
    finally:
        drop_database(url)
