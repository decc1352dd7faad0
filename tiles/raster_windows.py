"""Pixels of a raster file on their way to a layer: which bands, stretched how, from where; written window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.warp import transform, transform_bounds
from rasterio.windows import Window
from scipy.ndimage import map_coordinates

from gis.datums import from_wgs84, parse_datum, to_wgs84
from tiles.errors import BadRaster

Floats: TypeAlias = NDArray[np.float64]
PixelOf: TypeAlias = Callable[[Floats], Floats]

WINDOW_PIXELS: Final = 1024
LATTICE_PIXELS: Final = 32
"""Pixels between positions that are converted exactly; between them they are interpolated."""
STRETCH_PERCENT: Final = (2.0, 98.0)
"""Share of a band's values that becomes black and white (`stretch`)."""
NODATA: Final = -9999.0
_SAMPLE_WINDOWS, _SAMPLE_PIXELS = 8, 256
_SHIFTED: Final = ("gcj02", "bd09")


@dataclass(frozen=True)
class Plan:
    """What is done with each pixel.

    Attributes
    ----------
    bands
        Numbers of the bands that are read, from 1.
    crs, affine, width, height
        Grid of what is written, WGS-84 behind it.
    place
        Middles of pixels written to columns and rows of the file; None = the grids are the same.
    palette
        Value to red, green, blue, opacity, shape (values, 4); None = no palette.
    stretch
        Per band the values that become 1 and 255; None = as they are.
    nodata
        Value of the file that means no data, beside what the file says.
    is_colour
        Bytes to look at; else heights in metres.
    as_it_is
        The file needs nothing but another order of its blocks.
    """

    bands: tuple[int, ...]
    crs: CRS
    affine: Affine
    width: int
    height: int
    place: PixelOf | None
    palette: NDArray[np.uint8] | None = None
    stretch: tuple[tuple[float, float], ...] | None = None
    nodata: float | None = None
    is_colour: bool = True
    as_it_is: bool = False

    @property
    def count(self) -> int:
        """Number of bands that are written."""
        return 3 if self.palette is not None else len(self.bands)

    def bounds_wgs84(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of what is written in degrees."""
        corners = np.array([self.affine @ at for at in product((0, self.width), (0, self.height))])
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        west, south, east, north = transform_bounds(self.crs, "EPSG:4326", x0, y0, x1, y1)
        return west, south, east, north


# ---------------------------------------------------------------- planning


def plan_colour(
    dataset: Any,
    name: str,
    *,
    crs: CRS,
    affine: Affine | None,
    pixel_of: PixelOf | None,
    datum: str,
    nodata: float | None,
) -> Plan:
    """Plan a picture: one grey or three colour bands of bytes, and where there are any.

    Bytes stay as they are; other numbers are stretched from the 2nd to the 98th percentile of each band; a palette is drawn
    out. Of more than three bands the first three count, or those that the file calls red, green and blue.

    Raises
    ------
    BadRaster
        When bands are complex numbers, or a band to be stretched holds no data.
    """
    bands = _colour_bands(dataset)
    kinds = {np.dtype(dataset.dtypes[band - 1]) for band in bands}
    if any(kind.kind == "c" for kind in kinds):
        raise BadRaster(f"raster {name} has bands of complex numbers; style 'colour' needs whole or real ones")
    palette = _palette(dataset, bands[0]) if dataset.colorinterp[bands[0] - 1] == ColorInterp.palette else None
    stretch = None
    if palette is None and kinds != {np.dtype("uint8")}:
        stretch = tuple(_stretch(dataset, name, band, nodata) for band in bands)
    width, height, grid, place, out = _grid(dataset, crs, affine, pixel_of, datum)
    own = affine == dataset.transform and dataset.crs == crs and nodata is None
    extra = [i for i in dataset.colorinterp if i != ColorInterp.alpha]
    as_it_is = own and place is None and palette is None and stretch is None and len(extra) == len(bands)
    return Plan(bands, out, grid, width, height, place, palette, stretch, nodata, is_colour=True, as_it_is=as_it_is)


def plan_heights(
    dataset: Any,
    name: str,
    *,
    crs: CRS,
    affine: Affine | None,
    pixel_of: PixelOf | None,
    datum: str,
    nodata: float | None,
) -> Plan:
    """Plan heights in metres: the first band.

    Raises
    ------
    BadRaster
        When it is a picture (a palette, or red, green and blue) or of complex numbers.
    """
    if dataset.colorinterp[0] in {ColorInterp.palette, ColorInterp.red} or np.dtype(dataset.dtypes[0]).kind == "c":
        raise BadRaster(f"raster {name} is a picture, not heights in metres; add it with --style colour")
    width, height, grid, place, out = _grid(dataset, crs, affine, pixel_of, datum)
    own = affine == dataset.transform and dataset.crs == crs and nodata is None
    as_it_is = own and place is None and dataset.count == 1
    return Plan((1,), out, grid, width, height, place, nodata=nodata, is_colour=False, as_it_is=as_it_is)


def _colour_bands(dataset: Any) -> tuple[int, ...]:
    meaning = list(dataset.colorinterp)
    wanted = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(band in meaning for band in wanted):
        return tuple(meaning.index(band) + 1 for band in wanted)
    plain = [number for number, band in enumerate(meaning, start=1) if band != ColorInterp.alpha]
    return tuple(plain[:3] if len(plain) >= 3 else plain[:1])


def _palette(dataset: Any, band: int) -> NDArray[np.uint8]:
    colours = dataset.colormap(band)
    table = np.zeros((max(256, max(colours) + 1), 4), np.uint8)
    table[list(colours)] = list(colours.values())
    return table


def _stretch(dataset: Any, name: str, band: int, nodata: float | None) -> tuple[float, float]:
    """Return the percentiles of a band, from windows spread over the file."""
    side = _SAMPLE_WINDOWS
    found = []
    for row, column in product(range(side), range(side)):
        window = Window(
            column * max(0, dataset.width - _SAMPLE_PIXELS) // (side - 1),
            row * max(0, dataset.height - _SAMPLE_PIXELS) // (side - 1),
            min(_SAMPLE_PIXELS, dataset.width),
            min(_SAMPLE_PIXELS, dataset.height),
        )
        values, valid = _read(dataset, (band,), window, nodata)
        found.append(values[0][valid])
    values = np.concatenate(found).astype(np.float64)
    if not values.size:
        raise BadRaster(f"raster {name} holds no data in band {band}")
    low, high = np.percentile(values, STRETCH_PERCENT).tolist()
    return (low, high) if high > low else (low, low + 1.0)


# ---------------------------------------------------------------- the grid that is written


def _grid(
    dataset: Any, crs: CRS, affine: Affine | None, pixel_of: PixelOf | None, datum: str
) -> tuple[int, int, Affine, PixelOf | None, CRS]:
    """Return width, height, map of pixels, the way back to the file and the reference system of what is written."""
    if affine is not None and datum not in _SHIFTED:
        return dataset.width, dataset.height, affine, None, crs
    back = _by_map(affine) if affine is not None else pixel_of
    assert back is not None  # one of the two says where pixels lie
    known = back
    mercator = CRS.from_epsg(3857)

    def place(xy: Floats) -> Floats:
        return known(_moved(_shifted(_moved(xy, mercator, CRS.from_epsg(4326)), datum), CRS.from_epsg(4326), crs))

    corners = _corners(dataset, affine, crs)
    wgs84 = to_wgs84(_moved(corners, crs, CRS.from_epsg(4326)), parse_datum(datum)) if datum in _SHIFTED else _moved(
        corners, crs, CRS.from_epsg(4326)
    )  # fmt: skip
    xy = _moved(wgs84, CRS.from_epsg(4326), mercator)
    low, high = xy.min(axis=0), xy.max(axis=0)
    # as many pixels along the diagonal as the file has
    size_m = float(np.hypot(*(high - low)) / np.hypot(dataset.width, dataset.height))
    width, height = (int(np.ceil(side / size_m)) for side in high - low)
    return width, height, Affine(size_m, 0.0, float(low[0]), 0.0, -size_m, float(high[1])), place, mercator


def _by_map(affine: Affine) -> PixelOf:
    inverse = ~affine

    def pixel_of(xy: Floats) -> Floats:
        column, row = inverse @ (xy[:, 0], xy[:, 1])
        return np.column_stack([column, row])

    return pixel_of


def _corners(dataset: Any, affine: Affine | None, crs: CRS) -> Floats:
    """Return positions along the rim of a file in its reference system; of control points, the points."""
    if affine is None:
        return np.array([[point.x, point.y] for point in dataset.gcps[0]])
    along = np.linspace(0.0, 1.0, 21)
    rim = [(a, b) for a in along for b in (0.0, 1.0)] + [(b, a) for a in along for b in (0.0, 1.0)]
    return np.array([affine @ (a * dataset.width, b * dataset.height) for a, b in rim])


def _moved(xy: Floats, before: CRS, after: CRS) -> Floats:
    if before == after:
        return xy
    found: Floats = np.column_stack(transform(before, after, xy[:, 0], xy[:, 1]))
    return found


def _shifted(lonlat_wgs84: Floats, datum: str) -> Floats:
    return from_wgs84(lonlat_wgs84, parse_datum(datum)) if datum in _SHIFTED else lonlat_wgs84


# ---------------------------------------------------------------- writing


def write_windows(dataset: Any, plan: Plan, path: Path, report: Callable[[float], None]) -> None:
    """Write what a plan makes of a file as a tiled GeoTIFF with a mask, window by window.

    Parameters
    ----------
    path
        Is made.
    report
        Told the share that is done.

    Cost: memory of one window, and of what lies under it in the file.
    """
    profile = {
        "driver": "GTiff",
        "width": plan.width,
        "height": plan.height,
        "count": plan.count,
        "dtype": "uint8" if plan.is_colour else "float32",
        "crs": plan.crs,
        "transform": plan.affine,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "lzw",
        "bigtiff": "if_safer",
        **({"photometric": "rgb"} if plan.is_colour and plan.count == 3 else {}),
        **({} if plan.is_colour else {"nodata": NODATA}),
    }
    windows = list(_windows(plan.width, plan.height))
    with rasterio.open(path, "w", **profile) as target:
        for number, window in enumerate(windows):
            values, valid = _taken(dataset, plan, window)
            if plan.is_colour:
                target.write(_bytes(values, plan), window=window)
                target.write_mask(_opacity(values, valid, plan), window=window)
            else:
                target.write(np.where(valid, values, NODATA).astype(np.float32), window=window)
            report((number + 1) / len(windows))


def _windows(width: int, height: int) -> Iterator[Window]:
    for row, column in product(range(0, height, WINDOW_PIXELS), range(0, width, WINDOW_PIXELS)):
        yield Window(column, row, min(WINDOW_PIXELS, width - column), min(WINDOW_PIXELS, height - row))


def _read(dataset: Any, bands: tuple[int, ...], window: Window, nodata: float | None) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return bands and where they hold data."""
    values = dataset.read(bands, window=window)
    valid = dataset.dataset_mask(window=window) > 0
    if nodata is not None:
        valid &= ~(values == nodata).all(axis=0)
    if values.dtype.kind == "f":
        valid &= np.isfinite(values).all(axis=0)
    return values, valid


def _taken(dataset: Any, plan: Plan, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values of the file under one window of what is written."""
    if plan.place is None:
        return _read(dataset, plan.bands, window, plan.nodata)
    columns, rows = _where(plan, window)
    shape = (int(window.height), int(window.width))
    left, top = max(0, int(np.floor(columns.min())) - 2), max(0, int(np.floor(rows.min())) - 2)
    right = min(dataset.width, int(np.ceil(columns.max())) + 3)
    bottom = min(dataset.height, int(np.ceil(rows.max())) + 3)
    if right <= left or bottom <= top:
        kind = np.dtype(dataset.dtypes[plan.bands[0] - 1])
        return np.zeros((len(plan.bands), *shape), kind), np.zeros(shape, np.bool_)
    part, valid = _read(dataset, plan.bands, Window(left, top, right - left, bottom - top), plan.nodata)
    # the middle of the first pixel is at 0.5
    at = np.stack([rows - top - 0.5, columns - left - 0.5])
    order = 0 if plan.palette is not None else 1
    inside = (columns >= 0) & (columns <= dataset.width) & (rows >= 0) & (rows <= dataset.height)
    there = map_coordinates(valid.astype(np.uint8), at, order=0, mode="nearest").astype(np.bool_) & inside
    filled = np.where(valid, part, 0) if part.dtype.kind == "f" else part
    taken = [map_coordinates(band, at, order=order, mode="nearest") for band in filled]
    return np.stack(taken), there


def _where(plan: Plan, window: Window) -> tuple[Floats, Floats]:
    """Return column and row in the file of each pixel of a window: exact on a lattice, interpolated between."""
    height, width = int(window.height), int(window.width)
    down, across = (np.linspace(0.5, n - 0.5, max(2, n // LATTICE_PIXELS + 1)) for n in (height, width))
    columns, rows = np.meshgrid(window.col_off + across, window.row_off + down)
    xy = np.column_stack(plan.affine @ (columns.ravel(), rows.ravel()))
    assert plan.place is not None
    exact = plan.place(xy).reshape(*columns.shape, 2)
    v = np.interp(np.arange(height) + 0.5, down, np.arange(len(down)))
    u = np.interp(np.arange(width) + 0.5, across, np.arange(len(across)))
    at = np.stack(np.meshgrid(v, u, indexing="ij"))
    column, row = (map_coordinates(exact[..., axis], at, order=1) for axis in (0, 1))
    return column, row


def _bytes(values: NDArray[Any], plan: Plan) -> NDArray[np.uint8]:
    if plan.palette is not None:
        drawn: NDArray[np.uint8] = np.moveaxis(plan.palette[np.minimum(values[0], len(plan.palette) - 1)][..., :3], -1, 0)
        return drawn
    if plan.stretch is None:
        return values.astype(np.uint8)
    return np.stack([stretched(band, low, high) for band, (low, high) in zip(values, plan.stretch, strict=True)])


def stretched(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return values as bytes: `low` and below become 1, `high` and above 255, linear between; not a number becomes 1."""
    share = np.nan_to_num((values.astype(np.float64) - low) / (high - low), nan=0.0, posinf=1.0, neginf=0.0).clip(0.0, 1.0)
    found: NDArray[np.uint8] = np.rint(1.0 + 254.0 * share).astype(np.uint8)
    return found


def _opacity(values: NDArray[Any], valid: NDArray[np.bool_], plan: Plan) -> NDArray[np.uint8]:
    if plan.palette is not None:
        valid = valid & (plan.palette[np.minimum(values[0], len(plan.palette) - 1), 3] > 0)
    found: NDArray[np.uint8] = np.where(valid, 255, 0).astype(np.uint8)
    return found
