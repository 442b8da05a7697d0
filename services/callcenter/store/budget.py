"""The contact budget: one row per customer, locked by whoever decides about a contact."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.domain.gate import Guard, OpenGrant, Standing
from shared.events.customers import CustomerStatus, PortabilityState

_LOCK = text("""
    INSERT INTO contact_budget AS b (customer_id) VALUES (:customer)
    ON CONFLICT (customer_id) DO UPDATE SET version = b.version + 1
""")

# A second statement: the first one's snapshot is older than what it waited for.
_STANDING = text("""
    SELECT b.reached_at, b.frozen_until, c.county, p.manager, c.status,
           g.portability, g.do_not_call, g.allowed,
           o.grant_id, o.priority, o.valid_until,
           EXISTS (SELECT FROM task t WHERE t.grant_id = o.grant_id AND t.state = 'open'
                   AND t.accepted_at IS NOT NULL AND t.held_until > clock_timestamp()) AS in_call,
           (SELECT max(t.not_before) FROM task t
            WHERE t.customer_id = b.customer_id AND t.state = 'open' AND t.kind = 'contact'
              AND t.call_back_at IS NOT NULL) AS promised_at
    FROM contact_budget b
    LEFT JOIN customer c USING (customer_id)
    LEFT JOIN guard g USING (customer_id)
    LEFT JOIN portfolio p USING (customer_id)
    LEFT JOIN contact_grant o ON o.grant_id = b.open_grant_id
    WHERE b.customer_id = :customer
""")


@dataclass(frozen=True)
class Locked:
    """A customer's standing, which nobody else changes until this transaction ends."""

    customer_id: int
    standing: Standing
    county: str | None  # None before the first profile
    manager: str | None

    @property
    def known(self) -> bool:
        return self.county is not None


async def lock(connection: AsyncConnection, customer_id: int) -> Locked:
    """Lock first, then read; everything about a customer's contacts waits here."""
    await connection.execute(_LOCK, {"customer": customer_id})
    row = (await connection.execute(_STANDING, {"customer": customer_id})).one()
    return Locked(
        customer_id,
        county=row.county,
        manager=row.manager,
        standing=Standing(
            guard=_guard(row),
            reached_at=row.reached_at,
            frozen_until=row.frozen_until,
            open_grant=_open_grant(row),
            promised_at=row.promised_at,
        ),
    )


def _guard(row: Row[tuple[object, ...]]) -> Guard:
    """Who applied to port may be known before the profile is."""
    return Guard(
        portability=PortabilityState(row.portability or PortabilityState.NONE),
        do_not_call=bool(row.do_not_call),
        allowed=row.allowed is not False,
        status=CustomerStatus(row.status or CustomerStatus.ACTIVE),
    )


def _open_grant(row: Row[tuple[object, ...]]) -> OpenGrant | None:
    if row.grant_id is None:
        return None
    return OpenGrant(row.grant_id, row.priority, row.valid_until, in_call=row.in_call)


_OPEN = text("UPDATE contact_budget SET open_grant_id = :grant WHERE customer_id = :customer")


async def set_open_grant(
    connection: AsyncConnection, customer_id: int, grant_id: UUID | None
) -> None:
    await connection.execute(_OPEN, {"customer": customer_id, "grant": grant_id})


_REACHED = text("""
    UPDATE contact_budget
    SET reached_at = greatest(reached_at, CAST(:at AS timestamptz)),
        open_grant_id = nullif(open_grant_id, CAST(:grant AS uuid))
    WHERE customer_id = :customer
""")


async def count_contact(
    connection: AsyncConnection, customer_id: int, grant_id: UUID, *, at: datetime
) -> None:
    """The customer was reached by this grant: the cap runs from here."""
    await connection.execute(_REACHED, {"customer": customer_id, "grant": grant_id, "at": at})


_FREEZE = text("UPDATE contact_budget SET frozen_until = :until WHERE customer_id = :customer")


async def freeze(connection: AsyncConnection, customer_id: int, until: datetime) -> None:
    await connection.execute(_FREEZE, {"customer": customer_id, "until": until})
