"""Where water leaks out: pressures at metered stations and the make-up flow against what a leak at each place would do.

`prepare` solves the zone without a leak, `locate` holds readings against it. docs/leaks.md has the method, sources and accuracy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

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
_SHORTLIST = 120
"""Pieces that the full solver is asked for, and as many again about the first answer."""
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

    1. Differences are taken to the expected pressures. Readings from before the leak tell roughness and demands as far as they
       can: what is expected, and how well, are those given these readings.
    2. Differences are whitened by the covariance of the readings' noise and of roughness and demands still unknown, both through
       the linearised network (generalised least squares).
    3. Every piece is judged by its linear signature at the best amplitude; the best by the full solver with the leak that the
       make-up flow tells, its size free within that reading's error.
    4. All is linearised again at the best piece's solution, every piece is judged by its signature there, and the best by the
       full solver as well.

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
    expected = search.expected.pressure_mpa[nodes]
    noise = tuple(errors.reading_mpa**2 / each for each in (samples, samples_before))
    before = None if before_mpa is None else before_mpa - expected
    judge = _Judge(search, nodes, readings_mpa - expected, before, make_up_kg_per_s, errors, (noise[0], noise[1]), levels_known)
    return judge.places()


@dataclass(frozen=True, eq=False)
class _Judge:
    """One question: differences to what is expected now and before the leak, variances of their noise."""

    search: LeakSearch
    nodes: Ints
    now: Floats
    before: Floats | None
    make_up: float
    errors: Errors
    noise: tuple[float, float]
    levels_known: bool

    def places(self) -> LeakPlaces:
        search, zone = self.search, self.search.solver.zone
        intact = unknowns(search.solver, search.expected, search.station_kg_per_s, self.nodes, self.errors)
        change, cover = self._left_over(intact, intact)
        signatures = linear_signatures(zone, search.pieces, intact[2]) * self.make_up
        chosen = self._shortlist(signatures, change, cover, free=True)
        full = self._full(chosen)
        score, size = self._judged(change, full, self._along(chosen, intact[2]), cover)
        best = int(np.argmax(score))
        leaking = self._solved_with_leak(int(chosen[best]))
        if leaking.converged:
            there = unknowns(search.solver, leaking, search.station_kg_per_s, self.nodes, self.errors)
            change, cover = self._left_over(intact, there)
            near = linear_signatures(zone, search.pieces, there[2]) * self.make_up
            signatures = near - near[chosen[best]] + full[best]
            more = np.setdiff1d(self._shortlist(signatures, change, cover, free=False), chosen)
            chosen, full = np.concatenate([chosen, more]), np.concatenate([full, self._full(more)])
            score, size = self._judged(change, full, self._along(chosen, there[2]), cover)
        return self._answer(chosen, score, size, change - full)

    def _full(self, chosen: Ints) -> Floats:
        search = self.search
        flows = (search.station_kg_per_s, search.feed_kg_per_s)
        return solved_signatures(
            search.solver, search.expected, flows, search.pieces, chosen, leak_kg_per_s=self.make_up, nodes=self.nodes
        )

    def _left_over(self, intact: tuple[Floats, Floats, Floats], leaking: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
        """Return the differences that are left when readings from before the leak have told what they can, and their covariance.

        Both are normal and share roughness and demands: the usual conditional mean and covariance (Kriging, Kalman).
        """
        cover = self._covariance(leaking, leaking)
        cover[np.diag_indices_from(cover)] += self.noise[0]
        if self.before is None:
            return self.now, self._with_levels(cover)
        share = self.errors.change_share / self.errors.demand_share
        cover += share**2 * (leaking[1].T @ leaking[1])
        own, cross = self._covariance(intact, intact), self._covariance(leaking, intact)
        own += share**2 * (intact[1].T @ intact[1])
        own[np.diag_indices_from(own)] += self.noise[1]
        told = cho_solve(cho_factor(self._with_levels(own), lower=True), cross.T).T
        return self.now - told @ self.before, self._with_levels(cover - told @ cross.T)

    @staticmethod
    def _covariance(one: tuple[Floats, Floats, Floats], other: tuple[Floats, Floats, Floats]) -> Floats:
        """Return how pressures in two states vary together with what is unknown of roughness and demands."""
        return np.asarray(one[0].T @ other[0] + one[1].T @ other[1])

    def _with_levels(self, cover: Floats) -> Floats:
        if not self.levels_known:
            half = len(cover) // 2
            cover[:half, :half] += _LEVEL_MPA**2
            cover[half:, half:] += _LEVEL_MPA**2
        return cover

    def _shortlist(self, signatures: Floats, change: Floats, cover: Floats, *, free: bool) -> Ints:
        """Return the pieces whose signature fits best; where it is free at a quarter to ten times its own size."""
        white = solve_triangular(cholesky(cover, lower=True), np.concatenate([signatures, change[None]]).T, lower=True)
        against, white = white[:, -1], white[:, :-1]
        square, product = np.einsum("ij,ij->j", white, white), against @ white
        amplitude = np.clip(product / np.maximum(square, 1e-30), 0.25, 10.0) if free else np.ones(len(square))
        gain = amplitude * product - 0.5 * amplitude**2 * square
        return np.sort(np.argsort(-gain)[:_SHORTLIST])

    def _along(self, chosen: Ints, lift: Floats) -> Floats:
        """Return what one standard deviation of the place within each piece does to the signatures."""
        zone, pieces = self.search.solver.zone, self.search.pieces
        pipe = pieces.pipe[chosen]
        part = pieces.length_m[chosen] / np.maximum(zone.pipe_length_m[pipe], 1e-3) / math.sqrt(12.0)
        out: Floats = self.make_up * part[:, None] * (lift[zone.pipe_u[pipe]] - lift[zone.pipe_v[pipe]])
        return out

    def _judged(self, change: Floats, full: Floats, along: Floats, cover: Floats) -> tuple[Floats, Floats]:
        """Return the logarithm of each piece's likelihood and the best size there.

        The leak's size (the signature grows about as it does) and its place within the piece are integrated out: two
        directions in which each piece's covariance is wider than the common one.
        """
        factor = cho_factor(cover, lower=True)
        known = np.isfinite(full).all(axis=1)
        full = np.nan_to_num(full)
        off, by_size = change - full, self.errors.make_up_share * full

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

    def _answer(self, chosen: Ints, score: Floats, size: Floats, left: Floats) -> LeakPlaces:
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
        off = self._without_level(left[best])
        within = float(apart[best][order[min(enough, len(order) - 1)]])
        return LeakPlaces(likelihood, sizes, int(chosen[best]), within, float(np.sqrt(np.mean(off**2))))
