"""The one policy table: role × operation × organisation.

An operation that is not in the table does not start; a row without an operation fails the
architecture tests. Row-level security enforces the organisation a second time, in the database.
"""

from collections.abc import Mapping
from enum import IntEnum

from shared.errors import Forbidden
from shared.identity import Caller, Role

__all__ = ["POLICY", "Operations", "Role", "Scope", "visible_organisation"]


class Scope(IntEnum):
    """How far a role sees: so many digits of the caller's own organisation code.

    A caller whose code is shorter sees what lies below it: a city's dispatcher sees the counties
    of that city, whatever the scope says.
    """

    PROVINCE = 2
    CITY = 4
    COUNTY = 6
    STORE = 9


Operations = Mapping[str, Mapping[Role, Scope]]
"""Operation id → who may, and how far. A role that is not named is refused."""

# Whoever talks to a member may say what the member has; a manager for the own county's members.
_LOOKING_POINTS_UP: Mapping[Role, Scope] = {
    Role.COUNTY_CLERK: Scope.COUNTY,
    Role.STORE_CLERK: Scope.COUNTY,
    Role.MANAGER: Scope.COUNTY,
    Role.PART_TIME_MANAGER: Scope.COUNTY,
    Role.GROUP_LEAD: Scope.COUNTY,
    Role.HOTLINE_AGENT: Scope.CITY,
    Role.RETENTION_OWNER: Scope.CITY,
    Role.SUPERVISOR: Scope.CITY,
    Role.POINTS_OPERATOR: Scope.PROVINCE,
    Role.AUDITOR: Scope.PROVINCE,
    Role.BOSS: Scope.PROVINCE,
}

_POINTS: Operations = {
    "readBalance": _LOOKING_POINTS_UP,
    "readStatement": _LOOKING_POINTS_UP,
    "readRedemption": _LOOKING_POINTS_UP,
    "redeemPoints": {
        Role.COUNTY_CLERK: Scope.COUNTY,
        Role.STORE_CLERK: Scope.COUNTY,
        Role.MANAGER: Scope.COUNTY,
        Role.HOTLINE_AGENT: Scope.CITY,
        Role.POINTS_OPERATOR: Scope.PROVINCE,
    },
    # Who sold over the telephone does not take back over the telephone.
    "reverseRedemption": {
        Role.COUNTY_CLERK: Scope.COUNTY,
        Role.STORE_CLERK: Scope.COUNTY,
        Role.POINTS_OPERATOR: Scope.PROVINCE,
    },
}

POLICY: Mapping[str, Operations] = {"points": _POINTS}


def visible_organisation(caller: Caller, allowed: Mapping[Role, Scope]) -> str:
    """The organisation code below which this caller may act in this operation.

    With several roles the widest counts.

    Raises:
        Forbidden: none of the caller's roles may.
    """
    scopes = [allowed[role] for role in caller.roles if role in allowed]
    if not scopes:
        raise Forbidden(f"This needs one of the roles {', '.join(sorted(allowed))}")
    return caller.organisation[: min(scopes)]
