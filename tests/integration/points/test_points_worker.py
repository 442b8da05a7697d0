"""A reminder through the worker itself: its pollers propose, and callcenter's answer comes back."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from doorway_parts import Doorway, comes_to, customer_in, now, record_of

from services.points.domain.programme import business_day
from shared.events.callcenter import ContactGranted
from shared.events.event import EventId

_MEMBER = "INSERT INTO customer VALUES ($1, '990101', 'gold', 'active', 1)"
_LOT = """
    INSERT INTO lot (customer_id, programme, cohort, clears_on, reminds_on, granted, version)
    VALUES ($1, 'standard', 2025, $2, $3, 5000, 1)
"""
_REMINDER = "SELECT days, state FROM reminder WHERE customer_id = $1"
_PROPOSAL = "SELECT proposal_id FROM reminder WHERE customer_id = $1"


@pytest.mark.requirement("PT-17")
@pytest.mark.usefixtures("worker")
async def test_what_falls_due_is_proposed_and_the_answer_is_kept(doorway: Doorway) -> None:
    customer = customer_in(5)
    today = business_day(datetime.now(UTC))
    await doorway.execute(_MEMBER, customer)
    await doorway.execute(_LOT, customer, today + timedelta(days=20), today)
    await comes_to(lambda: doorway.rows(_REMINDER, customer), [(30, "proposed")])

    [(proposal_id,)] = await doorway.rows(_PROPOSAL, customer)
    granted = ContactGranted(
        event_id=EventId(uuid4()),
        subject="grant",
        at=now(),
        customer_id=customer,
        county="990101",
        proposal_id=proposal_id,
        grant_id=uuid4(),
    )
    await doorway.send(record_of(granted))
    await comes_to(lambda: doorway.rows(_REMINDER, customer), [(30, "granted")])
