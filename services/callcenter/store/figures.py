"""How many of what: proposals by answer, tasks by state, calls by disposition (KP-12, KP-22)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.callcenter.store.tasks import STATE


@dataclass(frozen=True)
class Count:
    """So many of one kind; `of` and `what` name it."""

    of: str
    what: str
    count: int


_PROPOSALS = text("""
    SELECT source AS of, coalesce(because, state) AS what, count(*) AS count FROM proposal
    GROUP BY 1, 2 ORDER BY 1, 2
""")
_TASKS = text(f"""
    SELECT t.kind AS of, {STATE} AS what, count(*) AS count FROM task t GROUP BY 1, 2 ORDER BY 1, 2
""")  # noqa: S608 - a constant.
_CONTACTS = text("""
    SELECT disposition::text AS of, coalesce(result, 'none') AS what, count(*) AS count
    FROM contact GROUP BY disposition, result ORDER BY disposition, result
""")
_AGREEMENTS = text("""
    SELECT order_type AS of, CASE WHEN withdrawn_at IS NULL THEN 'agreed' ELSE 'withdrawn' END
        AS what, count(*) AS count
    FROM agreement GROUP BY 1, 2 ORDER BY 1, 2
""")


async def proposals(connection: AsyncConnection) -> Sequence[Count]:
    """By who proposed, and the answer."""
    return [Count(**row) for row in (await connection.execute(_PROPOSALS)).mappings()]


async def tasks(connection: AsyncConnection) -> Sequence[Count]:
    """By kind, and state as of the database's clock."""
    return [Count(**row) for row in (await connection.execute(_TASKS)).mappings()]


async def contacts(connection: AsyncConnection) -> Sequence[Count]:
    """By disposition, and result."""
    return [Count(**row) for row in (await connection.execute(_CONTACTS)).mappings()]


async def agreements(connection: AsyncConnection) -> Sequence[Count]:
    """By kind of renewal, and whether it stands (KP-22's bindings)."""
    return [Count(**row) for row in (await connection.execute(_AGREEMENTS)).mappings()]


@dataclass(frozen=True)
class Reach:
    """Of outbound calls: how many customers were tried, reached, and kept (KP-12)."""

    calls: int
    calls_reached: int
    customers_called: int
    customers_reached: int
    customers_agreed: int
    inbound: int

    @property
    def contact_rate(self) -> float | None:
        """挽留率: customers reached of those called."""
        return self.customers_reached / self.customers_called if self.customers_called else None

    @property
    def success_rate(self) -> float | None:
        """挽留成功率: customers who agreed of those reached."""
        return self.customers_agreed / self.customers_reached if self.customers_reached else None


_REACH = text("""
    SELECT count(*) FILTER (WHERE NOT inbound) AS calls,
        count(*) FILTER (WHERE reached AND NOT inbound) AS calls_reached,
        count(DISTINCT customer_id) FILTER (WHERE NOT inbound) AS customers_called,
        count(DISTINCT customer_id) FILTER (WHERE reached AND NOT inbound) AS customers_reached,
        count(DISTINCT customer_id) FILTER (WHERE result = 'agreed' AND NOT inbound)
            AS customers_agreed,
        count(*) FILTER (WHERE inbound) AS inbound
    FROM contact
""")


async def reach(connection: AsyncConnection) -> Reach:
    return Reach(**(await connection.execute(_REACH)).mappings().one())


# Within seven days from one to the next, of different grants, neither a counter case: none, ever.
_CAP_BROKEN = text("""
    SELECT count(*) FROM contact a JOIN contact b USING (customer_id)
    WHERE a.reached AND b.reached AND a.grant_id <> b.grant_id AND a.at <= b.at
      AND b.at - a.at < interval '7 days'
""")


async def cap_broken(connection: AsyncConnection) -> int:
    """How often somebody was reached for a second contact within a week."""
    found: int = (await connection.execute(_CAP_BROKEN)).scalar_one()
    return found
