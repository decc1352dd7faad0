"""Puts causes into the API's shape: filtered by the caller's Scope."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from data.assets import round_position
from data.network import visible_rows
from topology.causes.root_cause import Cause, Diagnosis, RunnerUp
from topology.network import Network
from twin.scope import Scope
from twin.status import Status

METHODS = {
    False: "scan statistic over the dominator tree; no hydraulics yet, so segments of rings cannot be told",
    True: "scan statistic over the dominator tree and over footprints of the solved network",
}


class RunnerUpModel(BaseModel):
    """The best explanation of the same alarms outside the group."""

    segment_ids: list[int]
    asset_ids: list[int]
    distance: float = Field(description="How much lower its score is; exp(distance) times less likely.", examples=[3.4])
    distance_m: float | None = Field(description="From the place of the cause, as the crow flies.", examples=[410.0])


class CauseModel(BaseModel):
    """One place that explains alarms."""

    kind: str = Field(description="segment, source, substation or pump: the most likely candidate.", examples=["segment"])
    hypothesis: str = Field(
        description="cut_off, shut (stations fall short), burst, source_stopped, pump_stopped.", examples=["shut"]
    )
    segment_ids: list[int] = Field(description="Segments that cannot be told apart, most likely first.", examples=[[401, 899]])
    asset_ids: list[int] = Field(description="Their pipes, and sources, substations, pumps of the group; rising.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees of the most likely one")
    length_m: float = Field(description="Trench length of the group.", examples=[620.0])
    explained: list[int] = Field(description="Alarms that it explains.")
    silent_below: list[int] = Field(description="Sensors that should ring and do not: go and look.")
    unmeasured_below: int = Field(description="Substations that should feel it and have no sensor.", examples=[2])
    hit_rate: float = Field(description="Share of its stations that rang, stray alarms taken out.", examples=[0.9])
    score: float = Field(description="Log likelihood ratio against no shared cause.", examples=[41.7])
    confidence: float = Field(description="Probability of the group.", examples=[0.97])
    age_s: float | None = Field(description="Since when, from the ages of the alarms.", examples=[900.0])
    runner_up: RunnerUpModel | None
    outside_scope: int = Field(description="Further assets of the lists that this seat may not see.", examples=[0])


class CausesAnswer(BaseModel):
    """What the alarms share."""

    city_id: int
    network_version: int
    valve_version: int
    alarms: int = Field(description="Alarms that were asked about.")
    sensors: int = Field(description="Silent sensors that were taken into account.")
    causes: list[CauseModel] = Field(description="Best first.")
    stray: list[int] = Field(description="Alarms that no shared cause explains.")
    not_fed: list[int] = Field(description="Alarms of assets that the present valve state cuts off.")
    unknown: list[int] = Field(description="Ids that are not in the network.")
    stray_rate: float = Field(description="Estimated share of sensors that ring for nothing.", examples=[0.005])
    prepared: bool = Field(description="False: the footprints of the solved network are still being prepared; ask again.")
    method: str
    outside_scope: int = Field(description="Further stray alarms that this seat may not see.")


def working_sensors(app: FastAPI, city_id: int) -> NDArray[np.int64]:
    """Return the assets that report now and have no open alarm."""
    city = app.state.live.city(city_id)
    if city is None or not city.status.size:
        return np.zeros(0, np.int64)
    return np.asarray(city.asset_ids[city.status == Status.NORMAL], np.int64)


def answer_causes(network: Network, scope: Scope, found: Diagnosis, *, alarms: int, sensors: int, prepared: bool) -> CausesAnswer:
    """Put a diagnosis into the answer's shape; only what the caller may see is named, the rest counted."""
    eye = _Eye(network, scope)
    stray, hidden = eye.seen(found.stray)
    return CausesAnswer(
        city_id=network.city_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        alarms=alarms,
        sensors=sensors,
        causes=[eye.cause(cause) for cause in found.causes],
        stray=stray,
        not_fed=eye.seen(found.not_fed)[0],
        unknown=list(found.unknown) if scope.areas is None and scope.company_ids is None else [],
        stray_rate=found.stray_rate,
        prepared=prepared,
        method=METHODS[prepared],
        outside_scope=hidden,
    )


class _Eye:
    """What a caller may see of a network."""

    def __init__(self, network: Network, scope: Scope) -> None:
        self._network, self._scope, self._visible = network, scope, visible_rows(network, scope)

    def seen(self, asset_ids: Iterable[int]) -> tuple[list[int], int]:
        """Return the ids that may be named, in their order, and how many may not."""
        ids = np.fromiter(asset_ids, np.int64)
        rows = self._network.assets.rows_of(ids)
        fine = (rows >= 0) & self._visible[np.maximum(rows, 0)] if len(ids) else np.zeros(0, bool)
        return ids[fine].tolist(), int((~fine).sum())

    def cause(self, cause: Cause) -> CauseModel:
        """Return a cause as far as it may be seen."""
        (segments, _), (assets, hidden_assets) = self.seen(cause.segment_ids), self.seen(cause.asset_ids)
        (explained, hidden), (silent, hidden_silent) = self.seen(cause.explained), self.seen(cause.silent_below)
        first = cause.segment_ids[:1] if cause.kind == "segment" else cause.tied_ids[:1]
        return CauseModel(
            kind=cause.kind,
            hypothesis=cause.hypothesis,
            segment_ids=segments,
            asset_ids=assets,
            position=round_position(cause.position, self._scope) if self.seen(first)[0] else None,
            length_m=round(cause.length_m, 1),
            explained=explained,
            silent_below=silent,
            unmeasured_below=cause.unmeasured_below,
            hit_rate=cause.hit_rate,
            score=cause.score,
            confidence=cause.confidence,
            age_s=_number(cause.age_s),
            runner_up=None if cause.runner_up is None else self._runner_up(cause.runner_up),
            outside_scope=hidden_assets + hidden + hidden_silent,
        )

    def _runner_up(self, runner_up: RunnerUp) -> RunnerUpModel | None:
        segments, assets = self.seen(runner_up.segment_ids)[0], self.seen(runner_up.asset_ids)[0]
        if not segments and not assets:
            return None
        return RunnerUpModel(
            segment_ids=segments, asset_ids=assets, distance=runner_up.distance, distance_m=_number(runner_up.distance_m)
        )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
