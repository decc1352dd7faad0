"""Puts stored incidents into the API's shape: filtered by the caller's Scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from api.incident_models import (
    AffectedFigures,
    CauseOfIncident,
    EstateModel,
    FloodModel,
    IncidentDetail,
    IncidentModel,
    LeakModel,
    LogLineModel,
)
from data.assets import round_position
from data.incidents import LogLine
from data.network import visible_rows
from topology.network import Network
from twin.faults import fault_band
from twin.incidents.flood import Flood
from twin.scope import Scope

_GJ_PER_MWH = 3.6


class Eye:
    """What a caller may see of incidents in a network."""

    def __init__(self, network: Network, scope: Scope) -> None:
        self._network, self._scope = network, scope
        whole = scope.layers is None and scope.areas is None and scope.company_ids is None
        self._visible = None if whole else visible_rows(network, scope)

    def mask(self, asset_ids: Sequence[int]) -> np.ndarray:
        """Tell of each asset id whether it may be named; what the network does not hold (any more) may not."""
        if self._visible is None:
            return np.ones(len(asset_ids), bool)
        rows = self._network.assets.rows_of(np.array(asset_ids, np.int64))
        seen: np.ndarray = (rows >= 0) & self._visible[np.maximum(rows, 0)] if len(rows) else np.zeros(0, bool)
        return seen

    def seen(self, asset_ids: Sequence[int]) -> list[int]:
        """Return the ids that may be named."""
        return [asset for asset, fine in zip(asset_ids, self.mask(asset_ids).tolist(), strict=True) if fine]

    def incident(self, row: Mapping[str, Any]) -> IncidentModel:
        """Return an incident as listed."""
        return IncidentModel(**_plain(row), cause=self._cause(row), affected=self._affected(row))

    def detail(self, row: Mapping[str, Any], log: Sequence[LogLine], explained: Sequence[int]) -> IncidentDetail:
        """Return an incident with its lists and its log."""
        estates = row["estates"]
        named = set(self.seen([each["asset_id"] for each in estates])) if self._visible is not None else None
        return IncidentDetail(
            **_plain(row),
            cause=self._cause(row),
            affected=self._affected(row),
            station_ids=self.seen(row["station_ids"]),
            building_ids=self.seen(row["building_ids"]),
            estate_list=[EstateModel(**each) for each in estates if named is None or each["asset_id"] in named],
            explained=self.seen(explained),
            log=[LogLineModel.model_validate(line, from_attributes=True) for line in log],
        )

    def _cause(self, row: Mapping[str, Any]) -> CauseOfIncident:
        first = (list(row["segment_ids"]) or list(row["tied_ids"]))[:1]
        known = bool(self.seen(first))
        place = (row["lon"], row["lat"]) if row["lon"] is not None and known else None
        names = ("version", "answered_at", "answered_by", "kind", "hypothesis", "length_m", "hit_rate", "score", "confidence")
        versions = ("prepared", "network_version", "valve_version")
        return CauseOfIncident(
            **{name: row[name] for name in (*names, *versions)},
            segment_ids=self.seen(row["segment_ids"]),
            asset_ids=self.seen(row["asset_ids"]),
            silent_below=self.seen(row["silent_below"]),
            position=round_position(place, self._scope),
            leak=LeakModel(**row["leak"]) if row["leak"] is not None and self.seen([row["leak"]["pipe_id"]]) else None,
        )

    def _affected(self, row: Mapping[str, Any]) -> AffectedFigures:
        stations, buildings = self.mask(row["station_ids"]), self.mask(row["building_ids"])
        area = float(np.array(row["building_area_m2"], float)[buildings].sum())
        band = fault_band(area)
        return AffectedFigures(
            substations=int(stations.sum()),
            buildings=int(buildings.sum()),
            estates=len(row["estates"] if self._visible is None else self.seen([each["asset_id"] for each in row["estates"]])),
            heat_user_count=int(np.array(row["building_users"], np.int64)[buildings].sum()),
            heated_area_m2=round(area, 1),
            heat_gj_per_h=round(float(np.array(row["building_load_mw"], float)[buildings].sum()) * _GJ_PER_MWH, 2),
            band="none" if band is None else band.band,
            band_zh="不影响供热面积" if band is None else band.label_zh,
            restore_within_h=None if band is None else band.restore_within_h,
            outside_scope=int((~stations).sum() + (~buildings).sum()),
        )


def flood_model(flood: Flood) -> FloodModel:
    """Return a flood as sent."""
    return FloodModel.model_validate(flood, from_attributes=True)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    names = set(IncidentModel.model_fields) - {"cause", "affected", "outside_scope"}
    return {name: row[name] for name in names} | {"outside_scope": row["outside"]}
