"""A bill in, posted, and the fact about it readable: 2,000 a second, bill by bill."""

import sys
from datetime import UTC, datetime

from bills import bills
from figures import Target
from latency import measure
from traffic import Pace

from shared.events.points import PointsGranted

PACE = Pace(per_second=2_000, warm_up_seconds=5, seconds=20, linger_ms=5)


def main() -> bool:
    return measure(
        "points",
        bills(PACE.facts, at=datetime.now(UTC)),
        PACE,
        effect=PointsGranted,
        figure="points.bill_to_fact.p99",
        target=Target(at_most=400),
    )


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
