"""Agreements that were withdrawn, whether or not their order was there yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WITHDRAW = text("""
    INSERT INTO withdrawn_agreement (agreement_id, customer_id, withdrawn_at)
    VALUES (:agreement, :customer, :at) ON CONFLICT DO NOTHING
""")


async def withdraw(
    connection: AsyncConnection, agreement_id: UUID, *, customer_id: int, at: datetime
) -> None:
    await connection.execute(
        _WITHDRAW, {"agreement": agreement_id, "customer": customer_id, "at": at}
    )
