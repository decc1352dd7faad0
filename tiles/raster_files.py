"""Raster files that somebody brings: looked at, brought to WGS-84, made cloud-optimised GeoTIFFs (COG).

What comes from outside is only ever read by the drivers of `DRIVERS`, none of which follows a name inside the file to another
file or to the network, and nothing beside the file is read but a world file, by this module.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import rasterio
import rasterio.errors
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # what GDAL says where rasterio has no words of its own
from rasterio.crs import CRS
from rasterio.transform import GCPTransformer
from rasterio.warp import transform_bounds

from tiles.errors import BadRaster
from tiles.raster import STYLES
from tiles.raster_windows import Plan, plan_colour, plan_heights, write_windows

logger = logging.getLogger(__name__)

Progress: TypeAlias = Callable[[str, float], None]
Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

DRIVERS: Final = {
    "GTiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "JP2OpenJPEG": (b"\0\0\0\x0cjP  ", b"\xffO\xffQ"),
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
}
"""Formats that are read, by their first bytes: GeoTIFF, JPEG 2000, and JPEG and PNG with a world file."""
DATUMS: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
"""Datums that a raster may be in; WGS-84 and CGCS2000 differ by decimetres and are taken as they are."""
MAX_PIXELS: Final = 20_000_000_000
"""Most pixels of one file: 70 km x 70 km at half a metre."""
MAX_BLOCK_BYTES: Final = 512 * 2**20
MAX_RATIO: Final = 1_100
"""How much larger than the file its pixels may be. Deflate cannot pack better than 1 : 1,032: beyond, nearly all is empty."""
_SMALL_BYTES: Final = 2**30
"""Pixels of that much are read however well they are packed."""
_LAYER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COG_BLOCK: Final = 512
_JPEG_QUALITY: Final = 90
_SAFE: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_TIFF_INTERNAL_MASK": "YES",
    "GDAL_CACHEMAX": 256,
}
_VERSION: Final = 2
"""Of the conversion; part of the name of what it makes."""
_GCP_TOLERANCE_PIXELS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file does not say itself, or says wrongly.

    Attributes
    ----------
    crs
        Reference system as PROJ reads it (`EPSG:4551`); None = the file's own.
    datum
        One of `DATUMS`: what the longitudes and latitudes behind the reference system really are.
    nodata
        Value that means no data; None = as the file says.
    """

    crs: str | None = None
    datum: str = "wgs84"
    nodata: float | None = None


AS_IT_SAYS: Final = Reading()


def add_file(
    source: Path,
    var_dir: Path,
    city_id: int,
    layer: str,
    style: str,
    *,
    reading: Reading = AS_IT_SAYS,
    near: Bounds | None = None,
    report: Progress | None = None,
) -> str:
    """Check a raster and make it a cloud-optimised GeoTIFF with overviews under the var dir.

    Parameters
    ----------
    source
        A file of one of `DRIVERS`.
    var_dir
        The file becomes `raster/{city}/{layer}-{hash}.tif` below it; the hash is that of the source and of how it is read.
    city_id, layer, style
        What it is; `layer` in lower case, digits, underscores.
    reading
        What the file does not say.
    near
        Extent of the city; a raster that does not touch it is refused. None = not asked.
    report
        Told what is being done and the share that is done.

    Returns
    -------
    The path relative to the var dir. A file that is there already is not converted again; what is being written has another
    name until it is whole.

    Raises
    ------
    BadRaster
        When the file cannot be read, does not say where it lies, does not fit the style or the city, or would unpack to more
        than the disk holds; the message says what would help.

    Cost: 10 s for 100 million pixels of three bands; memory does not depend on the size.
    """
    _require_names(layer, style, reading)
    digest = _digest(source, style, reading)
    relative = f"raster/{city_id}/{layer}-{digest}.tif"
    target = var_dir / relative
    say = report or _silent
    with rasterio.Env(**_SAFE):
        if not target.exists():
            with opened(source) as dataset:
                _convert(dataset, source, target, style=style, reading=reading, near=near, say=say)
        elif near is not None:
            require_touch(bounds_wgs84(target), near, source.name)
    say("done", 1.0)
    return relative


def _silent(_message: str, _share: float) -> None:
    """Tell nobody."""


def _require_names(layer: str, style: str, reading: Reading) -> None:
    if _LAYER_NAME.fullmatch(layer) is None:
        raise BadRaster(f"layer name {layer!r} does not fit; lower-case letters, digits and underscores do (at most 40)")
    if style not in STYLES:
        raise BadRaster(f"{style!r} is not a raster style; styles are {', '.join(STYLES)}")
    if reading.datum not in DATUMS:
        raise BadRaster(
            f"datum {reading.datum!r} is none of a raster: {', '.join(DATUMS)}; a projected grid is named by --crs, for example"
            " EPSG:4551"
        )


def _digest(source: Path, style: str, reading: Reading) -> str:
    """Return the hash of everything that decides what becomes of a file."""
    how = json.dumps([_VERSION, style == "colour", asdict(reading)], sort_keys=True)
    try:
        with source.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadRaster(f"cannot read raster {source.name}: {error.strerror}") from None
    return hashlib.sha256(f"{content}{how}".encode()).hexdigest()[:12]


# ---------------------------------------------------------------- looking


@contextmanager
def opened(source: Path) -> Iterator[Any]:
    """Open a file that may be hostile: by the drivers of `DRIVERS` only, without what lies beside it.

    Raises
    ------
    BadRaster
        When none of them reads it, or when anything inside the block cannot be read.
    """
    driver = _driver(source)
    try:
        # a path object is not searched for addresses like zip:// as a text would be
        with warnings.catch_warnings():
            # said in our own words by `_placed`
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.Env(**_SAFE), rasterio.open(source.resolve(), driver=driver, sharing=False) as dataset:
                yield dataset
    except (rasterio.errors.RasterioError, CPLE_BaseError) as error:
        raise BadRaster(f"cannot read raster {source.name}: {_plain(error)}; is the file whole?") from error


def _driver(source: Path) -> str:
    """Return the driver for a file's first bytes; its name says nothing."""
    try:
        with source.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise BadRaster(f"cannot read raster {source.name}: {error.strerror}") from None
    for driver, signatures in DRIVERS.items():
        if head.startswith(signatures):
            return driver
    raise BadRaster(
        f"cannot read raster {source.name}: it is no GeoTIFF, JPEG 2000, JPEG or PNG; other formats are converted first"
        f" (gdal_translate {source.name} out.tif)"
    )


def _plain(error: BaseException) -> str:
    """Return what GDAL says without the folders of this machine."""
    text = str(error.__cause__ or error) or type(error).__name__
    return re.sub(r"(/[^\s'\"/:]+)+/", "", text)[:200].rstrip(". ")


def _convert(
    dataset: Any, source: Path, target: Path, *, style: str, reading: Reading, near: Bounds | None, say: Progress
) -> None:
    _require_size(dataset, source, target)
    crs, affine, pixel_of = _placed(dataset, source, reading)
    plan = (plan_colour if style == "colour" else plan_heights)(
        dataset, source.name, crs=crs, affine=affine, pixel_of=pixel_of, datum=reading.datum, nodata=reading.nodata
    )
    if near is not None:
        require_touch(plan.bounds_wgs84(), near, source.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    flat = target.with_name(f".{target.stem}.{uuid.uuid4().hex}.flat.part")
    unfinished = flat.with_suffix(".cog.part")
    try:
        _write(dataset, plan, flat, unfinished, say)
        wrong = check_cog(unfinished)
        if wrong:
            raise BadRaster(f"raster {source.name} did not become a cloud-optimised GeoTIFF: {'; '.join(wrong)}")
        unfinished.replace(target)
    except OSError as error:
        raise BadRaster(f"cannot write raster {source.name} to the var dir: {error.strerror or _plain(error)}") from error
    finally:
        flat.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)


def _write(dataset: Any, plan: Plan, flat: Path, unfinished: Path, say: Progress) -> None:
    options = _cog_options(dataset, plan)
    if plan.as_it_is:
        say("making overviews", 0.1)
        rasterio.shutil.copy(dataset, unfinished, driver="COG", **options)
        return
    write_windows(dataset, plan, flat, lambda share: say("reading", 0.7 * share))
    say("making overviews", 0.7)
    with rasterio.open(flat) as written:
        rasterio.shutil.copy(written, unfinished, driver="COG", **options)
    flat.unlink()


def _cog_options(dataset: Any, plan: Plan) -> dict[str, Any]:
    shared = {"BLOCKSIZE": _COG_BLOCK, "OVERVIEW_RESAMPLING": "AVERAGE", "NUM_THREADS": "2", "BIGTIFF": "IF_SAFER"}
    compression = dataset.compression.value if dataset.compression is not None else ""
    if plan.is_colour and plan.count == 3 and (dataset.driver == "JPEG" or compression == "JPEG"):
        # what was packed with loss gains nothing by being kept without
        return {**shared, "COMPRESS": "JPEG", "QUALITY": _JPEG_QUALITY}
    return {**shared, "COMPRESS": "DEFLATE", "PREDICTOR": "YES"}


def _require_size(dataset: Any, source: Path, target: Path) -> None:
    """Refuse what would unpack to absurd sizes, before a pixel is read."""
    pixels = dataset.width * dataset.height
    pixel_bytes = sum(np.dtype(kind).itemsize for kind in dataset.dtypes)
    unpacked, packed = pixels * pixel_bytes, max(1, source.stat().st_size)
    size = f"raster {source.name} of {dataset.width} x {dataset.height} pixels and {dataset.count} bands"
    if pixels > MAX_PIXELS:
        raise BadRaster(f"{size} is too large: at most {MAX_PIXELS:,} pixels; cut it into layers")
    if unpacked > _SMALL_BYTES and unpacked / packed > MAX_RATIO:
        raise BadRaster(f"{size} would unpack to {unpacked / 2**30:,.1f} GB from a file of {packed:,} bytes: it is empty")
    if dataset.driver != "GTiff" and unpacked > 4 * _SMALL_BYTES:
        raise BadRaster(f"{size} must be a GeoTIFF: a {dataset.driver} file of that size cannot be read in parts")
    rows, columns = max(dataset.block_shapes, key=lambda shape: shape[0] * shape[1])
    if dataset.driver == "GTiff" and rows * columns * pixel_bytes > MAX_BLOCK_BYTES:
        raise BadRaster(f"{size} has blocks of {columns} x {rows}; lay it out in tiles (gdal_translate -co TILED=YES)")
    free = _free_bytes(target)
    if unpacked > free:
        raise BadRaster(f"{size} may need {unpacked / 2**30:,.1f} GB and the var dir has {free / 2**30:,.1f} GB left")


def _free_bytes(target: Path) -> int:
    there = next(folder for folder in target.parents if folder.exists())
    return shutil.disk_usage(there).free


# ---------------------------------------------------------------- place

PixelOf: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Positions in the file's reference system (n, 2) to columns and rows (n, 2)."""


def _placed(dataset: Any, source: Path, reading: Reading) -> tuple[CRS, Affine | None, PixelOf | None]:
    """Return the reference system and the map of pixels to it; of a file with control points only the way back.

    Raises
    ------
    BadRaster
        When nothing says where the file lies.
    """
    points, points_crs = dataset.gcps
    has_grid = not dataset.transform.is_identity
    affine = dataset.transform if has_grid else _world_file(source)
    crs = _crs(reading.crs) if reading.crs is not None else dataset.crs or (points_crs if affine is None else None)
    if crs is None:
        raise BadRaster(
            f"raster {source.name} has no coordinate reference system; name it with --crs, for example --crs EPSG:4551"
            " (CGCS2000, Gauss-Krueger, meridian 126) or --crs EPSG:4326"
        )
    if affine is not None:
        _require_map(affine, source.name)
        return crs, affine, None
    if not points:
        raise BadRaster(
            f"raster {source.name} does not say where it lies: it has no map of pixels, no control points and no world file"
            " beside it (.tfw, .jgw, .pgw, .j2w)"
        )
    return crs, None, _by_points(points, source.name)


def _require_map(affine: Affine, name: str) -> None:
    if not np.isfinite(affine[:6]).all() or affine.determinant == 0:
        raise BadRaster(f"raster {name} has a map of pixels that is none: {tuple(affine[:6])}")


def _by_points(points: Any, name: str) -> PixelOf:
    """Return the polynomial through control points (of degree 1 to 3, by their number), held against them."""
    if len(points) < 4:
        raise BadRaster(f"raster {name} has {len(points)} control points; it must have at least 4, or a map of pixels")
    there = GCPTransformer(points)

    def pixel_of(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        rows, columns = there.rowcol(xy[:, 0], xy[:, 1], op=np.asarray)
        return np.column_stack([np.asarray(columns, np.float64), np.asarray(rows, np.float64)])

    known = np.array([[point.x, point.y] for point in points])
    try:
        off = pixel_of(known) - [[point.col, point.row] for point in points]
    except (rasterio.errors.RasterioError, CPLE_BaseError):
        raise BadRaster(f"raster {name} has control points that no map fits; lay it on a grid first (gdalwarp -tps)") from None
    worst = float(np.abs(off).max())
    if not worst <= _GCP_TOLERANCE_PIXELS:
        raise BadRaster(
            f"raster {name} does not fit its control points: they are off by up to {worst:.1f} pixels; lay it on a grid"
            " first (gdalwarp -tps)"
        )
    return pixel_of


def _crs(text: str) -> CRS:
    try:
        found = CRS.from_user_input(text)
    except rasterio.errors.CRSError:
        found = None
    if found is None or not (found.is_geographic or found.is_projected):
        raise BadRaster(f"--crs {text!r} is not a reference system of a map; EPSG:4326 or EPSG:4551 are")
    return found


_WORLD_ENDINGS: Final = {".tif": (".tfw", ".tifw"), ".tiff": (".tfw", ".tiffw"), ".jpg": (".jgw", ".jpgw"),
                         ".jpeg": (".jgw", ".jpegw"), ".png": (".pgw", ".pngw"), ".jp2": (".j2w", ".jp2w")}  # fmt: skip


def _world_file(source: Path) -> Affine | None:
    """Return the map in the world file beside a raster: six numbers, of the middle of the first pixel."""
    endings = _WORLD_ENDINGS.get(source.suffix.lower(), ())
    beside = [source.with_suffix(ending) for known in endings for ending in (known, known.upper())]
    found = next((file for file in [*beside, source.with_suffix(".wld")] if file.is_file()), None)
    if found is None:
        return None
    try:
        with found.open(encoding="ascii") as file:
            a, d, b, e, x, y = (float(text) for text in file.read(1000).split())
    except (ValueError, OSError):
        raise BadRaster(f"{found.name} is no world file: it must hold six numbers") from None
    return Affine(a, b, x, d, e, y) @ Affine.translation(-0.5, -0.5)


def require_touch(bounds: Bounds, near: Bounds, name: str) -> None:
    """Raise `BadRaster` unless a raster touches the city."""
    west, south, east, north = bounds
    if west <= near[2] and east >= near[0] and south <= near[3] and north >= near[1]:
        return
    lies, city = (", ".join(f"{value:.4f}" for value in box) for box in (bounds, near))
    raise BadRaster(
        f"raster {name} lies at {lies} (west, south, east, north), the city at {city}: they do not touch; is the reference"
        " system right (--crs)?"
    )


def bounds_wgs84(path: Path) -> Bounds:
    """Return west, south, east, north of a file of ours in degrees."""
    with rasterio.open(path) as dataset:
        west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    return west, south, east, north


# ---------------------------------------------------------------- what came out


def check_cog(path: Path) -> list[str]:
    """Return what keeps a file from being a cloud-optimised GeoTIFF; empty when it is one.

    Asked of the file's own directories, as rio-cogeo does: it is tiled, a large one has overviews, the directories come first
    and from large to small, and the pixels of the overviews before those of the whole picture.
    """
    with rasterio.Env(**_SAFE), rasterio.open(path, driver="GTiff") as dataset:
        wrong = [] if dataset.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG" else ["GDAL does not say LAYOUT=COG"]
        rows, columns = dataset.block_shapes[0]
        levels = dataset.overviews(1)
        if max(dataset.width, dataset.height) > _COG_BLOCK:
            wrong += [] if rows == columns else ["it is not tiled"]
            wrong += [] if levels else ["it has no overviews"]
        heads = [_offset(dataset, "IFD_OFFSET", level) for level in [None, *range(len(levels))]]
        bodies = [_offset(dataset, "BLOCK_OFFSET_0_0", level) for level in [None, *range(len(levels))]]
    known = [body for body in bodies if body]
    wrong += [] if heads == sorted(heads) else ["its directories are not in order"]
    wrong += [] if known == sorted(known, reverse=True) else ["the pixels of its overviews do not come first"]
    return wrong


def _offset(dataset: Any, tag: str, level: int | None) -> int:
    """Return where a directory or its first block begins; 0 for a block that is empty."""
    text = dataset.get_tag_item(tag, "TIFF", bidx=1, **({} if level is None else {"ovr": level}))
    return int(text or 0)
