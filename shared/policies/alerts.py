"""Who may do what in alerts: a part of the one policy table (shared/policy.py)."""

from collections.abc import Mapping

from shared.identity import Role
from shared.policies.scope import Operations, Scope

# Numbers come from mediation alone; an engineer may help out with a file or a new source.
_SENDING_USAGE: Mapping[Role, Scope] = {
    Role.MEDIATION: Scope.PROVINCE,
    Role.PLATFORM_ENGINEER: Scope.PROVINCE,
}

OPERATIONS: Operations = {
    "takeUsage": _SENDING_USAGE,
    "tellHeartbeat": _SENDING_USAGE,
    "registerSource": _SENDING_USAGE,
}
