"""The page of the schema is what the catalogue says."""

from pathlib import Path

from twin.contents import GROUPS
from twin.kinds import KINDS
from twin.schema_page import schema_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schema.md"


def test_the_page_is_written_from_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == schema_page(), "run: python -m twin.schema_page > docs/schema.md"


def test_every_kind_stands_in_one_group() -> None:
    named = [kind for group in GROUPS for kind in group.kinds]
    assert sorted(named) == sorted(KINDS)
