"""County clerks: accept an order, see to it, say what came of it; one in twenty late (TK-03)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.simulation.gateway import Json
from holdfast.simulation.people.habits import is_late, is_lost, is_returned, number_of
from holdfast.simulation.people.person import Person

WORK_MINUTES = (40.0, 150.0)
COUNTER_MINUTES = (10.0, 40.0)
# The second escalation is one working hour after the breach; who is late is later than that.
LATE_BY = timedelta(minutes=90)
LOST_REASONS = {  # KP-10, after the improvement; the rest is `other`
    "left_area": 0.3434,
    "left_employer": 0.2331,
    "other_network": 0.2176,
    "other": 0.2059,
}
COUNTER = "counter_retention"
IN_PROGRESS = "in_progress"
WITH_BRANCH = ("new", "sent_back", IN_PROGRESS)


@dataclass
class Clerk:
    """One of `peers` clerks of a county; every order is one's own by its number."""

    person: Person
    place: int
    peers: int

    async def work(self) -> None:
        await self.person.work(self.once)

    async def once(self) -> bool:
        """All orders that are due to be touched; answers False, for looking again is enough."""
        async for order in self.person.gateway.items("/ticketing/v1/orders", state=WITH_BRANCH):
            if not self._is_mine(order):
                continue
            if order["state"] != IN_PROGRESS:
                await self._accept(order)
            elif self.person.now() >= self.done_at(order):
                await self._complete(order)
        return False

    def _is_mine(self, order: Json) -> bool:
        return number_of(order) % self.peers == self.place

    async def _accept(self, order: Json) -> None:
        path = f"/ticketing/v1/orders/{order['order_id']}"
        if order["return_reason"] is None and is_returned(order):
            wish = {"reason": "need_information", "note": "the customer asks which handset"}
            await self.person.act(f"{path}/return", wish, etag=_etag(order))
        else:
            await self.person.act(f"{path}/accept", etag=_etag(order))

    def done_at(self, order: Json) -> datetime:
        """When the work on it ends; what was sent back before is not late a second time."""
        since = datetime.fromisoformat(order["moved_at"])
        low, high = COUNTER_MINUTES if order["order_type"] == COUNTER else WORK_MINUTES
        minutes = self.person.temper.minutes(order["order_id"], low, high)
        done = since + timedelta(minutes=minutes)
        if is_late(order) and order["completed_at"] is None:
            due = datetime.fromisoformat(order["due_at"])
            return max(done, self.person.calendar.add_working_time(due, LATE_BY))
        return done

    async def _complete(self, order: Json) -> None:
        temper, order_id = self.person.temper, order["order_id"]
        body: dict[str, str] = {"result": "saved"}
        if is_lost(order):
            reason = temper.pick(f"lost/{order_id}", LOST_REASONS)
            body = {"result": "lost", "lost_reason": reason, "note": "asked at the counter"}
        if order["order_type"] == COUNTER:
            body |= {
                "leaving_reason": order["leaving_reason"] or "moving away",
                "handler": order["handler"] or "holder",
            }
        path = f"/ticketing/v1/orders/{order_id}/complete"
        await self.person.act(path, body, etag=_etag(order))


def _etag(order: Json) -> str:
    return f'"{order["version"]}"'
