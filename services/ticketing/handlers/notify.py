"""Branches are told of what happened to their orders: one delivery for each who can be reached."""

from collections.abc import Sequence

from services.ticketing.domain.notices import Notice, addressees, notice_of
from services.ticketing.handlers.tell import Caused
from services.ticketing.store import calendars, deliveries
from services.ticketing.store.deliveries import Outgoing
from shared.database import UnitOfWork
from shared.events.event import effect_id


async def notify(steps: Sequence[Caused], uow: UnitOfWork) -> None:
    """Keep the deliveries of these steps in the transaction that keeps the steps."""
    outgoing = [
        _outgoing(step, notice)
        for step in steps
        if (notice := notice_of(step.move, calendars.calendar_of(step.move.order.county)))
    ]
    if outgoing:
        await deliveries.insert(uow.connection, outgoing)


def _outgoing(step: Caused, notice: Notice) -> Outgoing:
    """A replay of the cause repeats the ids."""
    ids = [
        (
            to,
            effect_id(step.cause.id, f"delivery.{notice.kind}.{to.channel}.{to.unit}", step.number),
        )
        for to in addressees(notice)
    ]
    return Outgoing(notice, ids)
