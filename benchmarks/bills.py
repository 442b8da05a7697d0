"""Bills as billing sends them: a month's, of random customers; every one of them earns."""

import secrets
from datetime import datetime
from uuid import uuid4

from shared.events.billing import BillIssued
from shared.events.event import EventId

CUSTOMERS = 200_000


def bills(count: int, *, at: datetime) -> list[BillIssued]:
    return [
        BillIssued(
            event_id=EventId(uuid4()),
            subject="bill",
            at=at,
            customer_id=1 + secrets.randbelow(CUSTOMERS),
            county="990101",
            bill_id=secrets.token_hex(8),
            month=f"{at:%Y-%m}",
            amount_fen=100 + secrets.randbelow(30_000),
        )
        for _ in range(count)
    ]
