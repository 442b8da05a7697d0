"""What the schema of ticketing itself promises, whatever the code does."""

from uuid import UUID

import asyncpg
import pytest
from order_parts import Ticketing
from ticketing_facts import a_customer, a_portability, an_agreement

from services.ticketing.domain.lost_reasons import LostReason
from services.ticketing.domain.states import OrderType, State

# Tables of the trade that belong to no customer, beside those that every schema has.
WITHOUT_CUSTOMER = {"calendar_version", "lost_reason", "withdrawn_agreement"}


async def order_of(ticketing: Ticketing) -> UUID:
    return await ticketing.dispatched(an_agreement(a_customer()))


@pytest.mark.requirement("TK-12")
async def test_the_schema_names_every_reason_that_the_code_knows(ticketing: Ticketing) -> None:
    rows = await ticketing.rows("SELECT code FROM lost_reason ORDER BY rank")

    assert [row[0] for row in rows] == list(LostReason)


@pytest.mark.parametrize(("column", "known"), [("state", State), ("order_type", OrderType)])
async def test_the_schema_knows_every_state_and_type(
    ticketing: Ticketing, column: str, known: type[State | OrderType]
) -> None:
    rows = await ticketing.rows(
        """SELECT pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conname = 'work_order_' || CAST($1 AS text) || '_check'""",
        column,
    )

    assert all(f"'{code}'" in rows[0][0] for code in known)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'to_verify'",
        "state = 'waiting_dispatcher'",
        "result = 'lost'",
        "state = 'to_verify', result = 'saved', completed_by = 'li', verified_by = 'li'",
        "lost_reason = 'rain'",
        "calendar_version = 'none'",
    ],
)
async def test_an_order_that_contradicts_itself_is_refused(
    ticketing: Ticketing, change: str
) -> None:
    order_id = await order_of(ticketing)
    connection = await asyncpg.connect(ticketing.urls["worker"])
    try:
        with pytest.raises(asyncpg.PostgresError, match="violates"):
            await connection.execute(
                f"UPDATE work_order SET {change} WHERE order_id = $1",  # noqa: S608 - of this test.
                order_id,
            )
    finally:
        await connection.close()


async def test_every_table_of_customers_is_secured_by_row(ticketing: Ticketing) -> None:
    rows = await ticketing.rows(
        """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'ticketing' AND c.relkind = 'r' AND EXISTS (
               SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
               AND a.attname IN ('customer_id', 'order_id'))"""
    )
    secured = {row[0]: row[1] for row in rows}

    assert secured.keys() >= {"work_order", "work_order_event", "deadline", "follow_up", "guard"}
    assert {table for table, safe in secured.items() if not safe} <= WITHOUT_CUSTOMER


@pytest.mark.parametrize("table", ["withdrawn_agreement", "order_number"])
async def test_the_web_role_reaches_nothing_that_it_does_not_need(
    ticketing: Ticketing, table: str
) -> None:
    await ticketing.handle(a_portability(a_customer()))
    connection = await asyncpg.connect(ticketing.urls["web"])
    try:
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await connection.fetch(f"SELECT * FROM {table}")  # noqa: S608 - of this test.
    finally:
        await connection.close()
