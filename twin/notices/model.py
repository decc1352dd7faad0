"""A subscription: who wants to hear of which alarms, and the steps that follow when nobody acknowledges.

Nothing here knows a clock, a database or a network. A subscription is data; `as_json` and `subscription_from_json` are its
form in the store and in the API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from twin.errors import BadNotice

Channel: TypeAlias = Literal["web", "webhook", "email", "push"]
Format: TypeAlias = Literal["json", "bot"]
Digest: TypeAlias = Literal["sha256", "sm3"]
Lang: TypeAlias = Literal["zh", "en"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
DIGESTS: Final[tuple[Digest, ...]] = get_args(Digest)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "company": ("company",),
    "plant_branch": ("plant_branch",),
    "heat_source": ("plant", "boiler_house", "accumulator", "water_tank"),
    "substation": ("substation", "relay_pump_station", "relay_energy_station", "isolating_station"),
    "heat_user": ("building_inlet", "estate", "building", "room_sensor", "heating_device"),
}
"""The five levels at which alarms are pushed (企业、电厂支线、热源、换热站、热用户) and the kinds of assets of each.

`company` holds, besides alarms at a company itself, all alarms at what a company owns.
"""
MAX_STEPS: Final = 6
MAX_NAMED: Final = 500
"""Most areas, companies, kinds or rules that one subscription names."""
MAX_AFTER_MIN: Final = 7 * 24 * 60.0
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LEVELS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """What decides whether somebody is told of an alarm. `popup`: whether its rule may pop up on screens (弹窗)."""

    alarm_id: int
    level: int
    rule_code: str
    kind: str
    area_id: int | None
    company_id: int | None
    popup: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alarms; an empty tuple = any. `groups` are names of `GROUPS`; areas and companies are asset ids."""

    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    areas: tuple[int, ...] = ()
    companies: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()

    def holds(self, alarm: AlarmFacts) -> bool:
        """Tell whether an alarm is wanted."""
        return (
            (not self.groups or any(_in_group(alarm, group) for group in self.groups))
            and (not self.kinds or alarm.kind in self.kinds)
            and (not self.areas or alarm.area_id in self.areas)
            and (not self.companies or alarm.company_id in self.companies)
            and (not self.levels or alarm.level in self.levels)
            and (not self.rules or alarm.rule_code in self.rules)
        )


def _in_group(alarm: AlarmFacts, group: str) -> bool:
    return alarm.kind in GROUPS[group] or (group == "company" and alarm.company_id is not None)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a subscription.

    Attributes
    ----------
    channel
        By what.
    after_min
        Minutes after the alarm. The first step has 0; a later one is taken only when the alarm is still open and nobody has
        acknowledged it.
    to
        Address: of a webhook a URL, of e-mail an address; empty for `web` and `push`, which go to a seat.
    seat_id
        Whose screen or device, for `web` and `push`; None = that of the subscription.
    level
        Only alarms of this level and more urgent ones (1 is the most urgent).
    format
        Body of a webhook: `json`, or `bot`, the text message that group robots of enterprise messengers take.
    digest, secret
        Of the signature of a webhook; the secret is kept encrypted, empty = not signed.
    """

    channel: Channel
    after_min: float = 0.0
    to: str = ""
    seat_id: int | None = None
    level: int = 3
    format: Format = "json"
    digest: Digest = "sha256"
    secret: str = ""

    def takes(self, alarm: AlarmFacts, wanted: Wanted) -> bool:
        """Tell whether this step tells of an alarm; one whose rule may not pop up does so only for who names that rule."""
        shown = self.channel != "web" or alarm.popup or alarm.rule_code in wanted.rules
        return alarm.level <= self.level and shown


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nobody wants to be told, by the city's clock, over midnight when `last` is the earlier.

    Alarms of `level` and more urgent ones come through; 0 = none.
    """

    first: str
    last: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody subscribes to. `most_per_10_min` bounds the messages of each step; what is over waits and comes as one.

    With `quality` the first step also tells of quality alarms, of the companies that `wanted` names (none = all).
    """

    name: str
    steps: tuple[Step, ...]
    wanted: Wanted = Wanted()
    quiet: QuietHours | None = None
    enabled: bool = True
    most_per_10_min: int = 10
    lang: Lang = "zh"
    quality: bool = False

    def __post_init__(self) -> None:
        """Check it.

        Raises
        ------
        BadNotice
            When a part makes no sense.
        """
        _check(self)

    def as_json(self) -> dict[str, Any]:
        """Return it as `subscription_from_json` reads it."""
        wanted = {name: list(getattr(self.wanted, name)) for name in Wanted.__slots__}
        steps = [{name: getattr(step, name) for name in Step.__slots__} for step in self.steps]
        quiet = None if self.quiet is None else {name: getattr(self.quiet, name) for name in QuietHours.__slots__}
        plain = {"name": self.name, "enabled": self.enabled, "most_per_10_min": self.most_per_10_min, "lang": self.lang}
        plain["quality"] = self.quality
        return plain | {"wanted": wanted, "steps": steps, "quiet": quiet}


def subscription_from_json(given: Mapping[str, Any]) -> Subscription:
    """Read a subscription.

    Raises
    ------
    BadNotice
        When a part makes no sense.
    """
    wanted = Wanted(**{name: tuple(value) for name, value in (given.get("wanted") or {}).items()})
    quiet = None if given.get("quiet") is None else QuietHours(**given["quiet"])
    steps = tuple(Step(**step) for step in given["steps"])
    plain = {name: given[name] for name in ("enabled", "most_per_10_min", "lang", "quality") if name in given}
    return Subscription(name=given["name"], steps=steps, wanted=wanted, quiet=quiet, **plain)


def _check(subscription: Subscription) -> None:
    name = subscription.name
    if not name.strip():
        raise BadNotice("name is empty; it must say what the subscription is for")
    if not 1 <= len(subscription.steps) <= MAX_STEPS:
        raise BadNotice(f"{name}: there are {len(subscription.steps)} steps; a subscription has 1 to {MAX_STEPS}")
    if not 1 <= subscription.most_per_10_min <= 100:
        raise BadNotice(f"{name}: most_per_10_min is {subscription.most_per_10_min}; it must be 1 to 100")
    _check_wanted(name, subscription.wanted)
    before = -1.0
    for number, step in enumerate(subscription.steps, 1):
        _check_step(f"{name}, step {number}", step)
        if number == 1 and step.after_min != 0:
            raise BadNotice(f"{name}, step 1: after_min is {step.after_min:g}; the first step comes at once, 0")
        if step.after_min <= before:
            raise BadNotice(
                f"{name}, step {number}: after_min is {step.after_min:g}; it must be more than {before:g} of the one before"
            )
        before = step.after_min
    if subscription.quiet is not None:
        _check_quiet(name, subscription.quiet)


def _check_wanted(name: str, wanted: Wanted) -> None:
    for part in Wanted.__slots__:
        if len(getattr(wanted, part)) > MAX_NAMED:
            raise BadNotice(f"{name}: {part} names {len(getattr(wanted, part))}; at most {MAX_NAMED} can be named")
    for group in wanted.groups:
        if group not in GROUPS:
            raise BadNotice(f"{name}: there is no group {group!r}; groups are {', '.join(GROUPS)}")
    for level in wanted.levels:
        if level not in _LEVELS:
            raise BadNotice(f"{name}: level is {level}; levels are 1 (highest), 2, 3")


def _check_step(name: str, step: Step) -> None:
    if step.channel not in CHANNELS:
        raise BadNotice(f"{name}: there is no channel {step.channel!r}; channels are {', '.join(CHANNELS)}")
    if not 0 <= step.after_min <= MAX_AFTER_MIN:
        raise BadNotice(f"{name}: after_min is {step.after_min:g}; it must be 0 to {MAX_AFTER_MIN:g}")
    if step.level not in _LEVELS:
        raise BadNotice(f"{name}: level is {step.level}; levels are 1 (highest), 2, 3")
    if step.format not in FORMATS or step.digest not in DIGESTS:
        raise BadNotice(f"{name}: format {step.format!r}, digest {step.digest!r}; right are {FORMATS} and {DIGESTS}")
    outside = step.channel in {"webhook", "email"}
    if outside != bool(step.to):
        raise BadNotice(
            f"{name}: a {step.channel} step {'needs' if outside else 'has no'} address in to; it is {step.to[:100]!r}"
        )
    if outside and step.seat_id is not None:
        raise BadNotice(f"{name}: a {step.channel} step goes to an address, not to seat {step.seat_id}")
    if step.secret and step.channel != "webhook":
        raise BadNotice(f"{name}: only a webhook is signed; a {step.channel} step has no secret")


def _check_quiet(name: str, quiet: QuietHours) -> None:
    for text in (quiet.first, quiet.last):
        if not _CLOCK.fullmatch(text):
            raise BadNotice(f"{name}: quiet hours hold {text!r}; times are HH:MM by the city's clock")
    if quiet.first == quiet.last:
        raise BadNotice(
            f"{name}: quiet hours from {quiet.first} to {quiet.last} have no length; switch the subscription off instead"
        )
    if quiet.level not in (0, *_LEVELS):
        raise BadNotice(
            f"{name}: level of the quiet hours is {quiet.level}; 0 = none comes through, 1 to 3 = that level and above"
        )


DEFAULT_SUBSCRIPTION: Final = Subscription("全员弹窗", (Step("web"),), most_per_10_min=30)
"""What every seat is shown that has no web subscription of its own: all alarms it may see whose rule may pop up."""
