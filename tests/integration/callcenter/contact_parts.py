"""What the tests of callcenter hold in their hands: a database, facts that go in, a clock."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from services.callcenter.agents import AGENTS
from shared.clock import Clock, ClockFollower, Segment
from shared.database import unit_of_work
from shared.events.alerts import AlertsContactProposed
from shared.events.contact import ContactProposed
from shared.events.customers import CustomerProfile, Tier
from shared.events.event import Event, EventId
from shared.events.points import PointsContactProposed
from shared.events.ticketing import TicketingContactProposed
from shared.events.touchpoints import DeactivationRequested, PortabilityApplied
from shared.stream import Each, Run
from shared.working_calendar import ZONE

AsRole = Callable[..., dict[str, str]]
"""Headers of a caller, as the fixture `as_role` makes them."""

FRIDAY_MORNING = datetime(2026, 2, 27, 10, tzinfo=ZONE)
"""A working day at ten, where the trade is; the clock of these tests stands there."""

OWNER = "manager-01"


def _fact(customer_id: int, subject: str, **differs: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "event_id": EventId(uuid4()),
        "subject": subject,
        "at": FRIDAY_MORNING,
        "customer_id": customer_id,
        "county": "990101",
    }
    return fields | differs


def a_profile(customer_id: int, **differs: object) -> CustomerProfile:
    fields: dict[str, object] = {
        "sequence": 1,
        "tier": Tier.GOLD,
        "plan": "5G-128",
        "status_at": FRIDAY_MORNING - timedelta(days=90),
        "consent_at": FRIDAY_MORNING - timedelta(days=90),
        "first_manager": OWNER,
    }
    return CustomerProfile.model_validate(_fact(customer_id, "customer") | fields | differs)


def _proposed(customer_id: int, **differs: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "proposal_id": str(uuid4()),
        "attempt": 1,
        "reason": "AL-01",
        "about": "episode/1",
        "priority": 68,
        "tier": Tier.GOLD,
        "valid_until": FRIDAY_MORNING + timedelta(days=5),
    }
    return _fact(customer_id, "proposal") | fields | differs


def a_plunge(customer_id: int, **differs: object) -> AlertsContactProposed:
    """alerts proposes: the bill plunged (major, 60; gold 8)."""
    return AlertsContactProposed.model_validate(_proposed(customer_id, **differs))


def a_reminder(customer_id: int, **differs: object) -> PointsContactProposed:
    """points proposes: a clearing reminder (20; gold 8)."""
    own: dict[str, object] = {"reason": "PT-17", "about": "lot/1", "priority": 28}
    return PointsContactProposed.model_validate(_proposed(customer_id, **own | differs))


def a_follow_up(customer_id: int, **differs: object) -> TicketingContactProposed:
    """ticketing proposes: an order lacks data (45; gold 8)."""
    own: dict[str, object] = {"reason": "need_information", "about": "order/1", "priority": 53}
    return TicketingContactProposed.model_validate(_proposed(customer_id, **own | differs))


def at_the_counter(customer_id: int, **differs: object) -> DeactivationRequested:
    fields: dict[str, object] = {
        "request_id": f"Q{uuid4()}",
        "store": "990101001",
        "channel": "store",
    }
    return DeactivationRequested.model_validate(_fact(customer_id, "request") | fields | differs)


def an_application(customer_id: int, **differs: object) -> PortabilityApplied:
    fields: dict[str, object] = {"reference": "NP-1"}
    return PortabilityApplied.model_validate(_fact(customer_id, "port") | fields | differs)


@dataclass(frozen=True)
class Centre:
    """One migrated database; `worker` is the stream side's engine, `urls` name every role's."""

    urls: dict[str, str]
    worker: AsyncEngine

    async def handle(self, *events: Event) -> None:
        """Each fact in a transaction of its own, by the handler that is listed for it."""
        for event in events:
            async with unit_of_work(self.worker) as uow:
                match AGENTS[type(event)]:
                    case Each(handler):
                        await handler(event, uow)
                    case Run(handler):
                        await handler([event], uow)

    async def granted(self, customer_id: int, *events: ContactProposed) -> int:
        """A customer known here, for whom these were proposed; answers the customer's id."""
        await self.handle(a_profile(customer_id), *(events or (a_plunge(customer_id),)))
        return customer_id

    async def rows(self, query: str, *values: object) -> list[Any]:
        """What the schema's owner sees: everything."""
        async with self.connected() as connection:
            return await connection.fetch(query, *values)

    async def value(self, query: str, *values: object) -> Any:  # noqa: ANN401 - of any column.
        async with self.connected() as connection:
            return await connection.fetchval(query, *values)

    async def told(self, customer_id: int) -> list[tuple[str, dict[str, Any]]]:
        """What left for a customer, in order: the fact's name and its body."""
        rows = await self.rows(
            """
            SELECT headers ->> 'ce_type' AS type, convert_from(value, 'UTF8') AS value
            FROM outbox WHERE key = $1 ORDER BY id
            """,
            str(customer_id),
        )
        return [(row["type"].split(".")[1], json.loads(row["value"])) for row in rows]

    async def answers(self, customer_id: int) -> dict[str, str]:
        """By source of the proposal: its answer, and of a grant how it stands."""
        rows = await self.rows(
            """
            SELECT p.source, concat_ws('/', coalesce(p.because, p.state), g.state) AS answer
            FROM proposal p LEFT JOIN contact_grant g USING (grant_id)
            WHERE p.customer_id = $1
            """,
            customer_id,
        )
        return {row["source"]: row["answer"] for row in rows}

    async def task_of(self, customer_id: int, **where: str) -> Any:  # noqa: ANN401 - asyncpg's row.
        """The newest task of a customer."""
        kind = where.get("kind", "contact")
        [task] = await self.rows(
            """SELECT * FROM task WHERE customer_id = $1 AND kind = $2
               ORDER BY opened_at DESC, state = 'open' DESC LIMIT 1""",
            customer_id,
            kind,
        )
        return task

    async def in_machine_time(self, seconds: float) -> None:
        """Let reservations and leases run down: what ends by the database's clock ends earlier."""
        await self.rows(
            """
            UPDATE task SET held_until = held_until - make_interval(secs => $1),
                owner_until = owner_until - make_interval(secs => $1)
            WHERE state = 'open'
            """,
            seconds,
        )

    @asynccontextmanager
    async def connected(self, role: str = "migrate") -> AsyncGenerator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.urls[role])
        try:
            yield connection
        finally:
            await connection.close()


@dataclass(frozen=True)
class Desk:
    """The API, with a clock that a test moves."""

    client: httpx2.AsyncClient
    follower: ClockFollower
    as_role: AsRole
    centre: Centre

    async def at(self, moment: datetime) -> None:
        """Business time stands at `moment` from here on, in this process and in the database."""
        async with self.centre.connected("superuser") as connection:
            await connection.execute("UPDATE holdfast.clock_segment SET business_from = $1", moment)
        begun = datetime(2020, 1, 1, tzinfo=UTC)
        self.follower.clock = Clock([Segment(begun, moment.astimezone(UTC), 0.0)])

    async def post(
        self,
        path: str,
        body: object = None,
        *,
        by: str = OWNER,
        **caller: Any,  # noqa: ANN401 - what `as_role` takes.
    ) -> httpx2.Response:
        headers = self.as_role(by=by, **caller)
        answer = await self.client.post(path, json=body, headers=headers)
        while answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            # Overloaded: come again, as the answer says; the key makes that safe.
            answer = await self.client.post(path, json=body, headers=headers)
        return answer

    async def get(self, path: str, *, by: str = OWNER, **caller: Any) -> httpx2.Response:  # noqa: ANN401 - as above.
        headers = self.as_role(by=by, **caller)
        answer = await self.client.get(path, headers=headers)
        while answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            answer = await self.client.get(path, headers=headers)
        return answer

    async def called(self, *, by: str = OWNER, **caller: Any) -> str:  # noqa: ANN401
        """The next task, accepted; answers its path."""
        task = await self.post("/v1/tasks/next", by=by, **caller)
        assert task.status_code == 200, task.text
        path = f"/v1/tasks/{task.json()['task_id']}"
        accepted = await self.post(f"{path}/accept", by=by, **caller)
        assert accepted.status_code == 200, accepted.text
        return path
