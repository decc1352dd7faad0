"""Writes `docs/points.md` from the table of points: `python -m twin.points_page > docs/points.md`; a test compares the two."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from twin.kinds import KINDS
from twin.measuring import BOUNDARIES, DEVICE_FIELDS, POINT_FIELDS, THRESHOLD_FIELDS, Field
from twin.points.reporting import DEVICE_SCHEMAS
from twin.quantities import QUANTITIES
from twin.schemas import DEFAULT_SCHEMAS, SCHEMA_OF_KIND, SHIPPED_SCHEMAS, FrameSchema, Point

_HEAD: Final = """# Points: what frames hold, and what measures where

Written by `python -m twin.points_page > docs/points.md` from `twin/points` (the table is `twin/points/telemetry.csv`),
`twin/quantities.py` and `twin/measuring.py`; a test holds them together. `GET /schemas` serves the schemas,
[readings.md](readings.md) tells how frames are sent.

Shipped schemas follow the data dictionary of district heating: one for each class of facility that the platform requirements
name, and some for what they lack (rural devices, rooms, gas, weather, air, single items of CJ/T 545). In `clause` the section
of the requirements stands first, then standard and clause; without one, the point is our own.

## How to read the tables

- **must**: the source asks for it (应); *should*: it recommends it (宜); empty: our own.
- **range**: a value outside is flagged as failed (4). A point without an upper end is a register: 64-bit, its digits come back
  as sent. All others are 32-bit gauges.
- **period**: expected seconds between values; *tests* = measured in tests at times, not continuously. No document at hand gives
  upload periods; the load of a city asks for one frame a minute.
- **alarm**: what the source wants alarmed. It is not alarmed for that reason: rules are registered apart.
- **states**: 0 off, closed, normal; 1 on, open, alarm; 2 fault; other numbers as the sender says. The documents give no codes.
- **units** are ours. Three rows of the dictionary are several numbers here (switchboard, three-phase voltage, values of each
  heating circuit). Water qualities are 1 where the water meets section 2.6, else 0. The fuel of a heat source has no unit in the
  dictionary and is counted by its heat in kWh. Further secondary systems of a substation have the points of the first one,
  numbered 2 to 4; branches that a station lacks are sent as `null`.

A later version of a schema begins with the points of the earlier one. When the program brings a new version, the sources that it
made move to it with the next start; those registered by hand stay. A device that can send only the first points is registered
by hand with the earlier version (`substation/1`).

## What measures where (CJ/T 545)

`POST /measuring-points`, `/measuring-devices` and `/measuring-thresholds` register lists of up to 1,000, whole or not at all
(permission `register_sources`); the same list again changes nothing. `GET` of the same paths lists them by asset, box, boundary,
point or item, as far as the caller's Scope reaches. Records are kept with the seat that wrote them.

- A **measuring point** stands at an asset. `boundary` says that it stands at a joint where works of two owners meet (requirements
  2.8.1, 2.8.5); which kinds of asset may stand there is listed below. Without coordinates it lies where its asset is.
- A **measuring device** stands at a point and measures one item. Its values are one point of a source's frames. A device that
  names no `source` gets one of its own, `measuring_device:<bsm>`, by the one-point schema `cjt545_jcx_00nn` of its item. One that
  names `source` and `point` is that point of a wider frame, such as the supply temperature of a substation; flow, heat and level,
  for which the standard has no device type and no item, are always so.
- A point measures an item with one device in use: a row of the standard's live readings (设备实时监测) names only point and item.
  Scrap (报废) the old one to register another.
- **Identification codes** (BSM) have 20 characters. Those that are not given become `HT`, four digits of the city, `JCD`, `JCS`
  or `JCY`, and eleven digits counted up.
- **Thresholds** have three levels, 1 the highest. The standard leaves the text open; we read and write `<0.2` (alarm below),
  `>1.6` (above), `<0.2;>1.6`, and read `0.2~1.6` (the range without alarm). A higher level must not alarm before a lower one.
- Lengths of texts are counted in bytes of GB 18030, as the standard's lengths are no UTF-8.

In the program, `data.measuring.find_measuring_points(pool, scope, city_id, bsm)` gives for each (BSM of a point or device, item)
the source, schema, point and unit, and whether a single value makes a whole frame: that is how a row of 设备实时监测 becomes one.
"""


def points_page() -> str:
    """Return the whole page."""
    parts = [_HEAD.rstrip(), *_records(), *_quantities(), *_kinds(), "\n## Schemas"]
    for code, schema in DEFAULT_SCHEMAS.items():
        parts.extend(_schema(code, schema))
    return "\n".join([*parts, ""])


def _records() -> Iterator[str]:
    yield "\n| boundary | lies at |\n|---|---|"
    yield from (f"| `{name}` | {', '.join(f'`{kind}`' for kind in sorted(kinds))} |" for name, kinds in BOUNDARIES.items())
    yield "\nNames of the standard's fields:\n"
    yield "| table | fields |\n|---|---|"
    tables = (("监测点位", POINT_FIELDS), ("监测设备", DEVICE_FIELDS), ("监测项阈值", THRESHOLD_FIELDS))
    yield from (f"| {name} | {', '.join(map(_field, fields))} |" for name, fields in tables)


def _field(field: Field) -> str:
    return f"{field.code} = `{field.name}`"


def _quantities() -> Iterator[str]:
    yield "\n## Quantities\n"
    yield "Every quantity has one unit; names of points end in it.\n"
    yield "| quantity | Chinese | unit | names end in |\n|---|---|---|---|"
    for quantity in QUANTITIES.values():
        suffix = f"`{quantity.suffix}`" if quantity.suffix else ""
        yield f"| `{quantity.name}` | {quantity.name_zh} | {quantity.unit} | {suffix} |"


def _kinds() -> Iterator[str]:
    yield "\n## Which assets report\n"
    yield "Each asset of these kinds gets a source `<kind>:<code>` as soon as it is imported.\n"
    yield "| kind | Chinese | schema |\n|---|---|---|"
    for kind, schema in SCHEMA_OF_KIND.items():
        yield f"| `{kind}` | {KINDS[kind].name_zh} | `{schema}` |"
    yield "\nA clean-heating device reports by the first of these words that its `device_type` holds:\n"
    yield "| word | schema |\n|---|---|"
    yield from (f"| {word} | `{schema}` |" for word, schema in DEVICE_SCHEMAS)


def _schema(code: str, schema: FrameSchema) -> Iterator[str]:
    earlier = [f"version {each.version}: the first {len(each.points)}" for each in SHIPPED_SCHEMAS if each.code == code][:-1]
    note = f" ({'; '.join(earlier)})" if earlier else ""
    yield f"\n### `{code}` version {schema.version}: {_count(len(schema.points))}{note}\n"
    yield "| point | Chinese | English | unit | side | range | period | | alarm | clause |\n|" + "---|" * 10
    yield from (_point(point) for point in schema.points)


def _count(points: int) -> str:
    return "1 point" if points == 1 else f"{points} points"


def _point(point: Point) -> str:
    bounds = "register" if point.slot == "total" else f"{point.low:g} to {point.high:g}"
    period = str(point.period_s) if point.period_s else "tests"
    asked = "must" if point.mandatory else "should" if point.clause else ""
    columns = (
        f"`{point.name}`",
        point.label_zh,
        point.label_en,
        point.unit,
        point.side,
        bounds,
        period,
        asked,
        point.alarm,
        point.clause,
    )
    return f"| {' | '.join(columns)} |"


if __name__ == "__main__":
    sys.stdout.write(points_page())
