"""callcenter declined to call about an order; it may name a time for a second attempt."""

from services.ticketing.domain.follow_up import declined
from services.ticketing.domain.states import Act
from services.ticketing.handlers.note_answer import note_answer
from services.ticketing.store import deadlines, follow_ups
from shared.database import UnitOfWork
from shared.events.callcenter import ContactDeclined


async def on_contact_declined(told: ContactDeclined, uow: UnitOfWork) -> None:
    ours = await follow_ups.by_proposal(uow.connection, told.proposal_id)
    if ours is None:
        return
    answered = declined(ours, told.again_at)
    await note_answer(answered, Act.CONTACT_DECLINED, told, uow, reason=told.because)
    await deadlines.propose_again_at(uow.connection, ours.order_id, answered.again_at)
