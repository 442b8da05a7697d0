"""Who may do what in points: a part of the one policy table (shared/policy.py)."""

from collections.abc import Mapping

from shared.identity import Role
from shared.policies.scope import Operations, Scope

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

# Sums, no persons: whoever answers for members or for the programme.
_WATCHING: Mapping[Role, Scope] = {
    Role.RETENTION_OWNER: Scope.COUNTY,
    Role.DISPATCHER: Scope.CITY,
    Role.GROUP_DEPARTMENT: Scope.CITY,
    Role.SUPERVISOR: Scope.CITY,
    Role.POINTS_OPERATOR: Scope.PROVINCE,
    Role.AUDITOR: Scope.PROVINCE,
    Role.PLATFORM_ENGINEER: Scope.PROVINCE,
}

OPERATIONS: Operations = {
    "readFigures": _WATCHING,
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
