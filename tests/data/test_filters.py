"""Filters in CQL2: what they select equals what the parser's own evaluation selects; what is wrong is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import cql2
import orjson
import pytest
import shapely

from data.errors import BadFilter
from data.filters import DEEPEST, LONGEST, Predicate, parse_filter, predicate
from data.pool import Connection, connect
from twin.features import properties_of

KIND = "pipe"
PROPERTIES = properties_of(KIND)
WEST, SOUTH, EAST, NORTH = 125.285, 43.845, 125.300, 43.855
WANTED = (
    "dn > 300",
    "dn >= 300 AND side = 'supply'",
    "dn + 100 < 2 * 200 OR side <> 'supply'",
    "dn / 0 > 1 OR dn = 200",
    "dn * 2 - 1 = 399",
    "NOT (dn BETWEEN 100 AND 250)",
    "dn IN (100, 200, 300)",
    "side IN ('supply')",
    "code LIKE '%00_1'",
    "code NOT LIKE '2201%1'",
    "CASEI(code) LIKE CASEI('220104rs1g%')",
    "name = '一次网供水管'",
    "asset_id > company_id",
    f"S_INTERSECTS(geometry, BBOX({WEST}, {SOUTH}, {EAST}, {NORTH}))",
    f"S_WITHIN(geometry, POLYGON(({WEST} {SOUTH}, {EAST} {SOUTH}, {EAST} {NORTH}, {WEST} {SOUTH})))",
    f"NOT S_DISJOINT(geometry, LINESTRING({WEST} {SOUTH}, {EAST} {NORTH}))",
    f"S_CROSSES(geometry, LINESTRING({WEST} {SOUTH}, {EAST} {NORTH}))",
    "TRUE AND NOT FALSE AND dn = 200",
)
WRONG = {
    "dn >": "not cql2-text",
    "depth = 3": "'depth' is no property",
    "dn = 'x'": "cannot compare 'dn' \\(number\\)",
    "dn LIKE '4%'": "cannot compare|like compares texts",
    "name + 1 = 2": "calculates with numbers",
    "CASEI(dn) = 'x'": "casei takes a text",
    "ACCENTI(name) = 'x'": "accenti is not offered",
    "sin(dn) = 1": "no operator or function 'sin'",
    "geometry = 1": "'geometry' is no property|cannot compare",
    "S_INTERSECTS(name, BBOX(1,2,3,4))": "'name' is none",
    "S_INTERSECTS(geometry, POLYGON((0 0, 2 2, 0 2, 2 0, 0 0)))": "Self-intersection",
    "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(1 1)))": "must be a point, line or polygon",
    "T_AFTER(name, DATE('2020-01-01'))": "compares times",
    "valid_from_at > TIMESTAMP('2020-13-01T00:00:00Z')": "is no time",
    "T_DURING(valid_from_at, INTERVAL('2020-02-30', '..'))": "is no date",
    "name = '\0'": "NUL",
    "dn": "true or false is wanted",
    "not " * 3 + "dn": "true or false is wanted",
    "(" * (DEEPEST + 1) + "dn = 1" + ")" * (DEEPEST + 1): "nests",
    "dn = " + "-" * 5000 + "1": "minus signs",
    "dn = 1 OR " * LONGEST + "dn = 1": "characters",
}


@pytest.fixture(scope="module")
def store(sample_url: str) -> Iterator[Connection]:
    """Yield a connection to the loaded sample city."""
    with connect(sample_url) as connection:
        yield connection


@pytest.fixture(scope="module")
def features(store: Connection) -> list[dict[str, Any]]:
    """Return the pipes that have every property the filters ask for."""
    rows = store.execute(
        "select asset_id, code, name, company_id, st_asgeojson(geom, 15)::jsonb, attributes from asset"
        " where kind = %s and valid_to_at is null and attributes ?& array['dn', 'side'] and company_id is not null",
        (KIND,),
    ).fetchall()
    assert len(rows) > 1000
    names = ("asset_id", "code", "name", "company_id")
    return [{"type": "Feature", "geometry": row[4], "properties": dict(zip(names, row, strict=False)) | row[5]} for row in rows]


def selected(store: Connection, text: str) -> set[int]:
    """Return the ids that the predicate selects."""
    found = predicate(parse_filter(text), PROPERTIES, first=1)
    return ids_of(store, found)


def ids_of(store: Connection, found: Predicate) -> set[int]:
    statement = found.sql.replace("%", "%%")
    for number in range(len(found.parameters), 0, -1):
        statement = statement.replace(f"${number}::", f"%(p{number})s::")
    values = {f"p{number}": value for number, value in enumerate(found.parameters, start=1)}
    rows = store.execute(
        f"select a.asset_id from asset a where a.kind = '{KIND}' and a.valid_to_at is null and {statement}", values
    )
    return {row[0] for row in rows.fetchall()}


@pytest.mark.parametrize("text", WANTED)
def test_a_filter_selects_what_the_parsers_own_evaluation_does(
    store: Connection, features: list[dict[str, Any]], text: str
) -> None:
    known = {each["properties"]["asset_id"] for each in features}
    expression = cql2.Expr(text.replace("dn / 0 > 1", "FALSE"))
    expected = {each["properties"]["asset_id"] for each in features if expression.matches(each)}
    assert selected(store, text) & known == expected
    assert expected or "NOT" in text or "S_" in text, "the filter selects something"


def test_both_encodings_say_the_same(store: Connection) -> None:
    for text in WANTED:
        as_json = orjson.dumps(cql2.Expr(text).to_json()).decode()
        again = predicate(parse_filter(as_json, "cql2-json"), PROPERTIES, first=1)
        assert ids_of(store, again) == selected(store, text), text


def test_times_compare_by_their_ends(store: Connection) -> None:
    everything = selected(store, "true")
    at = datetime.now(UTC).date().isoformat()
    assert selected(store, "T_AFTER(valid_from_at, DATE('2020-01-01'))") == everything
    assert selected(store, "T_BEFORE(valid_from_at, DATE('2020-01-01'))") == set()
    assert selected(store, "T_INTERSECTS(valid_from_at, INTERVAL('2020-01-01', '..'))") == everything
    assert selected(store, "T_DURING(valid_from_at, INTERVAL('..', '2020-01-01'))") == set()
    assert selected(store, "T_DISJOINT(valid_from_at, INTERVAL('..', '2020-01-01T00:00:00+08:00'))") == everything
    assert selected(store, f"valid_from_at < TIMESTAMP('{at}T23:59:59Z')") == everything


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        predicate(parse_filter(text), PROPERTIES, first=1)


def test_nothing_of_a_filter_becomes_sql() -> None:
    hostile = "x'; drop table asset; --"
    found = predicate(parse_filter(f"name = '{hostile.replace(chr(39), chr(39) * 2)}' AND dn = 7"), PROPERTIES, first=4)
    assert found.parameters == (hostile, 7.0)
    assert "drop" not in found.sql
    assert "$4::text" in found.sql
    assert "$5::double precision" in found.sql
    with pytest.raises(BadFilter, match="is no property"):
        predicate(parse_filter('"name) or (1=1" = 1'), PROPERTIES, first=1)


def test_a_box_across_the_180th_meridian_is_two() -> None:
    found = predicate(
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [170, 0, -170, 10]}]}, PROPERTIES, first=1
    )
    (given,) = found.parameters
    assert isinstance(given, bytes)
    assert shapely.from_wkb(given).area == pytest.approx(200.0)
