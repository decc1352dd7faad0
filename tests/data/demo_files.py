"""Reads a written demo city back, by means other than those that wrote it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import geopandas
import networkx as nx
import numpy as np
import pandas as pd
import pyogrio
import shapely
from scipy.spatial import cKDTree

from data.demo.sizes import size_of
from gis.datums import parse_datum, to_wgs84
from gis.parameters import Similarity

GK = parse_datum("gk(cgcs2000,3,126,plain)")
JOIN_M = 0.05
THIN = replace(
    size_of("city"),
    pitch_scale=5.0,
    buildings=40,
    substations=16,
    room_sensors=60,
    heating_devices=40,
    households=60,
    picture_pixels=2_000_000,
)
"""Plan of a whole city with few buildings."""


@dataclass(frozen=True)
class Delivery:
    """A folder with a demo city; positions in Gauss-Krueger metres."""

    folder: Path

    @cached_property
    def manifest(self) -> dict:
        return tomllib.loads((self.folder / "manifest.toml").read_text(encoding="utf-8"))

    def geojson(self, name: str) -> geopandas.GeoDataFrame:
        """Read a layer as it stands in the file, without believing that GeoJSON is WGS-84."""
        return pyogrio.read_dataframe(self.folder / f"{name}.geojson").set_crs(None, allow_override=True)

    def geojson_wgs84(self, name: str) -> geopandas.GeoDataFrame:
        frame = self.geojson(name)
        datum = parse_datum(self.layer(f"{name}.geojson")["datum"])
        shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: to_wgs84(xy, datum))
        return frame.set_geometry(shapes)

    def table_wgs84(self, name: str) -> pd.DataFrame:
        """Read a table with positions in the city's grid; adds lon and lat."""
        frame = pd.read_csv(self.folder / f"{name}.csv")
        datum = parse_datum(self.layer(f"{name}.csv")["datum"], self.grids)
        lonlat = to_wgs84(frame[["x", "y"]].to_numpy(), datum)
        return frame.assign(lon=lonlat[:, 0], lat=lonlat[:, 1])

    @cached_property
    def grids(self) -> dict[str, Similarity]:
        """Fit each grid to its control points: Z = shift + factor z, complex numbers for positions."""
        grids = {}
        for name, entry in self.manifest["datums"].items():
            points = pd.read_csv(self.folder / entry["control_points"])
            local, base = (points[x] + 1j * points[y] for x, y in (("x", "y"), ("x_base", "y_base")))
            middle = local.mean()
            shift, factor = np.linalg.lstsq(np.column_stack([np.ones(len(points)), local - middle]), base, rcond=None)[0]
            shift -= factor * middle
            grids[name] = Similarity(entry["base"], shift.real, shift.imag, np.degrees(np.angle(factor)), abs(factor))
        return grids

    def layer(self, file: str) -> dict:
        return next(layer for layer in self.manifest["layer"] if layer["file"] == file)

    @cached_property
    def pipes(self) -> geopandas.GeoDataFrame:
        return pyogrio.read_dataframe(self.folder / "network.gpkg", layer="pipe")

    @cached_property
    def valves(self) -> geopandas.GeoDataFrame:
        return pyogrio.read_dataframe(self.folder / "network.gpkg", layer="valve")

    @cached_property
    def inlets(self) -> geopandas.GeoDataFrame:
        return pyogrio.read_dataframe(self.folder / "network.gpkg", layer="building_inlet")

    def survey(self, kind: str) -> geopandas.GeoDataFrame:
        """Read a layer of the network's GeoPackage; empty where the city has none of the kind."""
        if kind not in pyogrio.list_layers(self.folder / "network.gpkg")[:, 0]:
            return geopandas.GeoDataFrame({"code": []}, geometry=[])
        return pyogrio.read_dataframe(self.folder / "network.gpkg", layer=kind)

    @cached_property
    def stations(self) -> geopandas.GeoDataFrame:
        """Main stations and accumulators with their `kind`."""
        kinds = ("relay_pump_station", "isolating_station", "relay_energy_station", "accumulator")
        return pd.concat([self.survey(kind).assign(kind=kind) for kind in kinds], ignore_index=True)

    @cached_property
    def substations(self) -> geopandas.GeoDataFrame:
        return pyogrio.read_dataframe(self.folder / "substations.shp", encoding="gbk")

    @cached_property
    def sources(self) -> geopandas.GeoDataFrame:
        frame = self.table_wgs84("sources")
        to_gk = geopandas.GeoSeries.from_xy(frame["lon"], frame["lat"], crs=4326).to_crs(4551)
        return geopandas.GeoDataFrame(frame, geometry=to_gk.to_numpy(), crs=4551)


@dataclass(frozen=True)
class SideGraph:
    """One side as a graph: nodes are joined line ends; valves that are closed in the normal state hold no edge together.

    Attributes
    ----------
    graph
        Edges carry `pipe` (row of the pipes of that side).
    node_of
        Code of a substation (`primary:CODE`, `secondary:CODE`), source, main station, accumulator or inlet to node.
    """

    graph: nx.MultiGraph
    node_of: dict[str, int]
    starts: np.ndarray
    ends: np.ndarray


def ends_of(lines: geopandas.GeoSeries) -> tuple[np.ndarray, np.ndarray]:
    first = shapely.get_coordinates(shapely.get_point(lines.to_numpy(), 0))
    last = shapely.get_coordinates(shapely.get_point(lines.to_numpy(), -1))
    return first, last


def join(points: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return a node number for each point; points of one group within JOIN_M are one node (all pairs by a tree)."""
    pairs = cKDTree(points).query_pairs(JOIN_M)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(points)))
    graph.add_edges_from((a, b) for a, b in pairs if groups[a] == groups[b])
    numbers = np.empty(len(points), dtype=int)
    for number, members in enumerate(nx.connected_components(graph)):
        numbers[list(members)] = number
    return numbers


def side_graph(city: Delivery, side: str, *, ties_as_they_are: bool = True) -> SideGraph:
    """Join the pipes of one side into a graph, split at closed valves."""
    pipes = city.pipes[city.pipes["side"] == side].reset_index(drop=True)
    first, last = ends_of(pipes.geometry)
    places = [(f"primary:{code}", point) for code, point in zip(city.substations["编号"], city.substations.geometry, strict=True)]
    places += [
        (f"secondary:{code}", point) for code, point in zip(city.substations["编号"], city.substations.geometry, strict=True)
    ]
    places += [(code, point) for code, point in zip(city.sources["code"], city.sources.geometry, strict=True)]
    places += [(code, point) for code, point in zip(city.stations["code"], city.stations.geometry, strict=True)]
    places += [(code, point) for code, point in zip(city.inlets["code"], city.inlets.geometry, strict=True)]
    stations, fed = len(city.substations), len(city.sources) + len(city.stations)
    levels = ["primary"] * stations + ["secondary"] * stations + ["primary"] * fed + ["secondary"] * len(city.inlets)
    level = pipes["network_level"].replace("transmission", "primary").to_numpy()
    points = np.vstack([first, last, shapely.get_coordinates([point for _, point in places])])
    nodes = join(points, np.concatenate([level, level, levels]))
    starts, ends = nodes[: len(pipes)], nodes[len(pipes) : 2 * len(pipes)]
    node_of = {name: int(node) for (name, _), node in zip(places, nodes[2 * len(pipes) :], strict=True)}
    graph = nx.MultiGraph()
    graph.add_nodes_from(int(node) for node in nodes)
    graph.add_edges_from((int(a), int(b), {"pipe": row}) for row, (a, b) in enumerate(zip(starts, ends, strict=True)))
    if ties_as_they_are:
        graph.remove_nodes_from(_closed(city, side, points, nodes))
    return SideGraph(graph, node_of, starts, ends)


def _closed(city: Delivery, side: str, points: np.ndarray, nodes: np.ndarray) -> list[int]:
    closed = city.valves[(city.valves["side"] == side) & (city.valves["normal_state"] == "closed")]
    _, at = cKDTree(points).query(shapely.get_coordinates(closed.geometry.to_numpy()))
    return [int(node) for node in nodes[at]]
