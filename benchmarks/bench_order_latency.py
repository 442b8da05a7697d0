"""A customer agreed, the order is committed, and its fact readable: 200 a second."""

import secrets
import sys
from datetime import UTC, datetime
from uuid import uuid4

from figures import Target
from latency import measure
from traffic import Pace

from shared.events.callcenter import OrderType, RenewalAgreed
from shared.events.customers import Tier
from shared.events.event import EventId
from shared.events.ticketing import WorkOrderDispatched

PACE = Pace(per_second=200, warm_up_seconds=5, seconds=20)


def an_agreement() -> RenewalAgreed:
    """Of a customer that nobody else has."""
    agreement_id = uuid4()
    at = datetime.now(UTC)
    return RenewalAgreed(
        event_id=EventId(uuid4()),
        subject=f"agreement/{agreement_id}",
        at=at,
        customer_id=1 + secrets.randbelow(2**63 - 1),
        county="990101",
        agreement_id=agreement_id,
        task_id=uuid4(),
        order_type=OrderType.THREE_G_TO_CONTRACT,
        offer="contract-24",
        agreed_at=at,
        manager="manager-01",
        tier=Tier.GOLD,
        priority=68,
    )


def main() -> bool:
    return measure(
        "ticketing",
        [an_agreement() for _ in range(PACE.facts)],
        PACE,
        effect=WorkOrderDispatched,
        figure="ticketing.agreement_to_fact.p99",
        target=Target(at_most=150),
    )


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
