"""callcenter granted a contact: a manager has the reminder as a task."""

from services.points.domain.reminder import State
from services.points.handlers.count_reminders import count
from services.points.store import reminder_answers
from shared.database import UnitOfWork
from shared.events.callcenter import ContactGranted


async def on_contact_granted(granted: ContactGranted, uow: UnitOfWork) -> None:
    ours = await reminder_answers.grant(
        uow.connection, granted.customer_id, granted.proposal_id, grant_id=granted.grant_id
    )
    if ours:
        count([State.GRANTED], uow)
