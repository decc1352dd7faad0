"""What the checks have told of a city, for the command line and for scores."""

from __future__ import annotations

from collections.abc import Collection

from data.demo.score import Told
from data.pool import Connection
from data.statements import sql


def read_told(connection: Connection, city_id: int, rules: Collection[str] | None = None) -> list[Told]:
    """Return every problem that the last run found (of some rules), dismissed ones too."""
    values = {"city_id": city_id, "rules": None if rules is None else sorted(rules)}
    rows = connection.execute(sql("check_told"), values).fetchall()
    return [Told(str(rule), tuple(codes), str(layer)) for rule, _, _, _, codes, layer in rows]
