"""Lost buildings of assets that are not one element: sources, substations, stations on both sides, consumers themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE, not_traceable
from topology.build.segment_net import SegmentNet
from topology.states.state import State, flood_net

IntArray = NDArray[np.int32]

_SUBSTATION, _INLET, _BUILDING = (KIND_CODE[kind] for kind in ("substation", "building_inlet", "building"))


def lost_with_several(net: SegmentNet, state: State, link_state: NDArray[np.uint8], asset_id: int, *, city_id: int) -> IntArray:
    """Return the asset ids of the buildings that are lost with an asset that has no or several elements.

    1. A substation stops as a whole: the slices of its halves, joined.
    2. A source (or a station that sits on both sides) cuts several elements at once, and slices do not compose: a flood.
    3. A building is its own loss while it is fed, an inlet that of the building whose last fed inlet it is.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.
    """
    elements = net.elements.several.get(asset_id)
    if elements is None:
        raise not_traceable(city_id, asset_id)
    kind = net.assets.kind[net.assets.rows_of(np.array([asset_id]))[0]]
    if kind in {_BUILDING, _INLET}:
        return _own(net, state, asset_id)
    if kind == _SUBSTATION:
        return np.unique(np.concatenate([np.zeros(0, np.int32), *(state.buildings.of(element) for element in elements)]))
    return _flooded(net, state, link_state, elements) if elements else np.zeros(0, np.int32)


def _own(net: SegmentNet, state: State, asset_id: int) -> IntArray:
    row = int(net.assets.rows_of(np.array([asset_id]))[0])
    services, fed = net.services, state.fed.service
    mine = fed & ((services.building_row == row) | (services.inlet_row == row))
    if net.assets.kind[row] == _INLET:
        others = services.building_row[fed & ~mine]
        buildings = np.setdiff1d(services.building_row[mine], others)
    else:
        buildings = np.unique(services.building_row[mine])
    found: IntArray = net.assets.asset_id[buildings[buildings >= 0]]
    return found


def _flooded(net: SegmentNet, state: State, link_state: NDArray[np.uint8], elements: tuple[int, ...]) -> IntArray:
    removed = np.zeros(net.element_count, bool)
    removed[list(elements)] = True
    after = flood_net(net, link_state, removed=removed).service
    return net.building_id[_has_fed(net, state.fed.service) & ~_has_fed(net, after)]


def _has_fed(net: SegmentNet, service: NDArray[np.bool_]) -> NDArray[np.bool_]:
    groups = net.building_services
    number = np.repeat(np.arange(len(net.building_row)), np.diff(groups.start))
    fed: NDArray[np.bool_] = np.bincount(number[service[groups.item]], minlength=len(net.building_row)) > 0
    return fed
