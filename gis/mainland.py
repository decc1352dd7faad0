"""A coarse outline of where GCJ-02 applies: the mainland of China.

Every published converter uses a box, which moves Seoul by 460 m, Vladivostok by 618 m and Hong Kong by 595 m although their
maps are not shifted. This outline is made by hand from the positions of border towns and capes. It is coarse: along the land
border it may be wrong by some 30 km in empty country, at sea it runs up to 40 km off the coast, and islands of the South China
Sea beyond Hainan are not held. It says where a formula applies and is no statement about any border.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

OUTLINE: Final[tuple[tuple[float, float], ...]] = (
    # south coast, from Dongxing eastward; Hainan is held by going round it
    (107.97, 21.52), (108.0, 20.6), (108.1, 18.8), (109.0, 17.9), (110.2, 18.0), (111.4, 19.6), (111.6, 20.9), (113.0, 21.5),
    # the mouth of the Pearl River: west of Macau, round it, then between Shenzhen and Hong Kong
    (113.50, 21.95), (113.525, 22.19), (113.550, 22.212), (113.62, 22.23), (113.72, 22.25), (113.88, 22.43), (113.97, 22.48),
    (114.05, 22.506), (114.10, 22.524), (114.15, 22.545), (114.23, 22.553), (114.35, 22.57), (114.47, 22.43), (114.8, 22.2),
    # the strait: Jinmen and Mazu are left out
    (116.5, 22.5), (117.6, 23.3), (118.15, 24.25), (118.19, 24.47), (118.33, 24.54), (118.62, 24.45), (119.5, 24.8),
    (119.95, 25.6), (119.82, 26.1), (119.86, 26.45), (120.8, 26.6), (121.7, 27.6), (122.7, 29.0), (123.2, 30.6), (122.6, 31.9),
    (121.6, 33.4), (120.8, 34.9), (122.9, 36.5), (123.2, 37.5), (121.6, 38.5), (123.3, 39.3),
    # the Yalu and the Tumen
    (124.20, 39.75), (124.36, 39.97), (124.375, 40.09), (124.44, 40.16), (124.95, 40.45),
    (125.6, 40.85), (126.18, 41.09), (126.9, 41.72), (127.3, 41.45),
    (128.1, 41.38), (128.25, 41.95), (129.2, 42.2), (129.72, 42.43), (129.85, 42.94), (130.25, 42.88), (130.62, 42.42),
    # the Ussuri, the Amur and the Argun
    (130.60, 42.75), (131.1, 42.9), (131.31, 43.5), (131.17, 44.38), (130.95, 44.83), (131.85, 45.30), (132.95, 45.02),
    (133.15, 45.15), (133.9, 46.3), (134.75, 47.7), (134.72, 48.28), (134.4, 48.42), (133.1, 48.12), (130.95, 47.70),
    (130.55, 48.85),
    (127.70, 49.75), (127.53, 50.26), (126.1, 52.8), (123.6, 53.56), (120.8, 53.27), (119.95, 52.7), (119.2, 50.35),
    (117.85, 49.53), (116.7, 49.85), (115.5, 48.1), (117.8, 47.95), (119.8, 47.1), (119.7, 46.65), (116.3, 46.3),
    # Mongolia
    (113.7, 44.8), (111.90, 45.05), (111.98, 43.68), (110.4, 42.7), (107.5, 42.4), (105.0, 41.6), (101.8, 42.5), (96.4, 42.75),
    (95.4, 44.3), (90.9, 45.2), (90.1, 47.9), (87.8, 49.17), (86.6, 48.55),
    # the west
    (85.75, 48.40), (85.5, 47.05), (83.0, 47.20), (82.3, 45.55), (82.52, 45.20), (79.9, 44.9), (80.38, 44.20), (80.25, 42.1),
    (76.3, 40.4), (73.75, 39.65), (73.8, 38.5), (75.1, 37.2), (75.9, 36.3), (78.0, 35.45), (79.0, 34.2), (79.2, 32.4),
    (78.75, 31.3), (81.1, 30.05),
    # the Himalaya
    (83.7, 29.15), (85.3, 28.25), (86.7, 27.95), (88.1, 27.85), (88.85, 27.30), (89.0, 27.45), (89.6, 28.15), (91.6, 27.75),
    (92.1, 26.9), (93.8, 26.9), (95.9, 27.9), (97.3, 28.2), (98.3, 27.6), (98.70, 26.1), (97.55, 24.75), (97.62, 23.90),
    # Yunnan and Guangxi
    (98.88, 23.95), (98.93, 23.15), (99.5, 22.1), (100.2, 21.45), (101.15, 21.52), (101.75, 21.15), (101.6, 22.25),
    (102.5, 22.75), (103.97, 22.50), (105.3, 23.3), (106.75, 22.78), (106.70, 22.02), (107.4, 21.6),
)  # fmt: skip
"""Vertices (lon, lat) in WGS-84 degrees."""

_POLYGON: Final = shapely.Polygon(OUTLINE)
shapely.prepare(_POLYGON)

BOUNDS: Final[tuple[float, float, float, float]] = tuple(_POLYGON.bounds)  # type: ignore[assignment]
"""West, south, east, north of the outline."""


def inside_mainland(lonlat_wgs84: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for each point (shape (n, 2)) whether it lies inside the outline; NaN and infinity do not.

    Cost: 10 ms for 1.7 million points whose bounding box lies inside, as that of one city does (the box is asked instead of
    the points, so the answer is the same); 0.1 to 0.3 s otherwise.
    """
    if not len(lonlat_wgs84):
        return np.zeros(0, dtype=np.bool_)
    lon, lat = lonlat_wgs84[:, 0], lonlat_wgs84[:, 1]
    west, south, east, north = lon.min(), lat.min(), lon.max(), lat.max()
    # one NaN or infinity makes the box one that the outline does not hold
    box = (west, south, east, north)
    if np.isfinite(box).all() and shapely.contains_properly(_POLYGON, shapely.box(*box)):
        return np.ones(len(lonlat_wgs84), dtype=np.bool_)
    inside: NDArray[np.bool_] = shapely.contains_xy(_POLYGON, lon, lat)
    return inside
