"""What customers agreed to on the telephone, and the calls in which they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.domain.outcome import Disposition, Result
from shared.errors import NotFound


@dataclass(frozen=True)
class Contact:
    """One call, whatever came of it."""

    contact_id: UUID
    customer_id: int
    task_id: UUID
    grant_id: UUID | None
    disposition: Disposition
    result: Result | None
    reached: bool
    inbound: bool
    manager: str
    note: str | None
    at: datetime


_INSERT_CONTACT = text("""
    INSERT INTO contact (contact_id, customer_id, task_id, grant_id, disposition, result, reached,
                         inbound, manager, note, at)
    VALUES (:contact_id, :customer_id, :task_id, :grant_id, :disposition, :result, :reached,
            :inbound, :manager, :note, :at)
""")


async def insert_contact(connection: AsyncConnection, contact: Contact) -> None:
    await connection.execute(_INSERT_CONTACT, vars(contact))


_CONTACTS = text("""
    SELECT contact_id, customer_id, task_id, grant_id, disposition, result, reached, inbound,
           manager, note, at
    FROM contact WHERE customer_id = :customer ORDER BY at DESC, contact_id LIMIT :rows
""")


async def contacts_of(
    connection: AsyncConnection, customer_id: int, rows: int
) -> Sequence[Contact]:
    """The calls with a customer, newest first."""
    found = await connection.execute(_CONTACTS, {"customer": customer_id, "rows": rows})
    return [_contact({**row}) for row in found.mappings()]


def _contact(row: dict[str, Any]) -> Contact:
    result, disposition = row.pop("result"), Disposition(row.pop("disposition"))
    return Contact(disposition=disposition, result=Result(result) if result else None, **row)


@dataclass(frozen=True)
class Agreement:
    """A yes on the telephone."""

    agreement_id: UUID
    customer_id: int
    task_id: UUID
    order_type: str
    offer: str
    manager: str
    agreed_at: datetime
    withdrawn_at: datetime | None = None
    version: int = 1


_INSERT = text("""
    INSERT INTO agreement (agreement_id, customer_id, task_id, order_type, offer, manager,
                           agreed_at)
    VALUES (:agreement_id, :customer_id, :task_id, :order_type, :offer, :manager, :agreed_at)
""")


async def insert(connection: AsyncConnection, agreement: Agreement) -> None:
    await connection.execute(_INSERT, vars(agreement))


_COLUMNS = """agreement_id, customer_id, task_id, order_type, offer, manager, agreed_at,
    withdrawn_at, version"""

_LOCK = text(f"SELECT {_COLUMNS} FROM agreement WHERE agreement_id = :agreement FOR UPDATE")  # noqa: S608 - the columns are a constant.


async def locked(connection: AsyncConnection, agreement_id: UUID) -> Agreement:
    """The agreement, locked, if the caller's organisation may see it.

    Raises:
        NotFound: there is none, or it is another county's; the answer does not tell which.
    """
    row = (await connection.execute(_LOCK, {"agreement": agreement_id})).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No agreement {agreement_id}")
    return Agreement(**row)


_WITHDRAW = text(f"""
    UPDATE agreement SET withdrawn_at = :at, version = version + 1
    WHERE agreement_id = :agreement RETURNING {_COLUMNS}
""")  # noqa: S608 - the columns are a constant.


async def withdraw(connection: AsyncConnection, agreement_id: UUID, at: datetime) -> Agreement:
    row = await connection.execute(_WITHDRAW, {"agreement": agreement_id, "at": at})
    return Agreement(**row.mappings().one())


_OF_CUSTOMER = text(f"""
    SELECT {_COLUMNS} FROM agreement WHERE customer_id = :customer
    ORDER BY agreed_at DESC, agreement_id LIMIT :rows
""")  # noqa: S608 - the columns are a constant.


async def of_customer(
    connection: AsyncConnection, customer_id: int, rows: int
) -> Sequence[Agreement]:
    found = await connection.execute(_OF_CUSTOMER, {"customer": customer_id, "rows": rows})
    return [Agreement(**row) for row in found.mappings()]
