"""Seats: what an organisation sees and a role may change."""

from __future__ import annotations

import pytest

from twin.errors import BadSeat, NotPermitted
from twin.seats import PERMISSIONS, ROLES, Organisation, permissions_of, require_permission, role_of, scope_of

CITY = Organisation("office", "city", 1)
EVERY_CITY = Organisation("office", "city")
DISTRICT = Organisation("Nanguan", "district", 1, 40)
COMPANY = Organisation("Heat Co", "company", 1, 7)


def test_a_city_office_sees_everything_of_its_city_and_nothing_of_another() -> None:
    scope = scope_of(CITY, "dispatcher")
    assert (scope.cities, scope.areas, scope.company_ids, scope.layers) == ((1,), None, None, None)


def test_an_office_of_all_cities_sees_all_cities() -> None:
    assert scope_of(EVERY_CITY, "viewer").cities is None


def test_a_company_sees_its_own_assets_in_its_own_city() -> None:
    scope = scope_of(COMPANY, "company")
    assert (scope.cities, scope.areas, scope.company_ids) == ((1,), None, (7,))


def test_a_district_sees_what_lies_in_it() -> None:
    scope = scope_of(DISTRICT, "viewer")
    assert (scope.cities, scope.areas, scope.company_ids) == ((1,), (40,), None)


@pytest.mark.parametrize(("role", "personal"), [("viewer", False), ("planner", False), ("dispatcher", True)])
def test_phones_are_shown_to_the_roles_that_call_people(role: str, personal: bool) -> None:
    assert scope_of(CITY, role_of(role)).personal is personal


@pytest.mark.parametrize(
    ("organisation", "role"),
    [
        (CITY, "company"),
        (COMPANY, "administrator"),
        (Organisation("Heat Co", "company", 1), "company"),
        (Organisation("Heat Co", "company", None, 7), "company"),
        (Organisation("Nanguan", "district"), "viewer"),
        (Organisation("office", "city", 1, 7), "viewer"),
    ],
)
def test_a_seat_that_would_see_too_much_cannot_exist(organisation: Organisation, role: str) -> None:
    with pytest.raises(BadSeat):
        scope_of(organisation, role_of(role))


def test_an_unknown_role_is_refused_by_name() -> None:
    with pytest.raises(BadSeat, match=r"'boss'.*administrator"):
        role_of("boss")


def test_the_administrator_may_do_everything_and_the_viewer_nothing() -> None:
    assert permissions_of("administrator") == PERMISSIONS
    assert permissions_of("viewer") == frozenset()


def test_every_permission_is_held_by_some_role_besides_the_administrator_or_is_his_alone() -> None:
    shared = set().union(*(permissions_of(role) for role in ROLES if role != "administrator"))
    assert PERMISSIONS - shared == {"import_data", "manage_seats", "set_retention"}


def test_a_refusal_names_the_roles_that_may() -> None:
    with pytest.raises(
        NotPermitted, match=r"'viewer' may not acknowledge alarms; roles that may: dispatcher, company, administrator"
    ):
        require_permission(permissions_of("viewer"), "acknowledge_alarms", role="viewer")
