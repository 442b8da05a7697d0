"""Orders begin: kept once for their causes, and told; a run of facts by one statement each way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.ticketing.domain.acting import Surroundings
from services.ticketing.domain.dispatch import Dispatch, decide_dispatch
from services.ticketing.handlers.record import tell
from services.ticketing.handlers.tell import Cause, Caused
from services.ticketing.store import beginnings, calendars
from services.ticketing.store.beginnings import Wanted
from services.ticketing.store.customers import Customer
from shared.database import UnitOfWork
from shared.events.event import CustomerEvent

Asked = TypeVar("Asked", bound=CustomerEvent)


@dataclass(frozen=True)
class Opening:
    """What an order begins with, beside the fact that asks for it."""

    customer: Customer | None
    serial: int


async def dispatch(
    asked: Iterable[tuple[Wanted, Asked]],
    case: Callable[[Asked, Opening], Dispatch],
    uow: UnitOfWork,
) -> None:
    """Keep and tell an order for each fact; one that is there already stays as it is."""
    first: dict[UUID, tuple[Wanted, Asked]] = {}
    for wanted, told in asked:
        first.setdefault(wanted.order_id, (wanted, told))
    steps: list[Caused] = []
    grounds = await beginnings.grounds(uow.connection, [wanted for wanted, _ in first.values()])
    for ground in grounds:
        _, told = first[ground.order_id]
        begun = case(told, Opening(ground.customer, ground.serial))
        around = Surroundings(calendar=calendars.calendar_of(begun.county), guard=ground.guard)
        cause = Cause(str(told.event_id), told.event_type)
        steps.append(Caused(decide_dispatch(begun, around), cause))
    if steps:
        kept = await beginnings.begin(uow.connection, [step.move for step in steps])
        await tell([step for step in steps if step.move.order.order_id in kept], uow)
