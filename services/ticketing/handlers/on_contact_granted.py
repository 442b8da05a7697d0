"""callcenter will call the customer about an order that waits for information."""

from dataclasses import replace

from services.ticketing.domain.follow_up import FollowUpState
from services.ticketing.domain.states import Act
from services.ticketing.handlers.note_answer import note_answer
from services.ticketing.store import follow_ups
from shared.database import UnitOfWork
from shared.events.callcenter import ContactGranted


async def on_contact_granted(granted: ContactGranted, uow: UnitOfWork) -> None:
    """Every service reads the answers to all; what is not ours is none of our business."""
    ours = await follow_ups.by_proposal(uow.connection, granted.proposal_id)
    if ours is not None:
        answered = replace(ours, state=FollowUpState.GRANTED, grant_id=granted.grant_id)
        await note_answer(answered, Act.CONTACT_GRANTED, granted, uow)
