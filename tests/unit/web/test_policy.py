"""The policy table: which roles, and how far each of them sees."""

import pytest

from shared.errors import Forbidden
from shared.identity import Caller, Role
from shared.policy import Scope, visible_organisation

ALLOWED = {
    Role.STORE_CLERK: Scope.COUNTY,
    Role.MANAGER: Scope.STORE,
    Role.HOTLINE_AGENT: Scope.PROVINCE,
    Role.DISPATCHER: Scope.CITY,
}


def _a_caller(*roles: Role, organisation: str) -> Caller:
    return Caller("wang", "王", frozenset(roles), organisation)


@pytest.mark.requirement("XC-01")
@pytest.mark.parametrize(
    ("role", "organisation", "visible"),
    [
        (Role.STORE_CLERK, "990101001", "990101"),
        (Role.MANAGER, "990101001", "990101001"),
        (Role.HOTLINE_AGENT, "990101001", "99"),
        (Role.DISPATCHER, "990101", "9901"),
        # Whoever stands above sees what lies below, not more.
        (Role.STORE_CLERK, "9901", "9901"),
    ],
)
def test_a_role_sees_as_far_as_its_scope(role: Role, organisation: str, visible: str) -> None:
    assert visible_organisation(_a_caller(role, organisation=organisation), ALLOWED) == visible


def test_of_several_roles_the_widest_counts() -> None:
    caller = _a_caller(Role.MANAGER, Role.HOTLINE_AGENT, organisation="990101001")
    assert visible_organisation(caller, ALLOWED) == "99"


def test_a_role_that_is_not_named_is_refused_and_told_which_are() -> None:
    with pytest.raises(Forbidden, match="store_clerk"):
        visible_organisation(_a_caller(Role.AUDITOR, organisation="99"), ALLOWED)


def test_a_caller_without_roles_is_refused() -> None:
    with pytest.raises(Forbidden):
        visible_organisation(_a_caller(organisation="99"), ALLOWED)
