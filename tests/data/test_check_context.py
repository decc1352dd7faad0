"""What the rules of arrays write, and how."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data.checks.context import Context, Found
from data.pool import connect


@pytest.mark.timeout(60)
def test_rows_may_read_what_they_need_while_they_are_made(sample_copy_url: str) -> None:
    """Read during the copy, they would wait for the copy, and the copy for them."""
    with connect(sample_copy_url) as connection:
        context = Context(connection, 1, {})
        context.execute("check_begin")

        def found() -> Iterator[Found]:
            for asset_id in context.codes.index[:3].tolist():
                yield Found("loose_end", str(asset_id), (int(asset_id),), None, {"codes": str(context.codes[asset_id])})

        context.insert(found())
        assert connection.execute("select count(*) from check_found").fetchone() == (3,)
