"""Who may follow a causal chain, in any service: a part of the one policy table."""

from collections.abc import Mapping

from shared.identity import Role
from shared.policies.scope import Operations, Scope

# A chain crosses counties and names no person; whoever reads it answers for the whole province.
_FOLLOWING_CHAINS: Mapping[Role, Scope] = {
    Role.AUDITOR: Scope.PROVINCE,
    Role.PLATFORM_ENGINEER: Scope.PROVINCE,
}

OPERATIONS: Operations = {"readLinks": _FOLLOWING_CHAINS, "listLinks": _FOLLOWING_CHAINS}
HISTORIES: Operations = {"readHistory": _FOLLOWING_CHAINS}
