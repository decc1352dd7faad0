"""MapLibre styles that a plain page can load: base map, pipes in one colouring, stations.

Absolute addresses only, no sprite and no `glyphs`: MapLibre then draws all text with fonts of the machine, so a style works in a
closed network. Expressions are the plain ones that other readers of the style specification know too: QGIS 3.22 reads
comparisons, `any`, `all`, `has`, `interpolate`, and `match` when its labels are arrays; it drops `step`, `case` and `in` without
a word. The legend comes as data in `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from gis.gcj02 import bd09_from_wgs84, gcj02_from_wgs84
from tiles.datums import TileDatum
from tiles.errors import UnknownTileset
from tiles.legends import COLOURINGS, Colouring, LegendItem
from tiles.tilesets import AREA_KINDS, MEDIA, POINT_KINDS, ROAD_CLASSES

Document: TypeAlias = dict[str, Any]
Lang: TypeAlias = Literal["zh", "en"]

BASE: Final = "base"
_NETWORK: Final = "network-"
STYLE_NAMES: Final = (BASE, *(f"{_NETWORK}{name}" for name in COLOURINGS))
LEGEND: Final = "heat-twin:legend"
"""Key of `metadata` that holds the legend, as `GET /styles/colourings` says it."""

COLOURS: Final = {
    "ground": "#0b1624",
    "water": "#0f2f4d",
    "green": "#0f2e2a",
    "road": "#22374f",
    "majorRoad": "#2f4b69",
    "border": "#4b6a8c",
    "text": "#d6e6f5",
    "halo": "#0b1624",
    "source": "#fef08a",
    "valve": "#cbd5e1",
}
"""Colours of the map by their names in `web/src/layers/palette.ts`."""
_ROAD_TEXT: Final = "#8fb0cf"
_FONT: Final = ["Noto Sans CJK SC"]
_SECONDARY: Final = 3
_FIRST_ZOOM: Final = 13
_ROUND: Final = {"line-cap": "round", "line-join": "round"}
_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    BASE: ("底图", "Base map"),
    **{
        f"{_NETWORK}{each.name}": (f"供热管网：{each.title_zh}", f"Heat network: {each.title_en}") for each in COLOURINGS.values()
    },
}


@dataclass(frozen=True, slots=True)
class StyleSource:
    """One tileset as a style reads it.

    Attributes
    ----------
    tileset
        Its name, which is the source's name too.
    document
        Its TileJSON, whose `tiles` carry the city, the datum and the wanted attributes.
    """

    tileset: str
    document: Mapping[str, Any]


def colouring_of_style(name: str) -> Colouring | None:
    """Return the colouring of a style; None for the base map.

    Raises
    ------
    UnknownTileset
        When there is no such style; the message lists what there is.
    """
    if name == BASE:
        return None
    if name not in STYLE_NAMES:
        raise UnknownTileset(f"{name!r} is not a style; styles are {', '.join(STYLE_NAMES)}")
    return COLOURINGS[name.removeprefix(_NETWORK)]


def tilesets_of_style(name: str) -> tuple[str, ...]:
    """Return the tilesets that a style draws, lowest first."""
    return (BASE,) if colouring_of_style(name) is None else (BASE, "network", "assets")


def title_of_style(name: str, lang: Lang) -> str:
    """Return the headline of a style."""
    return _TITLES[name][lang == "en"]


def place_in_datum(lonlat_wgs84: tuple[float, float], crs: TileDatum) -> tuple[float, float]:
    """Return where a place lies on the map of a datum."""
    if crs == "wgs84":
        return lonlat_wgs84
    convert = gcj02_from_wgs84 if crs == "gcj02" else bd09_from_wgs84
    lon, lat = convert(np.array([lonlat_wgs84]))[0]
    return float(lon), float(lat)


def build_style(
    name: str,
    sources: Sequence[StyleSource],
    *,
    legend: Colouring | None,
    centre: tuple[float, float] | None,
    lang: Lang,
    facts: Mapping[str, object],
) -> Document:
    """Build a style of the MapLibre style specification, version 8.

    Parameters
    ----------
    name
        Of the style.
    sources
        The tilesets that are built and that the seat may see; layers of others are left out.
    legend
        The style's colouring with its items filled in; None for the base map.
    centre
        Longitude and latitude where a map begins, in the datum of the tiles; None = the middle of the city's extent.
    lang
        Language of the headline.
    facts
        What else `metadata` says: city, datum.
    """
    there = {source.tileset for source in sources}
    metadata: Document = {f"heat-twin:{key}": value for key, value in facts.items()}
    layers = [_ground(), *(_base_map() if BASE in there else [])]
    if legend is not None:
        metadata[LEGEND] = legend.document()
        layers += _pipes(legend) if "network" in there else []
        layers += _stations() if "assets" in there else []
    if BASE in there:
        layers += _names()
    return {
        "version": 8,
        "name": title_of_style(name, lang),
        "metadata": metadata | {"heat-twin:style": name, "heat-twin:lang": lang},
        **_camera(sources, centre),
        "sources": {source.tileset: _source(source.document) for source in sources},
        "layers": layers,
    }


def _source(document: Mapping[str, Any]) -> Document:
    """Return a source with the addresses in it, so that a client need not ask for the TileJSON first."""
    kept = ("tiles", "minzoom", "maxzoom", "bounds", "attribution", "scheme")
    return {"type": "vector"} | {key: document[key] for key in kept if document.get(key) not in (None, "")}


def _camera(sources: Sequence[StyleSource], centre: tuple[float, float] | None) -> Document:
    middles = [source.document["center"][:2] for source in sources if "center" in source.document]
    found = middles[0] if centre is None and middles else centre
    return {} if found is None else {"center": [round(degrees, 6) for degrees in found], "zoom": _FIRST_ZOOM}


def _code(names: Sequence[str], name: str) -> int:
    """Return the code that tiles hold for a name."""
    return names.index(name) + 1


def _ground() -> Document:
    return {"id": "ground", "type": "background", "paint": {"background-color": COLOURS["ground"]}}


def _layer(layer_id: str, kind: str, source: str, source_layer: str, **rest: object) -> Document:
    given = {key: value for key, value in rest.items() if value is not None}
    return {"id": layer_id, "type": kind, "source": source, "source-layer": source_layer, **given}


def _base_map() -> list[Document]:
    major = [_code(ROAD_CLASSES, name) for name in ("motorway", "trunk", "primary", "secondary")]
    district = ["==", ["get", "kind"], _code(AREA_KINDS, "district")]
    return [
        _layer("green", "fill", BASE, "green", paint={"fill-color": COLOURS["green"]}),
        _layer("water", "fill", BASE, "water", paint={"fill-color": COLOURS["water"]}),
        _road("road", _among("class", set(range(1, len(ROAD_CLASSES) + 1)) - set(major)), COLOURS["road"], 0.4, 7),
        _road("road-major", _among("class", major), COLOURS["majorRoad"], 1, 14),
        _layer(
            "border",
            "line",
            BASE,
            "area",
            filter=district,
            paint={"line-color": COLOURS["border"], "line-width": 1.2, "line-dasharray": [4, 3]},
        ),
    ]


def _road(layer_id: str, chosen: list[object], colour: str, thin: float, thick: float) -> Document:
    width = ["interpolate", ["exponential", 1.6], ["zoom"], 11, thin, 17, thick]
    return _layer(layer_id, "line", BASE, "road", filter=chosen, layout=_ROUND, paint={"line-color": colour, "line-width": width})


def _among(attribute: str, codes: Iterable[int]) -> list[object]:
    return ["any", *(["==", ["get", attribute], code] for code in codes)]


def _text(colour: str) -> Document:
    return {"text-color": colour, "text-halo-color": COLOURS["halo"], "text-halo-width": 1.5}


def _names() -> list[Document]:
    """Return the names of the base map, which stand above everything."""
    district = ["all", ["has", "name"], ["==", ["get", "kind"], _code(AREA_KINDS, "district")]]
    return [
        _layer(
            "road-name",
            "symbol",
            BASE,
            "road",
            minzoom=14,
            filter=["has", "name"],
            layout={"symbol-placement": "line", "text-field": ["get", "name"], "text-font": _FONT, "text-size": 12},
            paint=_text(_ROAD_TEXT),
        ),
        _layer(
            "area-name",
            "symbol",
            BASE,
            "area_name",
            maxzoom=14,
            filter=district,
            layout={"text-field": ["get", "name"], "text-font": _FONT, "text-size": 14},
            paint=_text(COLOURS["text"]),
        ),
    ]


def _pipes(colouring: Colouring) -> list[Document]:
    """Return the layers of the heat network; gas is not in them.

    Ranges are a layer each, above one with all pipes in the colour of the unknown; codes and assets are one layer.
    """
    everything = _pipe_layer("pipe", _pipe_colour(colouring), [])
    if colouring.kind != "ranges":
        return [everything]
    return [everything, *(_pipe_range(place, colouring.attribute, item) for place, item in enumerate(colouring.items, 1))]


def _pipe_layer(layer_id: str, colour: str | list[object], conditions: Sequence[object]) -> Document:
    gas = next(int(code) for code, name in MEDIA.items() if name == "gas")
    paint = {"line-color": colour, "line-width": _pipe_width()}
    chosen = ["all", ["!=", ["get", "medium"], gas], *conditions]
    return _layer(layer_id, "line", "network", "pipe", filter=chosen, layout=_ROUND, paint=paint)


def _pipe_range(place: int, attribute: str, item: LegendItem) -> Document:
    conditions: list[object] = [["has", attribute]]
    conditions += [] if item.low is None else [[">=", ["get", attribute], item.low]]
    conditions += [] if item.high is None else [["<", ["get", attribute], item.high]]
    return _pipe_layer(f"pipe-{place}", item.colour, conditions)


def _pipe_colour(colouring: Colouring) -> str | list[object]:
    """Return the colour of the layer of all pipes: by code or asset, else that of the unknown."""
    if colouring.kind == "ranges" or not colouring.items:
        return colouring.other.colour
    pairs = [part for item in colouring.items for part in ([item.value], item.colour)]
    return ["match", ["get", colouring.attribute], *pairs, colouring.other.colour]


def _pipe_width() -> list[object]:
    """Return thin lines for the secondary network, wide ones for the rest."""

    def width(thick: float, thin: float) -> list[object]:
        return ["match", ["get", "level"], [_SECONDARY], thin, thick]

    return [
        *("interpolate", ["linear"], ["zoom"]),
        *(11, width(1.2, 0.4), 14, width(2.6, 1.1), 17, width(5, 2.4), 20, width(10, 6)),
    ]


def _stations() -> list[Document]:
    """Return substations as small dots, plants and boiler houses as large ones, both with their names."""
    source_kinds = _among("kind", [_code(POINT_KINDS, "plant"), _code(POINT_KINDS, "boiler_house")])
    substations = ["==", ["get", "kind"], _code(POINT_KINDS, "substation")]
    edge = {"circle-stroke-color": COLOURS["ground"], "circle-stroke-width": 1.5}
    return [
        _dots("substation", substations, {"circle-color": COLOURS["valve"], "circle-radius": _by_zoom(2, 6)} | edge, 10),
        _dots("source", source_kinds, {"circle-color": COLOURS["source"], "circle-radius": _by_zoom(5, 10)} | edge, None),
        _asset_names("substation-name", ["all", ["has", "name"], substations], COLOURS["text"], 12, 14.5),
        _asset_names("source-name", ["all", ["has", "name"], source_kinds], COLOURS["source"], 13, 12),
    ]


def _by_zoom(small: float, large: float) -> list[object]:
    return ["interpolate", ["linear"], ["zoom"], 11, small, 17, large]


def _dots(layer_id: str, chosen: list[object], paint: Document, minzoom: float | None) -> Document:
    return _layer(layer_id, "circle", "assets", "asset", filter=chosen, minzoom=minzoom, paint=paint)


def _asset_names(layer_id: str, chosen: list[object], colour: str, size: int, minzoom: float) -> Document:
    layout = {
        "text-field": ["get", "name"],
        "text-font": _FONT,
        "text-size": size,
        "text-anchor": "top",
        "text-offset": [0, 0.8],
        "text-optional": True,
    }
    return _layer(layer_id, "symbol", "assets", "asset", filter=chosen, minzoom=minzoom, layout=layout, paint=_text(colour))
