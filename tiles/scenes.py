"""Scenes: one deck.gl document, built with pydeck, drawn by the web page and by a notebook alike.

A document names addresses, never data, and is checked against a whitelist of classes before it leaves: deck.gl's converter
would draw nothing for an unknown class and throw the whole document away for a bad constant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import orjson
import pydeck as pdk
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tiles.errors import BadScene, UnknownTileset

SCENES: Sequence[str] = ("overview",)
"""Names of the scenes."""
SOLIDS: Sequence[str] = ("pipes", "fittings", "buildings")
"""3D tilesets that a scene draws where the city has them, in this order."""
_LEVEL_COLOURS = (
    "properties.level == 3 ? [47, 143, 179] : properties.level == 2 ? [34, 211, 238]"
    " : properties.level == 1 ? [165, 243, 252] : [132, 146, 166]"
)
"""Network levels in the colours of the viewer's legend (`web/src/layers/palette.ts`)."""
_RATE_COLOURS = (
    "properties.rate == null ? [140, 140, 140, 60]"
    " : properties.rate >= properties.target_rate ? [64, 145, 255, 70] : [255, 170, 60, 90]"
)


@dataclass(frozen=True, slots=True)
class SceneCity:
    """What a scene needs to know of a city.

    Attributes
    ----------
    city_id
        The city.
    bbox_wgs84
        west, south, east, north in degrees.
    parts
        What there is to draw: of `network`, `rates`, and `buildings3d`, `pipes3d`, `fittings3d` (a 3D tileset each).
    """

    city_id: int
    bbox_wgs84: tuple[float, float, float, float]
    parts: frozenset[str]


def _require_plain_expression(text: str) -> str:
    """Refuse what is no accessor: a call of a function (deck.gl refuses it too), an assignment, a statement."""
    if not text.startswith("@@="):
        raise ValueError("must be a colour or an expression that starts with @@=")
    if re.search(r"[\w\])]\s*\(", text) or re.search(r"(?<![=!<>])=(?!=)", text[3:]) or ";" in text:
        raise ValueError("may compare and choose, but neither call functions nor assign")
    return text


def _require_address(text: str) -> str:
    """Refuse what is no address of this server or of the web: scripts, inline data."""
    if not re.match(r"(https?://[^\s]+|/[^/\s][^\s]*)$", text):
        raise ValueError("must be an address: http(s)://... or /...")
    return text


Colour: TypeAlias = Annotated[tuple[int, int, int] | tuple[int, int, int, int], Field()]
Expression: TypeAlias = Annotated[str, AfterValidator(_require_plain_expression)]
Address: TypeAlias = Annotated[str, AfterValidator(_require_address)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class MapViewModel(_Strict):
    """A flat map."""

    type: Literal["MapView"] = Field(alias="@@type")
    controller: bool = True


class ViewState(_Strict):
    """Where the camera stands: degrees and zoom."""

    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-85, le=85)
    zoom: float = Field(ge=0, le=24)
    pitch: float = Field(0, ge=0, le=85)
    bearing: float = 0
    minZoom: float | None = None  # noqa: N815 - deck.gl's name
    maxZoom: float | None = None  # noqa: N815 - deck.gl's name


class _LayerModel(_Strict):
    id: str = Field(min_length=1)
    data: Address
    pickable: bool = False
    visible: bool = True
    opacity: float = Field(1, ge=0, le=1)


class MvtLayerModel(_LayerModel):
    """Vector tiles; `data` is a TileJSON."""

    type: Literal["MVTLayer"] = Field(alias="@@type")
    get_line_color: Colour | Expression = Field(alias="getLineColor")
    get_line_width: float = Field(1, alias="getLineWidth")
    line_width_units: Literal["pixels", "meters"] = Field("pixels", alias="lineWidthUnits")
    line_width_min_pixels: float = Field(1, alias="lineWidthMinPixels")
    unique_id_property: str | None = Field(None, alias="uniqueIdProperty")


class Tile3DLayerModel(_LayerModel):
    """3D Tiles; `data` is a tileset.json."""

    type: Literal["Tile3DLayer"] = Field(alias="@@type")


class GeoJsonLayerModel(_LayerModel):
    """GeoJSON; `data` is its address."""

    type: Literal["GeoJsonLayer"] = Field(alias="@@type")
    stroked: bool = True
    filled: bool = True
    get_fill_color: Colour | Expression = Field(alias="getFillColor")
    get_line_color: Colour | Expression = Field(alias="getLineColor")
    get_line_width: float = Field(1, alias="getLineWidth")
    line_width_units: Literal["pixels", "meters"] = Field("pixels", alias="lineWidthUnits")


class SceneModel(_Strict):
    """A scene as the viewer may draw it: these classes, addresses instead of data."""

    initial_view_state: ViewState = Field(alias="initialViewState")
    views: list[MapViewModel] = Field(min_length=1)
    layers: list[Annotated[MvtLayerModel | Tile3DLayerModel | GeoJsonLayerModel, Field(discriminator="type")]]


def check_scene(document: str | bytes) -> dict[str, Any]:
    """Return the parsed document when the viewer may draw it.

    Raises
    ------
    BadScene
        When a class, a property or a value is not allowed; the message says where.
    """
    try:
        parsed: dict[str, Any] = orjson.loads(document)
        SceneModel.model_validate(parsed)
    except orjson.JSONDecodeError as error:
        raise BadScene(f"the scene is not JSON: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadScene(f"scene, {where}: {first['msg']}") from None
    return parsed


def build_scene(name: str, city: SceneCity, base_url: str) -> str:
    """Build a scene and return its checked JSON.

    Parameters
    ----------
    name
        One of `SCENES`.
    city
        Where it is and what there is to draw; what is not there is left out.
    base_url
        Address of the server, without a slash at the end; empty for addresses relative to the page.

    Raises
    ------
    UnknownTileset
        When there is no such scene.
    """
    if name not in SCENES:
        raise UnknownTileset(f"{name!r} is not a scene; scenes are {', '.join(SCENES)}")
    document = overview(city, base_url).to_json()
    check_scene(document)
    return str(document)


def overview(city: SceneCity, base_url: str) -> pdk.Deck:
    """Return the overview of a city: clean-heating rates, network, 3D tilesets.

    In a notebook: `overview(city, "http://127.0.0.1:8000").show()`.
    """
    query = f"?city={city.city_id}"
    makers = {"rates": _rates, "network": _network}
    layers = [make(query, base_url) for part, make in makers.items() if part in city.parts]
    layers += [_solids(tileset, query, base_url) for tileset in SOLIDS if f"{tileset}3d" in city.parts]
    view = pdk.View(type="MapView", controller=True)
    return pdk.Deck(
        layers=layers, views=[view], initial_view_state=_view_state(city.bbox_wgs84), map_provider=None, map_style=None
    )


def _rates(query: str, base_url: str) -> pdk.Layer:
    return pdk.Layer(
        "GeoJsonLayer",
        id="rates",
        data=f"{base_url}/rollout/districts.geojson{query}",
        stroked=True,
        filled=True,
        pickable=True,
        get_fill_color=_RATE_COLOURS,
        get_line_color=[200, 210, 230, 160],
        get_line_width=1,
        line_width_units=pdk.types.String("pixels"),
    )


def _network(query: str, base_url: str) -> pdk.Layer:
    return pdk.Layer(
        "MVTLayer",
        id="network",
        data=f"{base_url}/tiles/network.json{query}",
        pickable=True,
        get_line_color=_LEVEL_COLOURS,
        get_line_width=2,
        line_width_units=pdk.types.String("pixels"),
        line_width_min_pixels=1,
    )


def _solids(tileset: str, query: str, base_url: str) -> pdk.Layer:
    return pdk.Layer("Tile3DLayer", id=tileset, data=f"{base_url}/3dtiles/{tileset}/ground/tileset.json{query}", pickable=True)


def _view_state(bbox: tuple[float, float, float, float]) -> pdk.ViewState:
    west, south, east, north = bbox
    widest = max(east - west, (north - south) / math.cos(math.radians((south + north) / 2)), 1e-4)
    # about 900 pixels for the city; a tile of 512 pixels is 360 degrees at zoom 0
    zoom = min(16.0, max(3.0, math.log2(900 / 512 * 360 / widest)))
    return pdk.ViewState(
        longitude=round((west + east) / 2, 6), latitude=round((south + north) / 2, 6), zoom=round(zoom, 2), pitch=45, bearing=0
    )
