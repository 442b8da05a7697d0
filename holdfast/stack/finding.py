"""What a check found: which part, what is wrong, and what to type."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    part: str
    what: str
    remedy: str
    """A line for the shell; after it the same check finds nothing."""
