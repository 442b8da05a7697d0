"""What the tests of ticketing hold in their hands: a database, a clock, facts, people who act."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine
from ticketing_facts import CITY, DONGHU, FRIDAY, QINGSHI, at

from holdfast.tokens import Issuer, mint
from services.ticketing.agents import AGENTS
from services.ticketing.domain.dispatch import counter_order_id_of, order_id_of
from services.ticketing.handlers.poll_deadlines import poll_deadlines
from shared.batch_transaction import Run
from shared.clock import Clock, ClockFollower, Segment
from shared.database import unit_of_work
from shared.events.callcenter import RenewalAgreed
from shared.events.event import CustomerEvent
from shared.events.touchpoints import (
    DeactivationRequested,
)
from shared.identity import Caller, Role


class StandingClock(ClockFollower):
    """Business time as a test sets it; nothing is read and nothing followed."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.set(FRIDAY)

    def set(self, moment: datetime) -> None:
        self.clock = Clock((Segment(at(1, 0, month=1), moment, 0.0),))

    async def start(self) -> None:
        """There is nothing to read."""

    async def stop(self) -> None:
        """There is nothing to stop."""


@dataclass(frozen=True)
class Told:
    """A fact as it left through the outbox."""

    type: str
    sequence: int
    subject: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return self.type.removeprefix("ticketing.").removesuffix(".v1")


@dataclass(frozen=True)
class Ticketing:
    """One migrated database; `worker` is the stream side's engine."""

    urls: dict[str, str]
    worker: AsyncEngine

    async def handle(self, *facts: CustomerEvent) -> None:
        """Each fact in a transaction of its own, by the handler that the table names."""
        for fact in facts:
            agent = AGENTS[type(fact)]
            async with unit_of_work(self.worker) as uow:
                await agent.handler([fact] if isinstance(agent, Run) else fact, uow)

    async def handle_together(self, *facts: CustomerEvent) -> None:
        """Facts of one type as they come in one batch."""
        async with unit_of_work(self.worker) as uow:
            await AGENTS[type(facts[0])].handler(list(facts), uow)

    async def dispatched(self, agreed: RenewalAgreed) -> UUID:
        await self.handle(agreed)
        return order_id_of(str(agreed.agreement_id))

    async def requested(self, asked: DeactivationRequested) -> UUID:
        await self.handle(asked)
        return counter_order_id_of(asked.customer_id, asked.request_id)

    async def poll(self, now: datetime) -> int:
        """Let all that is due happen; how many rows there were."""
        handled = 0
        while True:
            async with unit_of_work(self.worker) as uow:
                more = await poll_deadlines(now, uow)
            handled += more
            if not more:
                return handled

    async def told(self, order_id: UUID) -> list[Told]:
        """What left about an order, in the order in which it left."""
        rows = await self.rows(
            "SELECT headers, value FROM outbox WHERE headers->>'ce_subject' = $1 ORDER BY id",
            f"order/{order_id}",
        )
        return [_told(json.loads(row[0]), row[1]) for row in rows]

    async def names_told(self, order_id: UUID) -> list[str]:
        return [fact.name for fact in await self.told(order_id)]

    async def history(self, order_id: UUID) -> list[str]:
        rows = await self.rows(
            "SELECT act FROM work_order_event WHERE order_id = $1 ORDER BY version", order_id
        )
        return [row[0] for row in rows]

    async def state(self, order_id: UUID) -> str | None:
        rows = await self.rows("SELECT state FROM work_order WHERE order_id = $1", order_id)
        return rows[0][0] if rows else None

    async def deadlines(self, order_id: UUID) -> dict[str, datetime]:
        """What the order will still bring about by itself, and when."""
        rows = await self.rows("SELECT kind, due_at FROM deadline WHERE order_id = $1", order_id)
        return {row[0]: row[1] for row in rows}

    async def rows(self, query: str, *values: object) -> list[Any]:
        """What the schema's owner sees: everything."""
        connection = await asyncpg.connect(self.urls["migrate"])
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()


def _told(headers: dict[str, str], value: bytes) -> Told:
    return Told(
        headers["ce_type"], int(headers["ce_sequence"]), headers["ce_subject"], json.loads(value)
    )


@dataclass(frozen=True)
class Person:
    """Somebody who works with orders over HTTP."""

    client: httpx2.AsyncClient
    issuer: Issuer
    subject: str
    role: Role
    organisation: str

    def headers(self, *, key: str = "", etag: str = "") -> dict[str, str]:
        caller = Caller(self.subject, self.subject, frozenset({self.role}), self.organisation)
        sent = {
            "Authorization": f"Bearer {mint(self.issuer, caller)}",
            "Idempotency-Key": key or secrets.token_hex(8),
        }
        return sent | ({"If-Match": etag} if etag else {})

    async def reads(self, order_id: UUID) -> httpx2.Response:
        return await self.client.get(f"/v1/orders/{order_id}", headers=self.headers())

    async def sheet(self, order_id: UUID) -> dict[str, Any]:
        answer = await self.reads(order_id)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def lists(self, **wanted: str | int | bool | list[str]) -> dict[str, Any]:
        answer = await self.client.get("/v1/orders", params=wanted, headers=self.headers())
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def asks(
        self, order_id: UUID, act: str, *, etag: str = "*", key: str = "", **body: str | None
    ) -> httpx2.Response:
        """An act; `etag` "*" acts on whatever version there is."""
        return await self.client.post(
            f"/v1/orders/{order_id}/{act}",
            json=body,
            headers=self.headers(key=key, etag=etag),
        )

    async def does(
        self, order_id: UUID, act: str, *, etag: str = "*", **body: str | None
    ) -> dict[str, Any]:
        answer = await self.asks(order_id, act, etag=etag, key="", **body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class Office:
    """The people of these tests, one API and one clock."""

    client: httpx2.AsyncClient
    issuer: Issuer
    clock: StandingClock
    clerk: Person = field(init=False)
    other_clerk: Person = field(init=False)
    qingshi_clerk: Person = field(init=False)
    dispatcher: Person = field(init=False)

    def __post_init__(self) -> None:
        self.clerk = self.person("clerk-990101-1", Role.COUNTY_CLERK, DONGHU)
        self.other_clerk = self.person("clerk-990101-2", Role.COUNTY_CLERK, DONGHU)
        self.qingshi_clerk = self.person("clerk-990102-1", Role.COUNTY_CLERK, QINGSHI)
        self.dispatcher = self.person("dispatcher-9901", Role.DISPATCHER, CITY)

    def person(self, subject: str, role: Role, organisation: str) -> Person:
        return Person(self.client, self.issuer, subject, role, organisation)

    async def completed(self, order_id: UUID, **body: str) -> None:
        """Accepted and completed by the clerk; saved unless `body` says otherwise."""
        await self.clerk.does(order_id, "accept")
        await self.clerk.does(order_id, "complete", etag="*", **({"result": "saved"} | body))
