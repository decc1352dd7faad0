"""Where water leaks out: pressures at metered stations and the make-up flow against what a leak at each place would do.

`prepare` solves the zone without a leak, `locate` holds readings against it. docs/leaks.md has the method, sources and accuracy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from topology.flow.friction import Floats, Ints
from topology.flow.solver import FlowSolver, Leak
from topology.hydraulics.pandapipes_net import Solved
from topology.leaks.signatures import (
    Errors,
    Pieces,
    cut_pieces,
    linear_signatures,
    metered_nodes,
    solved_signatures,
    unknowns,
)

USUAL = Errors()
"""Errors of usual readings and of what is usually known."""
_LEVEL_MPA = 0.5
"""How far a side's level may lie from the expected one where the source is not read."""
_SHORTLIST = 300
"""Pieces that the full solver is asked for."""
_NEAR_M = 100.0
"""The place named is the one with most of the likelihood within this distance."""


@dataclass(frozen=True, eq=False)
class LeakSearch:
    """A zone made ready: its solution without a leak at what is known of it.

    Attributes
    ----------
    solver
        At the roughness that is assumed.
    station_kg_per_s, feed_kg_per_s
        Flows that are expected.
    expected
        The solution without a leak.
    metered
        Stations with readings, places in the zone's arrays.
    pieces
        Places where a leak is sought.
    middle_m
        The middle of each piece in a plane, metres, shape (pieces, 2).
    """

    solver: FlowSolver
    station_kg_per_s: Floats
    feed_kg_per_s: Floats
    expected: Solved
    metered: Ints
    pieces: Pieces
    middle_m: Floats


@dataclass(frozen=True, eq=False)
class LeakPlaces:
    """How likely a leak is in each piece of pipe.

    Attributes
    ----------
    likelihood
        Of each piece; they add up to 1.
    leak_kg_per_s
        Size that fits best there.
    best
        Piece whose surroundings hold most of the likelihood.
    within_m
        Radius about its middle that holds 80 % of it.
    residual_mpa
        Root of the mean square of what the best piece leaves unexplained.
    """

    likelihood: Floats
    leak_kg_per_s: Floats
    best: int
    within_m: float
    residual_mpa: float


def prepare(solver: FlowSolver, station_kg_per_s: Floats, feed_kg_per_s: Floats, *, metered: Ints, ends_m: Floats) -> LeakSearch:
    """Make a zone ready for a search.

    Parameters
    ----------
    solver
        At the roughness that is assumed.
    station_kg_per_s, feed_kg_per_s
        Flows that are expected.
    metered
        Stations with readings.
    ends_m
        Both ends of each pipe in a plane, metres: x and y at `u`, x and y at `v`, shape (pipes, 4).
    """
    pieces = cut_pieces(solver.zone)
    share, ends = pieces.share[:, None], ends_m[pieces.pipe]
    middle = (1.0 - share) * ends[:, :2] + share * ends[:, 2:]
    expected = solver.solve(station_kg_per_s, feed_kg_per_s)
    return LeakSearch(solver, station_kg_per_s, feed_kg_per_s, expected, metered, pieces, middle)


def locate(
    search: LeakSearch,
    readings_mpa: Floats,
    make_up_kg_per_s: float,
    *,
    errors: Errors = USUAL,
    before_mpa: Floats | None = None,
    samples: int = 1,
    samples_before: int = 1,
    levels_known: bool = True,
) -> LeakPlaces:
    """Hold readings against what a leak at each place would do.

    1. Differences are taken to the expected pressures, or to readings from before the leak, in which most of what is unknown
       about the pipes cancels out.
    2. They are whitened by the covariance of the readings' noise and of unknown roughness and demands, both through the
       linearised network (generalised least squares).
    3. Every piece is judged by its linear signature at the best amplitude; the best few hundred by the full solver with the leak
       that the make-up flow tells, its size free within that reading's error.
    4. The covariance is made again at the best piece's solution, and the pieces are judged again.

    Parameters
    ----------
    search
        The zone.
    readings_mpa
        Supply pressures of the metered stations, then their return pressures, less the pressure of the named source on that side.
    make_up_kg_per_s
        What the leak adds to the make-up flow.
    errors
        What is not known.
    before_mpa
        The same readings before the leak.
    samples, samples_before
        Of how many readings each is a mean.
    levels_known
        False: the source's own pressures are not read, so a shift of a whole side tells nothing.
    """
    nodes = metered_nodes(search.solver.zone, search.metered)
    zero = search.expected.pressure_mpa[nodes] if before_mpa is None else before_mpa
    change = readings_mpa - zero
    noise = _noise(errors, before_mpa, samples, samples_before)
    judge = _Judge(search, nodes, change, make_up_kg_per_s, errors, noise, levels_known)
    return judge.places(calibrated=before_mpa is not None)


def _noise(errors: Errors, before_mpa: Floats | None, samples: int, samples_before: int) -> float:
    """Return the variance of a change of pressure that the readings' noise makes."""
    return errors.reading_mpa**2 * (1.0 / samples + (0.0 if before_mpa is None else 1.0 / samples_before))


@dataclass(frozen=True, eq=False)
class _Judge:
    search: LeakSearch
    nodes: Ints
    change: Floats
    make_up: float
    errors: Errors
    noise: float
    levels_known: bool

    def places(self, *, calibrated: bool) -> LeakPlaces:
        search = self.search
        rough, demand, lift = unknowns(search.solver, search.expected, search.station_kg_per_s, self.nodes, self.errors)
        before = (rough, demand) if calibrated else (np.zeros_like(rough), np.zeros_like(demand))
        cover = self._covariance(rough - before[0], demand - before[1], demand)
        linear = linear_signatures(search.solver.zone, search.pieces, lift)
        chosen = self._shortlist(linear, cover)
        flows = (search.station_kg_per_s, search.feed_kg_per_s)
        full = solved_signatures(
            search.solver, search.expected, flows, search.pieces, chosen, leak_kg_per_s=self.make_up, nodes=self.nodes
        )
        score, size = self._judged(full, self._along(chosen, lift), cover)
        leaking = self._solved_with_leak(int(chosen[np.argmax(score)]))
        if leaking.converged:
            rough, demand, lift = unknowns(search.solver, leaking, search.station_kg_per_s, self.nodes, self.errors)
            cover = self._covariance(rough - before[0], demand - before[1], demand)
            score, size = self._judged(full, self._along(chosen, lift), cover)
        return self._answer(chosen, score, size, full)

    def _covariance(self, rough: Floats, demand: Floats, change: Floats) -> Floats:
        """Return the covariance of the changes of pressure: what is unknown and does not cancel out, what changed, and noise."""
        share = self.errors.change_share / self.errors.demand_share
        out: Floats = rough.T @ rough + demand.T @ demand + share**2 * (change.T @ change)
        out[np.diag_indices_from(out)] += self.noise
        if not self.levels_known:
            half = len(out) // 2
            out[:half, :half] += _LEVEL_MPA**2
            out[half:, half:] += _LEVEL_MPA**2
        return out

    def _shortlist(self, linear: Floats, cover: Floats) -> Ints:
        """Return the pieces whose linear signature fits best at an amplitude between a quarter and ten times its own."""
        factor = cho_factor(cover, lower=True)
        expected = linear * self.make_up
        against = cho_solve(factor, self.change)
        square = np.einsum("ij,ij->i", expected, cho_solve(factor, expected.T).T)
        product = expected @ against
        amplitude = np.clip(product / np.maximum(square, 1e-30), 0.25, 10.0)
        gain = amplitude * product - 0.5 * amplitude**2 * square
        return np.sort(np.argsort(-gain)[:_SHORTLIST])

    def _along(self, chosen: Ints, lift: Floats) -> Floats:
        """Return what one standard deviation of the place within each piece does to the signatures."""
        zone, pieces = self.search.solver.zone, self.search.pieces
        pipe = pieces.pipe[chosen]
        part = pieces.length_m[chosen] / np.maximum(zone.pipe_length_m[pipe], 1e-3) / math.sqrt(12.0)
        out: Floats = self.make_up * part[:, None] * (lift[zone.pipe_u[pipe]] - lift[zone.pipe_v[pipe]])
        return out

    def _judged(self, full: Floats, along: Floats, cover: Floats) -> tuple[Floats, Floats]:
        """Return the logarithm of each piece's likelihood and the best size there.

        The leak's size (the signature grows about as it does) and its place within the piece are integrated out: two
        directions in which each piece's covariance is wider than the common one.
        """
        factor = cho_factor(cover, lower=True)
        known = np.isfinite(full).all(axis=1)
        full = np.nan_to_num(full)
        off, by_size = self.change - full, self.errors.make_up_share * full

        def product(a: Floats, b: Floats) -> Floats:
            return np.asarray(np.einsum("ij,ij->i", a, b))

        white, white_size, white_along = (cho_solve(factor, each.T).T for each in (off, by_size, along))
        inner = np.stack([1.0 + product(by_size, white_size), product(by_size, white_along), 1.0 + product(along, white_along)])
        fit = np.stack([product(by_size, white), product(along, white)])
        determinant = inner[0] * inner[2] - inner[1] ** 2
        best = np.stack([inner[2] * fit[0] - inner[1] * fit[1], inner[0] * fit[1] - inner[1] * fit[0]]) / determinant
        score = -0.5 * (product(off, white) - (fit * best).sum(axis=0)) - 0.5 * np.log(determinant)
        return np.where(known, score, -np.inf), self.make_up * (1.0 + self.errors.make_up_share * best[0])

    def _without_level(self, off: Floats) -> Floats:
        return off if self.levels_known else off - np.repeat(off.reshape(2, -1).mean(axis=1), len(off) // 2)

    def _solved_with_leak(self, piece: int) -> Solved:
        search, pieces = self.search, self.search.pieces
        leak = Leak(int(pieces.pipe[piece]), float(pieces.share[piece]), self.make_up)
        return search.solver.solve(search.station_kg_per_s, search.feed_kg_per_s, leak=leak, start=search.expected)

    def _answer(self, chosen: Ints, score: Floats, size: Floats, full: Floats) -> LeakPlaces:
        pieces = self.search.pieces
        weight = np.exp(score - score.max()) * pieces.length_m[chosen]
        likelihood, sizes = np.zeros(len(pieces.pipe)), np.full(len(pieces.pipe), self.make_up)
        likelihood[chosen], sizes[chosen] = weight / weight.sum(), size
        at = self.search.middle_m[chosen]
        apart = np.hypot(at[:, None, 0] - at[None, :, 0], at[:, None, 1] - at[None, :, 1])
        own = likelihood[chosen]
        best = int(np.argmax((apart <= _NEAR_M) @ own + 1e-3 * own))
        order = np.argsort(apart[best])
        enough = int(np.searchsorted(np.cumsum(own[order]), 0.8))
        off = self._without_level(self.change - full[best])
        within = float(apart[best][order[min(enough, len(order) - 1)]])
        return LeakPlaces(likelihood, sizes, int(chosen[best]), within, float(np.sqrt(np.mean(off**2))))
