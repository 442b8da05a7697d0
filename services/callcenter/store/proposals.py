"""Proposals with their answers, and the grants that some of them became."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.domain.gate import Because, Proposal
from shared.events.customers import Tier


@dataclass(frozen=True)
class Proposed:
    """A proposal as it came, and what was answered."""

    customer_id: int
    proposal_id: str
    attempt: int
    source: str
    cause_id: str
    cause_type: str
    county: str
    reason: str
    about: str
    priority: int
    tier: Tier
    not_before: datetime | None
    valid_until: datetime
    proposed_at: datetime
    state: str = "waiting"
    because: str | None = None
    again_at: datetime | None = None
    grant_id: UUID | None = None

    @property
    def key(self) -> str:
        """What ids of its effects derive from: the same proposal, however often it is sent."""
        return f"proposal/{self.customer_id}/{self.proposal_id}/{self.attempt}"

    @property
    def asked(self) -> Proposal:
        return Proposal(
            self.proposal_id, self.attempt, self.priority, self.valid_until, self.not_before
        )


_COLUMNS = """customer_id, proposal_id, attempt, source, cause_id, cause_type, county, reason,
    about, priority, tier, not_before, valid_until, proposed_at, state, because, again_at, grant_id
"""

_SEEN = text("""
    SELECT EXISTS (SELECT FROM proposal
        WHERE customer_id = :customer AND proposal_id = :proposal AND attempt = :attempt)
""")


async def seen(connection: AsyncConnection, proposed: Proposed) -> bool:
    """Whether this very attempt came before; the customer's budget is locked."""
    asked = {
        "customer": proposed.customer_id,
        "proposal": proposed.proposal_id,
        "attempt": proposed.attempt,
    }
    found: bool = (await connection.execute(_SEEN, asked)).scalar_one()
    return found


_KEEP = f"""
    INSERT INTO proposal ({_COLUMNS})
    VALUES (:customer_id, :proposal_id, :attempt, :source, :cause_id, :cause_type, :county, :reason,
            :about, :priority, :tier, :not_before, :valid_until, :proposed_at, :state, :because,
            :again_at, :grant_id)
    ON CONFLICT (customer_id, proposal_id, attempt) DO UPDATE
    SET state = excluded.state, because = excluded.because, again_at = excluded.again_at,
        grant_id = excluded.grant_id
"""  # noqa: S608 - the columns are a constant.
_KEEP_IT = text(_KEEP)


async def keep(connection: AsyncConnection, proposed: Proposed) -> None:
    """Write a proposal with its answer; one that waited gets its answer now."""
    await connection.execute(_KEEP_IT, vars(proposed))


# A grant's three rows in one round trip: contract expiries come by the thousand.
_KEEP_GRANTED = text(f"""
    WITH kept AS ({_KEEP}), granted AS (
        INSERT INTO contact_grant (grant_id, customer_id, proposal_id, source, priority, state,
                                   granted_at, valid_until)
        VALUES (:grant_id, :customer_id, :proposal_id, :source, :priority, 'open', :granted_at,
                :valid_until)
    )
    UPDATE contact_budget SET open_grant_id = :grant_id WHERE customer_id = :customer_id
""")  # noqa: S608 - as above.


async def keep_granted(
    connection: AsyncConnection, proposed: Proposed, granted_at: datetime
) -> None:
    """Write a proposal that became a grant, the grant, and the budget that it takes."""
    await connection.execute(_KEEP_GRANTED, vars(proposed) | {"granted_at": granted_at})


_WAITING = text(f"""
    SELECT {_COLUMNS} FROM proposal
    WHERE customer_id = ANY(CAST(:ids AS bigint[])) AND state = 'waiting'
    ORDER BY customer_id, proposed_at, proposal_id
""")  # noqa: S608 - the columns are a constant.


async def waiting(connection: AsyncConnection, customers: Sequence[int]) -> list[Proposed]:
    """What overtook the profiles of these customers; whoever answers it holds their budgets."""
    rows = await connection.execute(_WAITING, {"ids": customers})
    return [_proposed({**row}) for row in rows.mappings()]


_BY_ID = text(f"""
    SELECT {_COLUMNS} FROM proposal WHERE proposal_id = :id ORDER BY customer_id, attempt LIMIT 20
""")  # noqa: S608 - the columns are a constant.


async def by_id(connection: AsyncConnection, proposal_id: str) -> list[Proposed]:
    rows = await connection.execute(_BY_ID, {"id": proposal_id})
    return [_proposed({**row}) for row in rows.mappings()]


def _proposed(row: dict[str, Any]) -> Proposed:
    return Proposed(tier=Tier(row.pop("tier")), **row)


_REACHED = text("UPDATE contact_grant SET state = 'reached' WHERE grant_id = :grant")
_END = text("""
    UPDATE contact_grant SET state = 'ended', ended_by = :by
    WHERE grant_id = :grant AND state = 'open'
""")


async def grant_reached(connection: AsyncConnection, grant_id: UUID) -> None:
    await connection.execute(_REACHED, {"grant": grant_id})


async def grant_ended(connection: AsyncConnection, grant_id: UUID, by: Because | str) -> None:
    """It ends without a contact; `by` is a reason, or the proposal that was stronger."""
    await connection.execute(_END, {"grant": grant_id, "by": by})
