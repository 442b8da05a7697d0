"""Who may do what in alerts: a part of the one policy table (shared/policy.py)."""

from collections.abc import Mapping

from shared.identity import Role
from shared.policies.scope import Operations, Scope

# Numbers come from mediation alone; an engineer may help out with a file or a new source.
_SENDING_USAGE: Mapping[Role, Scope] = {
    Role.MEDIATION: Scope.PROVINCE,
    Role.PLATFORM_ENGINEER: Scope.PROVINCE,
}

# Whoever acts on a signal sees it: managers those of their county, supervisors of their city.
_READING_SIGNALS: Mapping[Role, Scope] = {
    Role.COUNTY_CLERK: Scope.COUNTY,
    Role.STORE_CLERK: Scope.COUNTY,
    Role.MANAGER: Scope.COUNTY,
    Role.PART_TIME_MANAGER: Scope.COUNTY,
    Role.GROUP_LEAD: Scope.COUNTY,
    Role.HOTLINE_AGENT: Scope.CITY,
    Role.RETENTION_OWNER: Scope.CITY,
    Role.DISPATCHER: Scope.CITY,
    Role.GROUP_DEPARTMENT: Scope.CITY,
    Role.SUPERVISOR: Scope.CITY,
    Role.RULE_AUTHOR: Scope.PROVINCE,
    Role.AUDITOR: Scope.PROVINCE,
    Role.PLATFORM_ENGINEER: Scope.PROVINCE,
}

OPERATIONS: Operations = {
    "takeUsage": _SENDING_USAGE,
    "tellHeartbeat": _SENDING_USAGE,
    "registerSource": _SENDING_USAGE,
    "listEpisodes": _READING_SIGNALS,
    "readEpisode": _READING_SIGNALS,
    "listRules": _READING_SIGNALS,
    "readFigures": _READING_SIGNALS,
}
