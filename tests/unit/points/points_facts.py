"""One valid fact or rule, and whatever differs."""

from datetime import UTC, date, datetime
from uuid import uuid4

from services.points.domain.programme import Programme, Programmes
from shared.events.billing import BillIssued, LotsOpened
from shared.events.event import EventId

PROGRAMME = Programme(code="standard", version=1, valid_from=date(1999, 12, 1))
PROGRAMMES = Programmes((PROGRAMME,))


def a_bill(**differs: object) -> BillIssued:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "bill/B1",
        "at": datetime(2026, 3, 1, 2, tzinfo=UTC),
        "customer_id": 7,
        "county": "990101",
        "bill_id": "B1",
        "month": "2026-02",
        "amount_fen": 12_345,
    }
    return BillIssued.model_validate(fields | differs)


def opening_lots(**differs: object) -> LotsOpened:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": "customer/7",
        "at": datetime(2026, 2, 27, tzinfo=UTC),
        "customer_id": 7,
        "county": "990101",
        "programme": "standard",
        "cohort": 2025,
        "granted": 5_000,
        "spent": 1_200,
    }
    return LotsOpened.model_validate(fields | differs)
