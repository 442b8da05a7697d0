"""An order that begins and a guard that comes to stand, at the same moment."""

import asyncio

import pytest
from doorway_parts import comes_to
from order_parts import Office, Ticketing
from ticketing_facts import a_customer, a_portability, an_agreement, at

from services.ticketing.domain.dispatch import order_id_of
from services.ticketing.handlers.on_portability_applied import on_portability_applied
from services.ticketing.handlers.on_renewals_agreed import on_renewals_agreed
from shared.database import unit_of_work

WAITING = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"


async def somebody_waits(ticketing: Ticketing) -> None:
    """Until one transaction waits for another, which is soon or never."""

    async def waiting() -> bool:
        return bool((await ticketing.rows(WAITING))[0][0])

    await comes_to(waiting, wanted=True)


@pytest.mark.requirement("XC-20")
async def test_an_order_that_begins_while_its_customer_ports_is_cancelled(
    ticketing: Ticketing,
) -> None:
    agreed = an_agreement(a_customer())
    async with unit_of_work(ticketing.worker) as uow:
        await on_renewals_agreed([agreed], uow)
        applied = asyncio.create_task(ticketing.handle(a_portability(agreed.customer_id)))
        await somebody_waits(ticketing)
    await applied

    assert await ticketing.state(order_id_of(str(agreed.agreement_id))) == "cancelled"


@pytest.mark.requirement("XC-20")
async def test_a_customer_who_ports_while_an_order_begins_gets_none(
    ticketing: Ticketing,
) -> None:
    agreed = an_agreement(a_customer())
    async with unit_of_work(ticketing.worker) as uow:
        await on_portability_applied(a_portability(agreed.customer_id), uow)
        dispatched = asyncio.create_task(ticketing.handle(agreed))
        await somebody_waits(ticketing)
    await dispatched

    assert await ticketing.state(order_id_of(str(agreed.agreement_id))) == "cancelled"


@pytest.mark.requirement("XC-20")
async def test_what_is_sent_back_while_the_customer_ports_is_cancelled_or_refused(
    ticketing: Ticketing, office: Office
) -> None:
    agreed = an_agreement(a_customer())
    order_id = await ticketing.dispatched(agreed)
    await office.completed(order_id)
    async with unit_of_work(ticketing.worker) as uow:
        await on_portability_applied(a_portability(agreed.customer_id, when=at(27, 15)), uow)
        asked = asyncio.create_task(office.dispatcher.asks(order_id, "send-back", note="?"))
        await somebody_waits(ticketing)
    refused = await asked

    assert (refused.status_code, refused.json()["code"]) == (409, "portability-applied")
    assert await ticketing.state(order_id) == "to_verify"
