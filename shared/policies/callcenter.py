"""Who may do what in callcenter: a part of the one policy table (shared/policy.py)."""

from collections.abc import Mapping

from shared.identity import Role
from shared.policies.scope import Operations, Scope

_CALLING: Mapping[Role, Scope] = {
    Role.MANAGER: Scope.COUNTY,
    Role.PART_TIME_MANAGER: Scope.COUNTY,
    Role.GROUP_LEAD: Scope.COUNTY,
}

# Whoever serves a customer sees what was said to the customer before (CC-26).
_SERVING: Mapping[Role, Scope] = {
    **_CALLING,
    Role.COUNTY_CLERK: Scope.COUNTY,
    Role.STORE_CLERK: Scope.COUNTY,
    Role.RETENTION_OWNER: Scope.COUNTY,
    Role.HOTLINE_AGENT: Scope.CITY,
    Role.DISPATCHER: Scope.CITY,
    Role.GROUP_DEPARTMENT: Scope.CITY,
    Role.SUPERVISOR: Scope.CITY,
}

_WATCHING: Mapping[Role, Scope] = {
    **_CALLING,
    Role.RETENTION_OWNER: Scope.COUNTY,
    Role.GROUP_DEPARTMENT: Scope.CITY,
    Role.SUPERVISOR: Scope.CITY,
    Role.AUDITOR: Scope.PROVINCE,
    Role.PLATFORM_ENGINEER: Scope.PROVINCE,
}

OPERATIONS: Operations = {
    "listTasks": {**_WATCHING, Role.STORE_CLERK: Scope.COUNTY},
    "readTask": {**_WATCHING, Role.STORE_CLERK: Scope.COUNTY},
    "openTask": _CALLING,
    "reserveNextTask": _CALLING,
    "acceptTask": _CALLING,
    "keepTask": _CALLING,
    "recordResult": _CALLING,
    "recordInbound": {**_CALLING, Role.HOTLINE_AGENT: Scope.CITY},
    "withdrawAgreement": {**_CALLING, Role.HOTLINE_AGENT: Scope.CITY},
    "readCustomer": {**_SERVING, Role.AUDITOR: Scope.PROVINCE},
    "readProposal": _WATCHING,
    "readFigures": _WATCHING,
    "fillVault": {Role.BOSS: Scope.PROVINCE},
    "showCards": _SERVING,
    "searchVault": _SERVING,
    "revealPerson": _SERVING,
}
