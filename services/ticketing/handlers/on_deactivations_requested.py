"""People stand at a counter and want to leave: counter orders, due today (TK-08 to TK-10)."""

from collections.abc import Sequence

from services.ticketing.domain.dispatch import (
    Dispatch,
    counter_order_id_of,
    county_of_store,
    department_of,
)
from services.ticketing.domain.follow_up import TIER_BONUS
from services.ticketing.domain.order import Brief, Work, order_number
from services.ticketing.domain.states import OrderType
from services.ticketing.handlers.dispatch import Opening, dispatch
from services.ticketing.store.beginnings import Wanted
from shared.database import UnitOfWork
from shared.events.customers import Tier
from shared.events.touchpoints import DeactivationRequested

CRITICAL = 80  # nobody at a counter waits behind another order (contracts §5)


async def on_deactivations_requested(
    told: Sequence[DeactivationRequested], uow: UnitOfWork
) -> None:
    """One order a request, in the county of the store where the customer stands."""
    await dispatch([(_wanted(asked), asked) for asked in told], _counter_case, uow)


def _wanted(asked: DeactivationRequested) -> Wanted:
    return Wanted(counter_order_id_of(asked.customer_id, asked.request_id), asked.customer_id)


def _counter_case(asked: DeactivationRequested, opening: Opening) -> Dispatch:
    county = county_of_store(asked.store, asked.county)
    customer = opening.customer
    tier = customer.tier if customer else Tier.NONE
    brief = Brief(
        order_id=counter_order_id_of(asked.customer_id, asked.request_id),
        number=order_number(asked.at, opening.serial),
        customer_id=asked.customer_id,
        order_type=OrderType.COUNTER_RETENTION,
        cause=asked.request_id,
        cause_event=asked.event_id,
        copy_to=department_of(county),
        tier=tier,
        priority=CRITICAL + TIER_BONUS[tier],
        dispatched_at=asked.at,
        manager=customer.manager if customer else None,
        store=asked.store,
    )
    # The store that received the customer first stays responsible (TK-15).
    work = Work(first_receiver=asked.store, leaving_reason=asked.reason, handler=asked.handler)
    return Dispatch(brief, county=county, started_at=asked.at, work=work)
