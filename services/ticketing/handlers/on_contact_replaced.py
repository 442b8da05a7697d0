"""A stronger proposal took the place of the call about an order; the order says so."""

from dataclasses import replace

from services.ticketing.domain.follow_up import FollowUpState
from services.ticketing.domain.states import Act
from services.ticketing.handlers.note_answer import note_answer
from services.ticketing.store import follow_ups
from shared.database import UnitOfWork
from shared.events.callcenter import ContactReplaced


async def on_contact_replaced(replaced: ContactReplaced, uow: UnitOfWork) -> None:
    ours = await follow_ups.by_grant(uow.connection, replaced.grant_id)
    if ours is not None:
        answered = replace(ours, state=FollowUpState.REPLACED)
        await note_answer(answered, Act.CONTACT_REPLACED, replaced, uow, reason=replaced.by)
