"""The manifest of a delivery: a TOML file as pydantic models (format: `docs/manifest.md`).

An unknown key is an error, as is a value that does not fit; the message names file, key, value and what would be right.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.errors import BadManifest
from data.imports.units import known_units
from gis.control_points import TOLERANCE_M, Model
from gis.datums import Datum, parse_datum
from gis.errors import GisError
from gis.parameters import Parameters, SevenParameters, Similarity
from gis.reading import GeometryColumns
from twin.city_layers import LAYER_OF_NAME
from twin.kinds import KINDS
from twin.registers import REGISTERS, row_kind

ROLLOUT_RATE = "rollout_rate"
"""Layer kind of a table that fills `rollout_rate` and is no asset."""

ROLLOUT_COLUMNS = ("area_code", "month", "heated_area_m2", "clean_area_m2", "target_rate")
_OWN_COLUMNS = ("code", "name", "source_key")

Scalar: TypeAlias = str | int | float | bool


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class CityEntry(_Model):
    """`[city]`: which city this delivery is for.

    `extent` (west, south, east, north in WGS-84 degrees) is the evidence against which swapped axes and a wrong datum are found.
    `geoid_height_m` is the height of the national height datum above the ellipsoid; the geoid lies between -107 m and 86 m
    (EGM2008).
    """

    id: int = Field(ge=1, le=32767)
    name: str = Field(min_length=1)
    name_en: str = ""
    zone: str = "Asia/Shanghai"
    synthetic: bool = False
    attribution: str = ""
    extent: tuple[float, float, float, float] | None = None
    geoid_height_m: float | None = Field(default=None, ge=-110, le=90)

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("is not an IANA time zone; write one like Asia/Shanghai") from None
        return value

    @field_validator("extent")
    @classmethod
    def _extent(cls, value: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
        if value is not None and not (-180 <= value[0] < value[2] <= 180 and -90 <= value[1] < value[3] <= 90):
            raise ValueError("must be [west, south, east, north] in degrees")
        return value


class Inherited(_Model):
    """Keys of `[defaults]` that each layer may override."""

    encoding: str | None = None
    datum: str | None = None
    datum_evidence: str | None = None
    trust_datum: bool | None = None
    crs: str | None = None
    licence: str | None = None
    attribution: str | None = None
    as_of: str | dt.date | None = None


class ColumnEntry(_Model):
    """One target of `[layer.columns]`: `"column"` or a table with one of `from`, `value`.

    `unit` is the unit in the file; `codes` maps file values to codes; `match` maps patterns (`return_*`) to values, the first
    that fits counts; `prefix` goes in front of a text.
    """

    source: str | None = Field(default=None, alias="from")
    value: Scalar | None = None
    unit: str | None = None
    codes: Mapping[str, Scalar] | None = None
    match: Mapping[str, Scalar] | None = None
    prefix: str = ""

    @field_validator("unit")
    @classmethod
    def _unit(cls, value: str | None) -> str | None:
        if value is not None and value not in known_units():
            raise ValueError(f"is not a known unit; known are {', '.join(known_units())}")
        return value

    @model_validator(mode="after")
    def _one_source(self) -> ColumnEntry:
        if (self.source is None) == (self.value is None):
            raise ValueError("needs exactly one of `from` (a column) and `value` (a constant)")
        if self.codes is not None and self.match is not None:
            raise ValueError("may have `codes` or `match`, not both")
        return self


def _column(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


class GeometryEntry(_Model):
    """`[layer.geometry]`: where a table keeps positions: `x` and `y`, or `wkt`."""

    x: str = ""
    y: str = ""
    wkt: str = ""
    format: Literal["degrees", "metres", "sexagesimal"] = "degrees"

    @model_validator(mode="after")
    def _one_way(self) -> GeometryEntry:
        if bool(self.wkt) == bool(self.x and self.y):
            raise ValueError("needs `x` and `y`, or `wkt`")
        return self

    def columns(self) -> GeometryColumns:
        """Return what the reader takes."""
        return GeometryColumns(x=self.x, y=self.y, wkt=self.wkt, format=self.format)


class LayerEntry(Inherited):
    """One `[[layer]]`: a layer of a file becomes assets of one kind."""

    file: str
    layer: str | None = None
    kind: str
    key: str | None = None
    columns: Mapping[str, Annotated[ColumnEntry, BeforeValidator(_column)]] = Field(default_factory=dict)
    geometry: GeometryEntry | None = None
    where: Mapping[str, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _of_city_layer(cls, value: Any) -> Any:
        """Take the names of the 23 layers of CC-21 as kinds: the kind each becomes, with what tells its rows apart."""
        layer = LAYER_OF_NAME.get(str(value.get("kind"))) if isinstance(value, dict) else None
        if layer is None or not isinstance(columns := value.get("columns", {}), Mapping):
            return value
        constants = {name: {"value": constant} for name, constant in layer.constants.items()}
        return {**value, "kind": layer.kind, "columns": {**constants, **columns}}

    @field_validator("kind")
    @classmethod
    def _kind(cls, value: str) -> str:
        if value not in KINDS and value not in REGISTERS and value != ROLLOUT_RATE:
            registers = ", ".join((*REGISTERS, ROLLOUT_RATE))
            layers = ", ".join(name for name in LAYER_OF_NAME if name not in KINDS)
            raise ValueError(
                f"is not an asset kind; known are {', '.join(sorted(KINDS))}, the layers {layers}, and the tables {registers}"
            )
        return value

    @model_validator(mode="after")
    def _targets(self) -> LayerEntry:
        allowed = targets_of(self.kind)
        unknown = sorted(set(self.columns) - set(allowed))
        if unknown:
            raise ValueError(f"columns: {', '.join(unknown)} is no target of kind {self.kind}; targets are {', '.join(allowed)}")
        if self.kind == ROLLOUT_RATE and (lacking := sorted(set(ROLLOUT_COLUMNS) - set(self.columns))):
            raise ValueError(f"columns: {', '.join(lacking)} is missing")
        return self


class RasterEntry(_Model):
    """One `[[raster]]`: a file for the raster room, passed on by the report."""

    layer: str
    file: str
    style: Literal["hillshade", "terrain", "colour"] = "hillshade"
    attribution: str = ""


class DatumEntry(_Model):
    """`[datums.NAME]`: a local grid by control points or four parameters (both with `base`), or an old datum by seven.

    `grid` is what the seven parameters lead from: of a local system always, of an old datum when they are fitted.
    """

    base: str | None = None
    grid: str | None = None
    control_points: str | None = None
    encoding: str | None = None
    model: Model = "similarity"
    tolerance_m: float = Field(default=TOLERANCE_M, gt=0)
    dx_m: float | None = None
    dy_m: float | None = None
    rotation_deg: float = 0.0
    scale: float = Field(default=1.0, gt=0.9, lt=1.1)
    dz_m: float | None = None
    rx_arcsec: float = 0.0
    ry_arcsec: float = 0.0
    rz_arcsec: float = 0.0
    scale_ppm: float = 0.0
    accuracy_m: float | None = Field(default=None, gt=0)
    source: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> DatumEntry:
        if (self.base is None) == (self.dz_m is None):
            raise ValueError("needs `base` (a local grid on a Gauss-Krueger grid) or `dz_m` (seven parameters), not both")
        given = self.model_fields_set
        if self.control_points is None:
            if self.dx_m is None or self.dy_m is None:
                raise ValueError("needs `dx_m` and `dy_m`, or `control_points` with `base`")
            if fitting := sorted(given & {"encoding", "model", "tolerance_m"}):
                raise ValueError(f"{', '.join(fitting)} belongs to `control_points`, which is not there")
        elif other := sorted(given - {"base", "grid", "control_points", "encoding", "model", "tolerance_m", "source"}):
            raise ValueError(f"{', '.join(other)} cannot stand beside `control_points`, which they are computed from")
        if self.control_points is not None and (self.model == "helmert") != (self.grid is not None):
            raise ValueError('model = "helmert" and `grid`, such as "gk(xian80,3,126,plain)", belong together')
        if self.grid is not None and self.base is not None and self.control_points is None:
            raise ValueError("grid belongs to seven parameters, not to the four on `base`")
        return self

    def parameters(self) -> Parameters | None:
        """Return the parameters as the datum registry takes them; None when they come from control points."""
        if self.dx_m is None or self.dy_m is None:
            return None
        if self.base is not None:
            return Similarity(self.base, self.dx_m, self.dy_m, self.rotation_deg, self.scale, self.accuracy_m, self.source)
        assert self.dz_m is not None
        return SevenParameters(
            *(self.dx_m, self.dy_m, self.dz_m, self.rx_arcsec, self.ry_arcsec, self.rz_arcsec, self.scale_ppm),
            accuracy_m=self.accuracy_m,
            source=self.source,
            grid=self.grid or "",
        )


class Manifest(_Model):
    """A whole delivery.

    `reason` says why it is brought in; it stands with the change in the history of every asset.
    """

    reason: str = ""
    city: CityEntry
    defaults: Inherited = Inherited()
    layer: tuple[LayerEntry, ...] = ()
    raster: tuple[RasterEntry, ...] = ()
    datums: Mapping[str, DatumEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> Manifest:
        if not self.layer and not self.raster:
            raise ValueError("holds no [[layer]] and no [[raster]]")
        return self

    def files(self) -> set[str]:
        """Return every file that the manifest names."""
        tables = {entry.control_points for entry in self.datums.values() if entry.control_points is not None}
        return tables | {entry.file for entry in self.layer} | {entry.file for entry in self.raster}


def targets_of(kind: str) -> tuple[str, ...]:
    """Return the column targets of a layer kind."""
    if kind == ROLLOUT_RATE:
        return ROLLOUT_COLUMNS
    return (*_OWN_COLUMNS, *(attribute.name for attribute in row_kind(kind).attributes))


def locate_manifest(name: str | Path) -> Path:
    """Return the path of a manifest: a file, or the bare name of one that ships with heat twin (`schutterwald`).

    Raises
    ------
    BadManifest
        When there is neither; the message lists what ships.
    """
    path = Path(name)
    if path.is_file():
        return path.absolute()
    shipped = Path(str(files("data").joinpath("manifests")))
    if (candidate := shipped / f"{name}.toml").is_file():
        return candidate
    names = ", ".join(sorted(item.stem for item in shipped.glob("*.toml")))
    raise BadManifest(f"{name}: there is no such manifest; give a path, or one of those that ship: {names}")


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises
    ------
    BadManifest
        With file, key, value and what would be right.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadManifest(f"{path}: there is no such manifest") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path}: is not TOML in UTF-8: {error}") from None
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise BadManifest(f"{path}: " + "; ".join(_sentence(item, content) for item in error.errors())) from None


def inherited(manifest: Manifest, layer: LayerEntry) -> Inherited:
    """Return a layer's values, those of `[defaults]` where it has none."""
    own, base = layer.model_dump(include=set(Inherited.model_fields)), manifest.defaults.model_dump()
    return Inherited(**{name: base[name] if value is None else value for name, value in own.items()})


def datum_of(
    manifest: Manifest, layer: LayerEntry, datums: Mapping[str, Parameters], *, declared_epsg: int | None, where: str
) -> tuple[Datum, str]:
    """Return a layer's datum and the evidence for it.

    The manifest decides; without a word from it, a code that a GeoPackage or Shapefile states about itself is taken. `datums` are
    the parameters of the delivery by name (`data.imports.local_grids`).

    Raises
    ------
    BadManifest
        When the datum is missing or cannot be understood.
    """
    values = inherited(manifest, layer)
    text = values.datum or values.crs
    evidence = values.datum_evidence or "stated in the manifest"
    if text is None:
        if declared_epsg is None or Path(layer.file).suffix.lower() not in {".gpkg", ".shp"}:
            raise BadManifest(
                f'{where}: no datum; write datum = "gcj02" (or another of docs/datums.md) in the layer or [defaults]'
            )
        text, evidence = f"epsg:{declared_epsg}", "stated by the file itself"
    try:
        return parse_datum(text, datums), evidence
    except GisError as error:
        raise BadManifest(f"{where}: datum: {error}") from None


def _sentence(item: Any, content: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in item["loc"] if part not in {"str", "float", "tuple"})
    if item["type"] == "extra_forbidden":
        allowed = ", ".join(_allowed(item["loc"]))
        return f"unknown key {key} (value {item['input']!r}); known here: {allowed}"
    if item["type"] == "missing":
        return f"{key} is missing"
    message = str(item["msg"]).removeprefix("Value error, ")
    shown = "" if isinstance(item["input"], dict) or not item["loc"] else f" = {item['input']!r}"
    return f"{key}{shown}: {message}" if key else message


def _allowed(location: tuple[int | str, ...]) -> list[str]:
    models: Mapping[str, type[BaseModel]] = {
        "city": CityEntry,
        "defaults": Inherited,
        "layer": LayerEntry,
        "raster": RasterEntry,
        "datums": DatumEntry,
        "columns": ColumnEntry,
        "geometry": GeometryEntry,
    }
    inner = [models[str(part)] for part in location[:-1] if str(part) in models]
    model = inner[-1] if inner else Manifest
    return sorted(field.alias or name for name, field in model.model_fields.items())
