"""Names of datums: what a delivery may write, what it means, and what the registry offers.

| text | system | operation |
|---|---|---|
| `wgs84` | WGS-84 degrees | none |
| `cgcs2000` | CGCS2000 degrees | identity, by decision; decimetres |
| `gcj02`, `bd09` | degrees of the shifted web maps | `gis.gcj02` |
| `bd09mc` | Baidu's metres | `gis.baidu_mercator`, then `bd09` |
| `gk(cgcs2000,3,126,plain)` | Gauss-Krueger metres, zone width 3 or 6, central meridian, `plain` or `prefix` (zone in front of the easting) | `gis.gauss_krueger` |
| `xian80`, `beijing54`, `gk(xian80,..)` | old datums | seven parameters, stated or fitted; refuse without |
| `epsg:N` | any EPSG system | PROJ's first operation that is not a ballpark |
| `local(NAME)` | a city's own grid | four parameters, or six, onto a `gk(..)`; or seven from its own ellipsoid |
| `twice(gcj02)`, `twice(bd09)` | WGS-84 that was taken for GCJ-02 (BD-09) and converted once more | the last conversion undone, exactly |
"""  # noqa: E501 - a table row cannot be wrapped

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from gis.errors import DatumNeedsParameters, UnknownDatum
from gis.parameters import Affine, Parameters, SevenParameters, Similarity
from gis.projections import crs_of_epsg

Family: TypeAlias = Literal["wgs84", "cgcs2000", "gcj02", "bd09", "bd09mc", "xian80", "beijing54", "gk", "epsg", "local", "twice"]
Unit: TypeAlias = Literal["degree", "metre"]

OLD: Final[dict[str, Family]] = {"xian80": "xian80", "beijing54": "beijing54"}
"""National datums whose shift to CGCS2000 is not public."""
NAMES: Final = (
    "wgs84, cgcs2000, gcj02, bd09, bd09mc, gk(cgcs2000,3,126,plain), gk(..,prefix), xian80, beijing54, epsg:N, local(NAME),"
    " twice(gcj02)"
)

_PLAIN: Final[dict[str, Family]] = {
    "wgs84": "wgs84",
    "cgcs2000": "cgcs2000",
    "gcj02": "gcj02",
    "bd09": "bd09",
    "bd09mc": "bd09mc",
}
_GK = re.compile(r"gk\((?P<datum>[a-z0-9]+),(?P<width>\d+),(?P<meridian>\d+(?:\.\d+)?),(?P<form>[a-z]+)\)")
_EPSG = re.compile(r"epsg:(?P<code>\d+)")
_TWICE = re.compile(r"twice\((?P<base>gcj02|bd09)\)")
_LOCAL = re.compile(r"(?i:local)\((?P<name>[^()]+)\)")
_GEOGRAPHIC_EPSG: Final[dict[Family, int]] = {"cgcs2000": 4490, "xian80": 4610, "beijing54": 4214}
# EPSG code of the first zone (3 degrees: zone 25, 75 E; 6 degrees: zone 13, 75 E), the others follow; prefix, plain
_GK_EPSG: Final = {
    ("cgcs2000", 3): (4513, 4534),
    ("cgcs2000", 6): (4491, 4502),
    ("xian80", 3): (2349, 2370),
    ("xian80", 6): (2327, 2338),
    ("beijing54", 3): (2401, 2422),
    ("beijing54", 6): (21413, 21453),
}
_WESTMOST_DEG, _EASTMOST_DEG = 75, 135


@dataclass(frozen=True, slots=True)
class Datum:
    """One datum, as `parse_datum` returns it.

    Attributes
    ----------
    text
        Canonical text.
    family
        Which rule converts it.
    base
        Geodetic datum below a `gk`; else empty.
    zone_width_deg, meridian_deg, prefix
        Of a `gk`: 3 or 6, central meridian in degrees, whether eastings begin with the zone number.
    epsg
        Code of an `epsg`; 0 otherwise.
    grid
        The `gk` below a `local`; the datum that was undone once too often, of a `twice`.
    parameters
        Of a `local` (four, six or seven) or of an old datum (seven); None when the delivery gives none.
    """

    text: str
    family: Family
    base: str = ""
    zone_width_deg: int = 0
    meridian_deg: float = 0.0
    prefix: bool = False
    epsg: int = 0
    grid: Datum | None = None
    parameters: Parameters | None = None

    @property
    def unit(self) -> Unit:
        """Unit of its coordinates."""
        if self.family == "local" and self.grid is not None:
            return self.grid.unit
        if self.family == "epsg":
            return "degree" if crs_of_epsg(self.epsg).is_geographic else "metre"
        return "metre" if self.family in {"gk", "bd09mc"} else "degree"

    @property
    def zone(self) -> int:
        """Number of the zone of a `gk`."""
        return round(self.meridian_deg / 3) if self.zone_width_deg == 3 else round((self.meridian_deg + 3) / 6)

    @property
    def false_easting_m(self) -> float:
        """Easting of the central meridian of a `gk`."""
        return 500_000.0 + (self.zone * 1_000_000.0 if self.prefix else 0.0)


def parse_datum(text: str, parameters: Mapping[str, Parameters] | None = None) -> Datum:
    """Read a datum's name.

    Parameters
    ----------
    text
        A name of the table above; case and blanks do not matter.
    parameters
        By name (`local(NAME)`, `xian80`, `beijing54`), from the `[datums.NAME]` tables of the delivery. An EPSG code of an old
        datum takes those of the datum.

    Raises
    ------
    UnknownDatum
        When the registry does not hold it; the message lists what it holds.
    DatumNeedsParameters
        When a `local(NAME)` has no parameters.
    """
    known = {} if parameters is None else parameters
    stripped = re.sub(r"\s+", "", text)
    plain = stripped.lower()
    if plain in _PLAIN:
        return Datum(plain, _PLAIN[plain])
    if plain in OLD:
        return Datum(plain, OLD[plain], parameters=known.get(plain))
    if match := _GK.fullmatch(plain):
        return _parse_gk(plain, match, known)
    if match := _EPSG.fullmatch(plain):
        return _parse_epsg(plain, int(match["code"]), known)
    if match := _TWICE.fullmatch(plain):
        return Datum(plain, "twice", grid=parse_datum(match["base"]))
    if match := _LOCAL.fullmatch(stripped):
        return _parse_local(match["name"], known)
    raise UnknownDatum(f"{text!r} is not a datum; known are {NAMES}")


def epsg_of(datum: Datum) -> int | None:
    """Return the EPSG code of a datum; None for shifted web maps and local grids, which have none."""
    if datum.family == "wgs84":
        return 4326
    if datum.epsg:
        return datum.epsg
    if datum.family == "gk":
        prefixed, plain = _GK_EPSG[datum.base, datum.zone_width_deg]
        return (prefixed if datum.prefix else plain) + round(datum.meridian_deg - _WESTMOST_DEG) // datum.zone_width_deg
    return _GEOGRAPHIC_EPSG.get(datum.family)


def _parse_gk(text: str, match: re.Match[str], known: Mapping[str, Parameters]) -> Datum:
    base, width, meridian, form = match["datum"], int(match["width"]), float(match["meridian"]), match["form"]
    if base not in {"cgcs2000", *OLD}:
        raise UnknownDatum(f"{text!r}: the datum {base!r} must be cgcs2000, xian80 or beijing54")
    if width not in {3, 6}:
        raise UnknownDatum(f"{text!r}: the zone width {width} must be 3 or 6 degrees")
    if form not in {"plain", "prefix"}:
        raise UnknownDatum(f"{text!r}: {form!r} must be plain (easting 500 km at the meridian) or prefix (zone in front)")
    if meridian not in range(_WESTMOST_DEG, _EASTMOST_DEG + 1, width):
        raise UnknownDatum(
            f"{text!r}: {meridian:g} is no central meridian of {width}-degree zones in China (75, {75 + width}, ... 135)"
        )
    return Datum(
        text, "gk", base=base, zone_width_deg=width, meridian_deg=meridian, prefix=form == "prefix", parameters=known.get(base)
    )


def _parse_epsg(text: str, code: int, known: Mapping[str, Parameters]) -> Datum:
    named = _name_of_epsg(code)
    if named is None or ((named.base or named.family) in OLD and (named.base or named.family) not in known):
        # an old datum without parameters: PROJ says which of its operations there are, and where they hold
        crs_of_epsg(code)
        return Datum(text, "epsg", epsg=code)
    return replace(named, text=text, epsg=code, parameters=known.get(named.base or named.family))


def _name_of_epsg(code: int) -> Datum | None:
    """Return the datum of the registry that an EPSG code means; None when it holds no name for it."""
    for family, geographic in _GEOGRAPHIC_EPSG.items():
        if code == geographic:
            return Datum(family, family)
    for (base, width), firsts in _GK_EPSG.items():
        for first, form in zip(firsts, ("prefix", "plain"), strict=True):
            meridian = _WESTMOST_DEG + (code - first) * width
            if _WESTMOST_DEG <= meridian <= _EASTMOST_DEG:
                return parse_datum(f"gk({base},{width},{meridian},{form})")
    return None


def _parse_local(name: str, known: Mapping[str, Parameters]) -> Datum:
    found = known.get(name)
    if isinstance(found, SevenParameters) and found.grid:
        return _on_its_own_ellipsoid(name, found)
    if not isinstance(found, (Similarity, Affine)):
        raise DatumNeedsParameters(
            f"local({name}) needs a table [datums.{name}] with base and control_points, or with base, dx_m, dy_m, rotation_deg"
            " and scale (four parameters)"
        )
    grid = parse_datum(found.base, known)
    if grid.family != "gk":
        raise UnknownDatum(f"[datums.{name}] base = {found.base!r} must be a Gauss-Krueger grid such as gk(cgcs2000,3,126,plain)")
    return Datum(f"local({name})", "local", grid=grid, parameters=found)


def _on_its_own_ellipsoid(name: str, seven: SevenParameters) -> Datum:
    grid = parse_datum(seven.grid, dict.fromkeys(OLD, seven))
    if (grid.base or grid.family) not in OLD:
        raise UnknownDatum(
            f"[datums.{name}] grid = {seven.grid!r} must be one of an old datum, such as gk(xian80,3,126,plain): seven parameters"
            " lead from its ellipsoid"
        )
    return Datum(f"local({name})", "local", grid=grid, parameters=seven)
