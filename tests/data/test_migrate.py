"""The schema: migrating is repeatable and the tables are those of `data.tables`."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

import data.migrate
from data.errors import SchemaMismatch
from data.migrate import current_revision, head_revision, known_revisions, migrate
from data.pool import connect
from data.tables import metadata


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
