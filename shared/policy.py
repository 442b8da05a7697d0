"""The one policy table: role × operation × organisation.

An operation that is not in the table does not start; a row without an operation fails the
architecture tests. Row-level security enforces the organisation a second time, in the database.
Each service's rows stand in shared/policies/.
"""

from collections.abc import Mapping

from shared.errors import Forbidden
from shared.identity import Caller, Role
from shared.policies import alerts, callcenter, links, points, ticketing
from shared.policies.scope import Operations, Scope

__all__ = ["POLICY", "Operations", "Role", "Scope", "visible_organisation"]

POLICY: Mapping[str, Operations] = {
    "alerts": {**alerts.OPERATIONS, **links.OPERATIONS, **links.HISTORIES},
    "callcenter": {**callcenter.OPERATIONS, **links.OPERATIONS, **links.HISTORIES},
    "points": {**points.OPERATIONS, **links.OPERATIONS},
    "ticketing": {**ticketing.OPERATIONS, **links.OPERATIONS, **links.HISTORIES},
}


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
