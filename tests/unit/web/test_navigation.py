"""Everybody begins at their own work and sees no entry that leads nowhere."""

import pytest

from shared.identity import Role
from shared.web.pages.navigation import (
    BUILT,
    ENTRIES_MAX,
    NAVIGATION,
    ROLE_NAMES,
    entries_for,
    ranked,
    start_page,
)

MACHINES = {Role.BOSS, Role.MEDIATION}
EVERYTHING = frozenset(entry.path for entries in NAVIGATION.values() for entry in entries)


def test_every_role_of_a_person_has_a_name_and_entries() -> None:
    assert set(NAVIGATION) == set(ROLE_NAMES) == set(Role) - MACHINES
    assert all(NAVIGATION.values())


@pytest.mark.parametrize("role", NAVIGATION)
def test_a_role_has_no_more_entries_than_the_bar_holds(role: Role) -> None:
    assert len(NAVIGATION[role]) <= ENTRIES_MAX
    assert entries_for({role}, EVERYTHING) == list(NAVIGATION[role])


def test_a_page_that_does_not_exist_has_no_entry() -> None:
    assert entries_for({Role.MANAGER}, frozenset()) == []
    assert start_page({Role.MANAGER}, frozenset()) == "/me"
    shown = entries_for({Role.MANAGER}, frozenset({"/callcenter/callbacks"}))
    assert [entry.name for entry in shown] == ["Call-backs"]
    assert {"/me"} <= BUILT


def test_several_roles_get_the_union_and_begin_where_the_uppermost_does() -> None:
    roles = {Role.STORE_CLERK, Role.COUNTY_CLERK, Role.BOSS}

    assert ranked(roles) == [Role.COUNTY_CLERK, Role.STORE_CLERK]
    assert start_page(roles, EVERYTHING) == "/ticketing/orders?county=mine&open=1"
    paths = [entry.path for entry in entries_for(roles, EVERYTHING)]
    assert len(paths) == len(set(paths)) == 4


def test_a_machine_has_no_pages() -> None:
    assert entries_for({Role.MEDIATION}, EVERYTHING) == []
