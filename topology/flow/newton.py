"""Newton's method for the rings of a network: the matrix of the meeting points as an envelope, compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from topology.flow.core import Core, run_losses
from topology.flow.friction import Floats, Friction, Ints

_TOLERANCE_MPA = 1e-9
_ITERATIONS = 80
_DAMPED_AFTER = 15


class Envelope(NamedTuple):
    """A symmetric matrix of which each row is kept from its first entry to the diagonal, one row after the other."""

    start: Ints
    first: Ints


@njit(cache=True)  # type: ignore[untyped-decorator]
def newton(
    core: Core, friction: Friction, runs: tuple[Floats, Floats], push: Floats, demand: Floats
) -> tuple[Floats, Floats, bool]:
    """Solve for what enters each run and for the pressures of the meeting points.

    Global gradient algorithm (Todini and Pilati 1988): each step's pressures give every meeting point exactly what it takes, and
    the runs' flows follow from them. Steps are halved when it takes long.

    Parameters
    ----------
    core, friction
        The network.
    runs
        First guess of what enters each run; what is taken between the run's start and each of its edges.
    push
        What drives the water along each run besides the pressures at its meeting points: weight, lifts, held pressures.
    demand
        What each meeting point takes, with what is taken inside the runs that end there.
    """
    through, before = runs[0].copy(), runs[1]
    a, b = core.key[core.chain_a], core.key[core.chain_b]
    envelope, met = envelope_of(demand.size, a, b), np.zeros(demand.size)
    for iteration in range(_ITERATIONS):
        lost, slope = run_losses(core, friction, through, before)
        matrix, right = matrix_of(envelope, a, b, 1.0 / slope), -demand
        for k in range(a.size):
            along = through[k] + (push[k] - lost[k]) / slope[k]
            if a[k] >= 0:
                right[a[k]] -= along
            if b[k] >= 0:
                right[b[k]] += along
        met = solve_envelope(envelope, matrix, right)
        gap = push - lost
        for k in range(a.size):
            gap[k] += (met[a[k]] if a[k] >= 0 else 0.0) - (met[b[k]] if b[k] >= 0 else 0.0)
        through += gap / slope * (0.5 if iteration > _DAMPED_AFTER else 1.0)
        worst = np.abs(gap).max()
        if not worst >= _TOLERANCE_MPA:
            return through, met, worst < _TOLERANCE_MPA
    return through, met, False


@njit(cache=True)  # type: ignore[untyped-decorator]
def envelope_of(count: int, a: Ints, b: Ints) -> Envelope:
    """Return where a symmetric matrix over `count` points, joined by runs from `a` to `b` (-1 = held), can hold a value."""
    first, start = np.arange(count), np.zeros(count + 1, np.int64)
    for k in range(a.size):
        low, high = min(a[k], b[k]), max(a[k], b[k])
        if low >= 0:
            first[high] = min(first[high], low)
    for n in range(count):
        start[n + 1] = start[n] + n - first[n] + 1
    return Envelope(start, first)


@njit(cache=True)  # type: ignore[untyped-decorator]
def matrix_of(envelope: Envelope, a: Ints, b: Ints, conductance: Floats) -> Floats:
    """Return the values of the matrix of conductances (kg/s per MPa) of the runs, as the envelope lays them out."""
    matrix = np.zeros(envelope.start[-1])
    for k in range(a.size):
        low, high = min(a[k], b[k]), max(a[k], b[k])
        if low == high:
            continue  # a ring that hangs on one point
        matrix[envelope.start[high + 1] - 1] += conductance[k]
        if low >= 0:
            matrix[envelope.start[low + 1] - 1] += conductance[k]
            matrix[envelope.start[high] + low - envelope.first[high]] -= conductance[k]
    return matrix


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def solve_envelope(envelope: Envelope, matrix: Floats, right: Floats) -> Floats:
    """Solve with a positive definite matrix by Cholesky's rows (George and Liu 1981, chapter 4); changes `matrix`.

    Of a matrix that is none comes what is not a number, and the method has not converged.
    """
    start, first = envelope.start, envelope.first
    count, out = right.size, right.copy()
    for i in range(count):
        row = start[i] - first[i]
        for j in range(first[i], i):
            other = start[j] - first[j]
            total = matrix[row + j]
            for k in range(max(first[i], first[j]), j):
                total -= matrix[row + k] * matrix[other + k]
            matrix[row + j] = total / matrix[other + j]
        total = matrix[row + i]
        for k in range(first[i], i):
            total -= matrix[row + k] * matrix[row + k]
        matrix[row + i] = np.sqrt(total)
        for k in range(first[i], i):
            out[i] -= matrix[row + k] * out[k]
        out[i] /= matrix[row + i]
    for i in range(count - 1, -1, -1):
        row = start[i] - first[i]
        out[i] /= matrix[row + i]
        for k in range(first[i], i):
            out[k] -= matrix[row + k] * out[i]
    return out
