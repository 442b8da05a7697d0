"""The dispatcher on duty: answers branches, opens results, verifies or sends back (TK-04)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from holdfast.simulation.gateway import Json
from holdfast.simulation.people.habits import is_sent_back
from holdfast.simulation.people.person import Person


@dataclass
class Dispatcher:
    person: Person
    sent_back: set[str] = field(default_factory=set[str])

    async def work(self) -> None:
        await self.person.work(self.once)

    async def once(self) -> bool:
        await self._each("waiting_dispatcher", self._answer)
        await self._each("to_verify", self._judge)
        return False

    async def _each(self, state: str, see_to: Callable[[Json], Awaitable[None]]) -> None:
        async for order in self.person.gateway.items("/ticketing/v1/orders", state=state):
            await see_to(order)

    async def _answer(self, order: Json) -> None:
        await self._act(order, "answer", {"note": "as in the offer's sheet"})

    async def _judge(self, order: Json) -> None:
        """A result is sent back once at most; then it stands."""
        order_id = str(order["order_id"])
        opened = await self._act(order, "open", {})
        if not opened:
            return
        if order_id not in self.sent_back and is_sent_back(order):
            self.sent_back.add(order_id)
            await self._act(opened, "send-back", {"note": "the contract's number is missing"})
        else:
            await self._act(opened, "verify", {})

    async def _act(self, order: Json, act: str, body: Json) -> Json | None:
        path = f"/ticketing/v1/orders/{order['order_id']}/{act}"
        reply = await self.person.act(path, body, etag=f'"{order["version"]}"')
        return reply.body if reply.done else None
