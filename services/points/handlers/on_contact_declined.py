"""callcenter declined a contact: the reminder is proposed once more, or that was it (PT-17)."""

from services.points.domain.reminder import propose_again_at
from services.points.handlers.count_reminders import count
from services.points.store import reminder_answers
from shared.database import UnitOfWork
from shared.events.callcenter import ContactDeclined


async def on_contact_declined(declined: ContactDeclined, uow: UnitOfWork) -> None:
    customer_id, proposal_id = declined.customer_id, declined.proposal_id
    proposed = await reminder_answers.lock_proposed(uow.connection, customer_id, proposal_id)
    if proposed is None:
        return
    again_at = propose_again_at(
        declined.again_at, attempts=proposed.attempts, ends_on=proposed.ends_on
    )
    state = await reminder_answers.decline(
        uow.connection, customer_id, proposal_id, because=declined.because, again_at=again_at
    )
    count([state], uow)
