"""Who may do what in ticketing: a part of the one policy table (shared/policy.py)."""

from collections.abc import Mapping

from shared.identity import Role
from shared.policies.scope import Operations, Scope

# Everybody involved sees how an order stands (TK-22); a branch only its own county's.
_LOOKING: Mapping[Role, Scope] = {
    Role.COUNTY_CLERK: Scope.COUNTY,
    Role.STORE_CLERK: Scope.COUNTY,
    Role.RETENTION_OWNER: Scope.COUNTY,
    Role.MANAGER: Scope.COUNTY,
    Role.PART_TIME_MANAGER: Scope.COUNTY,
    Role.GROUP_LEAD: Scope.COUNTY,
    Role.HOTLINE_AGENT: Scope.CITY,
    Role.DISPATCHER: Scope.CITY,
    Role.GROUP_DEPARTMENT: Scope.CITY,
    Role.SUPERVISOR: Scope.CITY,
    Role.AUDITOR: Scope.PROVINCE,
}

_BRANCH: Mapping[Role, Scope] = {
    Role.COUNTY_CLERK: Scope.COUNTY,
    Role.STORE_CLERK: Scope.COUNTY,
    Role.RETENTION_OWNER: Scope.COUNTY,
}

_DISPATCHING: Mapping[Role, Scope] = {Role.DISPATCHER: Scope.CITY}

_COUNTING: Mapping[Role, Scope] = {**_LOOKING, Role.PLATFORM_ENGINEER: Scope.PROVINCE}

OPERATIONS: Operations = {
    "readOrders": _LOOKING,
    "readOrder": _LOOKING,
    "readLostReasons": _LOOKING,
    "readFigures": _COUNTING,
    "readDeliveries": _COUNTING,
    "sendDeliveryAgain": {**_DISPATCHING, Role.PLATFORM_ENGINEER: Scope.PROVINCE},
    "acceptOrder": _BRANCH,
    "returnOrder": _BRANCH,
    "completeOrder": _BRANCH,
    "withdrawCompletion": _BRANCH,
    "answerOrder": _DISPATCHING,
    "redispatchOrder": _DISPATCHING,
    "openOrder": _DISPATCHING,
    "verifyOrder": _DISPATCHING,
    "sendBackOrder": _DISPATCHING,
    "reopenOrder": _DISPATCHING,
    "cancelOrder": _DISPATCHING,
}
