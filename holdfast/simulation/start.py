"""From the command to the first live record: each part's seconds beside its budget."""

import time
from collections.abc import Callable, Mapping

from rich.table import Table

STACK, SCHEMAS = "stack", "topics and migrations"
OPENING, FIRST_RECORD = "opening records", "first live record"
# Of a warm start with 50,000 customers on two cores: packages, jars and class archive are there.
BUDGET_SECONDS = {STACK: 12, SCHEMAS: 8, OPENING: 30, FIRST_RECORD: 10}
_PART_OF_STEP = {
    "Kafka and PostgreSQL": STACK,
    "roles, migrations, clock": SCHEMAS,
    "topics": SCHEMAS,
    "workers and web": STACK,
}

Show = Callable[[Table], None]


class Start:
    """A watch that is read when a part is over, and shown once, with the last."""

    def __init__(self, steps: Mapping[str, float], show: Show) -> None:
        """Begin behind the steps of `up`; none if the stack was up already."""
        self._show = show
        self.seconds = dict.fromkeys(BUDGET_SECONDS, 0.0)
        for step, seconds in steps.items():
            self.seconds[_PART_OF_STEP[step]] += seconds
        self._since = time.monotonic()

    def opened(self) -> None:
        """The opening records are in the books, or as far as somebody waited for that."""
        self._over(OPENING)

    def first_record(self) -> None:
        """The first call record was taken."""
        self._over(FIRST_RECORD)
        self._show(self._table())

    def _over(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part] += now - self._since
        self._since = now

    def _table(self) -> Table:
        table = Table("from the start to the first live record", "seconds", "budget")
        for part, budget in BUDGET_SECONDS.items():
            table.add_row(part, f"{self.seconds[part]:.1f}", str(budget))
        table.add_section()
        whole = sum(BUDGET_SECONDS.values())
        table.add_row("all of it", f"{sum(self.seconds.values()):.1f}", str(whole))
        return table
