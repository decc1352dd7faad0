"""The page of the points is what the table says."""

from pathlib import Path

from twin.points_page import points_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "points.md"


def test_the_page_is_written_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == points_page(), "run: python -m twin.points_page > docs/points.md"
