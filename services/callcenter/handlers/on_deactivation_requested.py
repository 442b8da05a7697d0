"""A customer at a counter wants to leave: the own manager is asked at once (AL-04)."""

from services.callcenter.domain.gate import PORTING, Because
from services.callcenter.domain.priority import CRITICAL, with_tier
from services.callcenter.domain.task import COUNTER_VALID, Kind, NewTask
from services.callcenter.handlers.stop_contacts import stop_contacts
from services.callcenter.store import budget, customers, tasks
from services.callcenter.store.customers import Customer
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.events.customers import Tier
from shared.events.event import effect_id
from shared.events.touchpoints import DeactivationRequested


async def on_deactivation_requested(requested: DeactivationRequested, uow: UnitOfWork) -> None:
    """No grant is needed; a grant that is open gives way. Who ports is left alone (XC-20)."""
    locked = await budget.lock(uow.connection, requested.customer_id)
    if locked.standing.guard.portability in PORTING:
        return
    customer = await customers.find(uow.connection, requested.customer_id)
    if await tasks.insert(uow.connection, _task(requested, customer)):
        cause = Cause(str(requested.event_id), requested.event_type, requested.at)
        await stop_contacts(locked, requested.county, Because.COUNTER, cause=cause, uow=uow)


def _task(requested: DeactivationRequested, customer: Customer | None) -> NewTask:
    tier = customer.tier if customer else Tier.NONE
    key = f"counter/{requested.customer_id}/{requested.request_id}"
    return NewTask(
        task_id=effect_id(key, "callcenter.task"),
        customer_id=requested.customer_id,
        county=customer.county if customer else requested.county,
        kind=Kind.COUNTER,
        cause_id=str(requested.event_id),
        cause_type=requested.event_type,
        reason="deactivation_requested",
        about=f"request/{requested.request_id}",
        priority=with_tier(CRITICAL, tier),
        tier=tier,
        owner=customer.manager if customer else None,
        not_before=requested.at,
        valid_until=requested.at + COUNTER_VALID,
        opened_at=requested.at,
        request_id=requested.request_id,
    )
