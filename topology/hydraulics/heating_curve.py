"""The heating curve: load and temperatures of the primary network at an outdoor temperature.

Central quality regulation (集中质调节) of an indirectly connected hot-water network: the flows stay, the temperatures follow the
weather. CJJ 34-2010 chapter 4 asks for it; the formulas are those of He Ping, Sun Gang et al., 供热工程, chapter 12, with the
secondary network at constant flow too:

    q      = (room - outdoor) / (room - design outdoor)
    second = room + (design mean - room) q^(1 / (1 + b))  +- half the design drop times q
    first  = second + (design first - design second) q          for supply and for return

The last line is exact: with both flows constant the two differences at the ends of the exchanger keep their ratio, so that the
mean logarithmic difference goes with the load as they do.
"""

from __future__ import annotations

from dataclasses import dataclass

from topology.errors import NotSolvable

LEAST_SHARE = 0.05
"""A network that gives less than this share of its design load stands."""


@dataclass(frozen=True, slots=True)
class HeatingCurve:
    """Design temperatures in degC, and the exponent of the radiators.

    Attributes
    ----------
    outdoor_degc
        Design outdoor temperature of heating (Changchun: -21.1, GB 50736-2012 annex A).
    room_degc
        Of the rooms, GB 50736-2012: 18.
    supply_degc, return_degc
        Of the primary network.
    secondary_supply_degc, secondary_return_degc
        Behind the exchanger.
    exponent
        b of emission = k x (mean water - room)^(1 + b).
    """

    outdoor_degc: float = -21.1
    room_degc: float = 18.0
    supply_degc: float = 110.0
    return_degc: float = 60.0
    secondary_supply_degc: float = 75.0
    secondary_return_degc: float = 50.0
    exponent: float = 0.3

    @property
    def secondary_drop_k(self) -> float:
        """Temperature drop of the secondary network at design load."""
        return self.secondary_supply_degc - self.secondary_return_degc

    @property
    def mean_over_room_k(self) -> float:
        """How much warmer than the room the radiators are on average at design load."""
        return (self.secondary_supply_degc + self.secondary_return_degc) / 2.0 - self.room_degc


@dataclass(frozen=True, slots=True)
class Regulated:
    """What the curve asks for: load as a share of the design load that is wanted and that is given, temperatures in degC.

    Colder than the design the supply gets no warmer: `given_share` stays 1 while `wanted_share` rises.
    """

    outdoor_degc: float
    wanted_share: float
    given_share: float
    supply_degc: float
    return_degc: float


CHANGCHUN = HeatingCurve()


def regulate(outdoor_degc: float, curve: HeatingCurve = CHANGCHUN) -> Regulated:
    """Return load and temperatures at an outdoor temperature.

    Raises
    ------
    NotSolvable
        When it is so warm that nothing is heated, or no temperature of this earth.
    """
    wanted = (curve.room_degc - outdoor_degc) / (curve.room_degc - curve.outdoor_degc)
    if not -60.0 <= outdoor_degc <= 60.0 or wanted < LEAST_SHARE:
        warmest = curve.room_degc - LEAST_SHARE * (curve.room_degc - curve.outdoor_degc)
        raise NotSolvable(f"outdoor temperature {outdoor_degc:g} degC: a what-if heats between -60 and {warmest:.0f} degC")
    share = min(wanted, 1.0)
    middle = curve.room_degc + curve.mean_over_room_k * share ** (1.0 / (1.0 + curve.exponent))
    half = share * curve.secondary_drop_k / 2.0
    return Regulated(
        outdoor_degc,
        wanted,
        share,
        middle + half + (curve.supply_degc - curve.secondary_supply_degc) * share,
        middle - half + (curve.return_degc - curve.secondary_return_degc) * share,
    )
