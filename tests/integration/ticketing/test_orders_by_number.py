"""An order is found by the number that people name on the telephone (`holdfast trace`)."""

from uuid import UUID

from order_parts import Office, Ticketing
from ticketing_facts import a_customer, an_agreement


async def test_an_order_is_found_by_its_number(ticketing: Ticketing, office: Office) -> None:
    order_id = await ticketing.dispatched(an_agreement(a_customer()))
    await ticketing.dispatched(an_agreement(a_customer()))
    number = (await office.clerk.sheet(order_id))["number"]

    page = await office.clerk.lists(number=number, limit=1)
    nothing = await office.clerk.lists(number="990101-000000")

    assert [UUID(item["order_id"]) for item in page["items"]] == [order_id]
    assert (page["next_cursor"], nothing["items"]) == (None, [])
