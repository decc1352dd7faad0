"""Seats: a person in an organisation with a role, what they may see (`Scope`) and what they may do (permissions).

What a seat sees follows from its organisation, what it may change from its role. Both are computed here and nowhere
else, so that single sign-on can bring other persons later without touching a route.

    organisation   sees
    city           everything of its city (of all cities when it names none)
    district       the assets that lie in its district
    company        the assets it owns, and those without an owner

Reading needs no permission beyond the Scope; every change needs one of `PERMISSIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from twin.errors import BadSeat, NotPermitted
from twin.scope import Scope

Role: TypeAlias = Literal["viewer", "dispatcher", "planner", "company", "administrator"]
OrganisationType: TypeAlias = Literal["city", "district", "company"]
Permission: TypeAlias = Literal[
    "acknowledge_alarms",
    "edit_alarm_rules",
    "issue_warnings",
    "run_drills",
    "switch_valves",
    "send_readings",
    "register_sources",
    "plan",
    "propose_changes",
    "edit_archive",
    "review_archive",
    "decide_problems",
    "import_data",
    "manage_jobs",
    "set_retention",
    "set_quality_rules",
    "judge_quality",
    "answer_quality",
    "notify_outside",
    "manage_seats",
]

ROLES: tuple[Role, ...] = get_args(Role)
PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))

ROLE_NAMES_ZH: Mapping[Role, str] = {
    "viewer": "查看",
    "dispatcher": "调度员",
    "planner": "规划员",
    "company": "供热企业",
    "administrator": "管理员",
}

_PERMISSIONS_OF_ROLE: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset(),
    "dispatcher": frozenset(
        {
            "acknowledge_alarms",
            "issue_warnings",
            "run_drills",
            "switch_valves",
            "propose_changes",
            "judge_quality",
            "notify_outside",
        }
    ),
    "planner": frozenset(
        {
            "plan",
            "manage_jobs",
            "edit_alarm_rules",
            "run_drills",
            "propose_changes",
            "edit_archive",
            "review_archive",
            "decide_problems",
            "set_quality_rules",
            "judge_quality",
            "notify_outside",
        }
    ),
    "company": frozenset(
        {
            "acknowledge_alarms",
            "switch_valves",
            "send_readings",
            "register_sources",
            "propose_changes",
            "answer_quality",
            "notify_outside",
        }
    ),
    "administrator": PERMISSIONS,
}
_PERSONAL_ROLES: frozenset[Role] = frozenset({"dispatcher", "company", "administrator"})


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who a person works for (机构).

    Attributes
    ----------
    name
        Name as shown to people.
    type
        `city`, `district` or `company`.
    city_id
        City it belongs to; None = all cities of the deployment (only for type `city`).
    asset_id
        The district or company among the assets of the city; None for type `city`.
    """

    name: str
    type: OrganisationType
    city_id: int | None = None
    asset_id: int | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """One person in one organisation with one role (席位). `seat_id` is None for a program that has no row of its own."""

    seat_id: int | None
    person: str
    login: str
    organisation: Organisation
    role: Role
    demo: bool = False

    @property
    def label(self) -> str:
        """Name under which changes by this seat are recorded: person, organisation, login."""
        return f"{self.person} ({self.organisation.name}, {self.login})"


def role_of(text: str) -> Role:
    """Return the role of that name.

    Raises
    ------
    BadSeat
        When there is no such role.
    """
    for role in ROLES:
        if role == text:
            return role
    raise BadSeat(f"there is no role {text!r}; roles are {', '.join(ROLES)}")


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what a role may change."""
    return _PERMISSIONS_OF_ROLE[role]


def require_permission(permissions: frozenset[Permission], wanted: Permission, *, role: str) -> None:
    """Raise `NotPermitted` unless the permission is held; the message names the roles that hold it."""
    if wanted not in permissions:
        able = ", ".join(name for name in ROLES if wanted in _PERMISSIONS_OF_ROLE[name])
        raise NotPermitted(f"role {role!r} may not {wanted.replace('_', ' ')}; roles that may: {able}")


def scope_of(organisation: Organisation, role: Role) -> Scope:
    """Return what a seat of this organisation and role may read.

    Persons' names, phones and doors are shown to the roles that call people: dispatcher, company, administrator.

    Raises
    ------
    BadSeat
        When organisation and role cannot go together, or a district or company is not named.
    """
    check_organisation(organisation, role)
    cities = None if organisation.city_id is None else (organisation.city_id,)
    own = None if organisation.asset_id is None else (organisation.asset_id,)
    return Scope(
        cities=cities,
        areas=own if organisation.type == "district" else None,
        company_ids=own if organisation.type == "company" else None,
        personal=role in _PERSONAL_ROLES,
    )


def check_organisation(organisation: Organisation, role: Role) -> None:
    """Raise `BadSeat` when the parts of a seat do not fit together."""
    named = f"organisation {organisation.name!r} of type {organisation.type!r}"
    if role == "company" and organisation.type != "company":
        raise BadSeat(f"role 'company' needs an organisation of type 'company', not {named}")
    if role == "administrator" and organisation.type != "city":
        raise BadSeat(f"role 'administrator' needs an organisation of type 'city', not {named}")
    if organisation.type == "city":
        if organisation.asset_id is not None:
            raise BadSeat(f"{named} must not name an asset; it names {organisation.asset_id}")
    elif organisation.city_id is None or organisation.asset_id is None:
        # without its asset a company would see what nobody owns, and a district everything
        raise BadSeat(f"{named} must name its city and its asset")
