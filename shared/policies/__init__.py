"""The policy table's parts, one a service."""
