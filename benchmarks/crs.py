"""Converts 23 layers (1.66 million vertices) to WGS-84: seconds, exactness, and what other packages need for the same.

    make bench-crs   # sets up the other packages in build/bench, measures, prints one line

Everything runs in one process on the same layers around Changchun: 9 of points, 6 of polygons with 12 + 1 vertices, 8 of lines
with 20. Ours is `gis.datums.convert_frame` as an import calls it: frame in, frame out, with both hashes and the way back. What
takes seconds is repeated and the median given; the slow ones run once. Progress goes to stderr; the only line on stdout holds
the figures. A ratio is the other package's time divided by ours.

| field | meaning |
|---|---|
| features, vertices, layers | size of the job |
| gcj02_s, gk_s | GCJ-02 and Gauss-Krueger (3 degrees, 126 E) to WGS-84, whole `convert_frame` of all layers |
| gcj02_bare_s, gk_bare_s | the same without hashes and way back: coordinates out, converted, in again |
| kernel_s | the six rounds of GCJ-02 alone, in threads |
| round_trip_mm, gk_round_trip_mm | largest distance of a vertex after going there and back |
| ratio_eviltransform_exact | `gcj2wgs_exact`, point by point |
| ratio_coord_convert | `gcj2wgs`, point by point |
| ratio_transbigdata | `gcj02towgs84` on columns: one step, no iteration |
| ratio_transbigdata_shape | its `transform_shape`, the way for geometries; `shape_features` of each layer, scaled to all |
| ratio_to_crs | `geopandas.GeoDataFrame.to_crs` against our Gauss-Krueger |
| off_transbigdata_mm, .. | largest round trip of each through its own forward formula, of 20,000 vertices |
| first_call_s | the first conversion of one point in this process: loads compiled code, or compiles it once on a machine |
| load1 | load of the machine in the last minute at the start and at the end, the larger one |
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, TypeAlias

import eviltransform
import geopandas
import numpy as np
import shapely
import transbigdata
from coord_convert import transform as coord_convert
from numpy.typing import NDArray

from gis.datums import Datum, convert_frame, frame_from_wgs84, parse_datum, to_wgs84
from gis.gcj02 import GCJ02_ROUNDS
from gis.geometry import coordinates_of, with_coordinates
from gis.kernels import in_threads, shift_gcj02

Floats: TypeAlias = NDArray[np.float64]
Layers: TypeAlias = Sequence[geopandas.GeoDataFrame]

FEATURES = {"point": (70_080, 9), "polygon": (42_910, 6), "line": (51_466, 8)}
"""Features and layers of each type: together 164,456 features and 1,657,230 vertices."""
REPEATS = 5
_CITY = ((125.05, 43.70), (125.55, 44.05))
_METRES_PER_DEGREE = 111_320.0
_SAMPLE = 20_000
_SHAPE_FEATURES = 500
_SEED = 1


def main() -> None:
    """Measure everything and print the line."""
    load = os.getloadavg()[0]
    gcj02, gk = parse_datum("gcj02"), parse_datum("gk(cgcs2000,3,126,plain)")
    first_call_s = _seconds(lambda: to_wgs84(np.array([[125.32, 43.88]]), gcj02))
    wgs84 = _draw()
    shifted, projected = ([frame_from_wgs84(layer, datum)[0] for layer in wgs84] for datum in (gcj02, gk))
    figures: dict[str, Any] = {"features": sum(map(len, wgs84)), "vertices": len(_vertices(wgs84)), "layers": len(wgs84)}
    figures |= _own(shifted, gcj02, "gcj02_s", "gcj02_bare_s", "round_trip_mm")
    figures |= _own(projected, gk, "gk_s", "gk_bare_s", "gk_round_trip_mm", beside=lambda layer: layer.to_crs(4326))
    figures["ratio_to_crs"] = figures.pop("beside_s") / figures["gk_s"]
    figures["kernel_s"] = _kernel_s(_vertices(shifted))
    figures |= _others(shifted, figures["gcj02_s"])
    figures |= {"first_call_s": first_call_s, "load1": max(load, os.getloadavg()[0])}
    print(json.dumps({name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()}))  # noqa: T201


def _draw() -> Layers:
    """Draw the layers in WGS-84."""
    random = np.random.default_rng(_SEED)
    layers: list[geopandas.GeoDataFrame] = []
    for kind, (features, count) in FEATURES.items():
        sizes = np.diff(np.linspace(0, features, count + 1).astype(int))
        layers += [_layer(kind, int(size), random) for size in sizes]
    return layers


def _layer(kind: str, size: int, random: np.random.Generator) -> geopandas.GeoDataFrame:
    centre = random.uniform(*_CITY, (size, 2))
    shapes: Any
    if kind == "point":
        shapes = shapely.points(centre)
    elif kind == "polygon":
        angle = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
        outline = np.stack((np.cos(angle), np.sin(angle)), axis=-1) * random.uniform(1e-4, 5e-4, (size, 1, 1))
        shapes = shapely.polygons(centre[:, None] + outline)
    else:
        shapes = shapely.linestrings(centre[:, None] + random.normal(0.0, 1e-4, (size, 20, 2)).cumsum(axis=1))
    return geopandas.GeoDataFrame({"number": np.arange(size)}, geometry=shapes, crs=4326)


def _own(
    layers: Layers,
    datum: Datum,
    whole: str,
    bare: str,
    trip: str,
    *,
    beside: Callable[[geopandas.GeoDataFrame], object] | None = None,
) -> dict[str, float]:
    """Measure ours; `beside` takes turns with it, so that both meet the same load of the machine."""
    times: dict[str, list[float]] = {whole: [], bare: [], "beside_s": []}
    trip_m = 0.0
    for _ in range(REPEATS):
        times[whole].append(_seconds(lambda: [convert_frame(layer, datum) for layer in layers]))
        times[bare].append(_seconds(lambda: [_geometries(layer, lambda xy: to_wgs84(xy, datum)) for layer in layers]))
        if beside is not None:
            times["beside_s"].append(_seconds(lambda: [beside(layer) for layer in layers]))
    for layer in layers:
        trip_m = max(trip_m, convert_frame(layer, datum)[1].round_trip_max_m or 0.0)
    figures = {name: median(values) for name, values in times.items() if values} | {trip: trip_m * 1000.0}
    _say(f"{datum.text}: " + ", ".join(f"{name} {value:.4g}" for name, value in figures.items()))
    return figures


def _kernel_s(xy: Floats) -> float:
    return median(_seconds(lambda: in_threads(shift_gcj02, xy, -1.0, GCJ02_ROUNDS)) for _ in range(REPEATS))


def _others(layers: Layers, ours_s: float) -> dict[str, float]:
    """Measure the other packages on GCJ-02, and how far each is from undoing its own forward formula."""
    figures: dict[str, float] = {}
    columns = [_seconds(lambda: [_geometries(layer, _transbigdata) for layer in layers]) for _ in range(REPEATS)]
    once: dict[str, Callable[[geopandas.GeoDataFrame], object]] = {
        "transbigdata_shape": lambda layer: transbigdata.transform_shape(layer[:_SHAPE_FEATURES], transbigdata.gcj02towgs84),
        "coord_convert": lambda layer: _geometries(layer, _coord_convert),
        "eviltransform_exact": lambda layer: _geometries(layer, _eviltransform),
    }
    seconds = {"transbigdata": median(columns)}
    for name, convert in once.items():
        seconds[name] = _seconds(lambda: [convert(layer) for layer in layers])  # noqa: B023 - called at once
        _say(f"{name}: {seconds[name]:.1f} s")
    seconds["transbigdata_shape"] *= sum(map(len, layers)) / (_SHAPE_FEATURES * len(layers))
    figures |= {f"ratio_{name}": value / ours_s for name, value in seconds.items()} | {"shape_features": _SHAPE_FEATURES}
    return figures | _off(np.random.default_rng(_SEED).permutation(_vertices(layers))[:_SAMPLE])


def _off(xy: Floats) -> dict[str, float]:
    """Return each package's largest round trip in millimetres, for a sample."""
    lon, lat = transbigdata.wgs84togcj02(*_transbigdata(xy).T)
    evil = [eviltransform.wgs2gcj(y, x)[::-1] for x, y in _eviltransform(xy)]
    back = {"transbigdata": np.column_stack((lon, lat)), "eviltransform": np.array(evil)}
    back["coord_convert"] = np.array([coord_convert.wgs2gcj(x, y) for x, y in _coord_convert(xy)])
    scale = np.array((np.cos(np.radians(43.88)), 1.0)) * _METRES_PER_DEGREE * 1000.0
    return {f"off_{name}_mm": float(np.hypot(*((after - xy) * scale).T).max()) for name, after in back.items()}


def _geometries(layer: geopandas.GeoDataFrame, convert: Callable[[Floats], Floats]) -> geopandas.GeoDataFrame:
    geometry = layer.geometry.to_numpy()
    moved = with_coordinates(geometry, convert(coordinates_of(geometry)))
    return layer.set_geometry(geopandas.GeoSeries(moved, crs=4326), inplace=False)


def _transbigdata(xy: Floats) -> Floats:
    return np.column_stack(transbigdata.gcj02towgs84(xy[:, 0], xy[:, 1]))


def _coord_convert(xy: Floats) -> Floats:
    return np.array([coord_convert.gcj2wgs(lon, lat) for lon, lat in xy.tolist()])


def _eviltransform(xy: Floats) -> Floats:
    return np.array([eviltransform.gcj2wgs_exact(lat, lon)[::-1] for lon, lat in xy.tolist()])


def _vertices(layers: Layers) -> Floats:
    return np.concatenate([coordinates_of(layer.geometry.to_numpy()) for layer in layers])


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
