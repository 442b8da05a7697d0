"""How far a role sees, and the shape of a service's part of the policy table."""

from collections.abc import Mapping
from enum import IntEnum

from shared.identity import Role


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
