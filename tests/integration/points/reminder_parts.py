"""What the tests of reminders hold in their hands: members, polls, callcenter's answers."""

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from ledger_parts import Ledger, a_profile, opening_lots

from services.points.domain.programme import day_begins
from services.points.handlers.on_contact_declined import on_contact_declined
from services.points.handlers.on_contact_granted import on_contact_granted
from services.points.handlers.on_contact_recorded import on_contact_recorded
from services.points.handlers.plan_reminders import plan_reminders
from services.points.handlers.propose_reminders import propose_reminders
from shared.database import UnitOfWork, unit_of_work
from shared.events.callcenter import ContactDeclined, ContactGranted, ContactRecorded
from shared.events.customers import Tier
from shared.events.event import EventId

T60, T30 = date(2026, 3, 1), date(2026, 3, 31)
FIRST = day_begins(T60)

Poll = Callable[[datetime, UnitOfWork], Awaitable[int]]


async def poll(ledger: Ledger, poll: Poll, now: datetime) -> int:
    """As the worker does: at once again while something was due."""
    handled = 0
    while True:
        async with unit_of_work(ledger.worker) as uow:
            found = await poll(now, uow)
        if not found:
            return handled
        handled += found


async def remind(ledger: Ledger, now: datetime) -> None:
    await poll(ledger, plan_reminders, now)
    await poll(ledger, propose_reminders, now)


async def members(
    ledger: Ledger, first: int, count: int, *, tier: Tier = Tier.SILVER, points: int = 4_000
) -> None:
    for customer in range(first, first + count):
        await ledger.profile(a_profile(customer, tier=tier))
    await ledger.openings(
        [opening_lots(c, granted=points, spent=0) for c in range(first, first + count)]
    )


async def states(ledger: Ledger) -> dict[str, int]:
    rows = await ledger.rows("SELECT state, count(*) FROM reminder GROUP BY state")
    return {row["state"]: row["count"] for row in rows}


async def told(ledger: Ledger, event_type: str) -> list[Any]:
    """Headers and fields of what leaves, in order."""
    rows = await ledger.rows(
        "SELECT headers, value FROM outbox WHERE headers->>'ce_type' = $1 ORDER BY id", event_type
    )
    return [json.loads(row["headers"]) | json.loads(row["value"]) for row in rows]


async def the_proposal(ledger: Ledger) -> tuple[int, str]:
    """One member's reminder, proposed: who, and by which id."""
    await members(ledger, 7, 1)
    await remind(ledger, FIRST)
    [proposed] = await told(ledger, "points.contact_proposed.v1")
    return int(proposed["customer_id"]), proposed["proposal_id"]


def an_answer(customer: int, at: datetime = FIRST) -> dict[str, Any]:
    return {
        "event_id": EventId(uuid4()),
        "subject": "proposal",
        "at": at,
        "customer_id": customer,
        "county": "990101",
    }


async def granted(ledger: Ledger, customer: int, proposal_id: str) -> UUID:
    grant = uuid4()
    async with unit_of_work(ledger.worker) as uow:
        await on_contact_granted(
            ContactGranted(**an_answer(customer), proposal_id=proposal_id, grant_id=grant), uow
        )
    return grant


async def declined(
    ledger: Ledger, customer: int, proposal_id: str, again_at: datetime | None
) -> None:
    fact = ContactDeclined(
        **an_answer(customer), proposal_id=proposal_id, because="cap", again_at=again_at
    )
    async with unit_of_work(ledger.worker) as uow:
        await on_contact_declined(fact, uow)


async def recorded(ledger: Ledger, customer: int, grant: UUID, *, reached: bool) -> None:
    fact = ContactRecorded(
        **an_answer(customer),
        task_id=uuid4(),
        grant_id=grant,
        disposition=3 if reached else 4,
        reached=reached,
        inbound=False,
        manager="manager-01",
    )
    async with unit_of_work(ledger.worker) as uow:
        await on_contact_recorded(fact, uow)


# Members of no tier, so many that a poll which reads them all is noticed.
_MANY_LOTS = """
    INSERT INTO lot (customer_id, programme, cohort, clears_on, granted, version, reminds_on)
    SELECT n, 'standard', 2025, '2026-04-30', 1, 1, '2026-03-01' FROM generate_series(1, {count}) n;
    INSERT INTO customer SELECT n, '990101', 'none', 'active', 1 FROM generate_series(1, {count}) n;
    ANALYZE lot;
    ANALYZE customer;
"""


async def many_lots(ledger: Ledger, count: int) -> None:
    async with ledger.connected("superuser") as root:
        await root.execute(_MANY_LOTS.format(count=count))
