"""Who may do what in alerts: a part of the one policy table (shared/policy.py)."""

from shared.policies.scope import Operations

OPERATIONS: Operations = {}
