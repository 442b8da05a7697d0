"""What brought something about: a fact, a timer, or somebody's request."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Cause:
    """Effects derive their ids from `id`; `by` names who asked, where somebody did."""

    id: str
    type: str
    at: datetime
    by: str = ""
