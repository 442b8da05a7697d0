"""A stronger proposal took a contact that had been granted: the reminder gives way."""

from services.points.domain.reminder import State
from services.points.handlers.count_reminders import count
from services.points.store import reminder_answers
from shared.database import UnitOfWork
from shared.events.callcenter import ContactReplaced


async def on_contact_replaced(replaced: ContactReplaced, uow: UnitOfWork) -> None:
    ours = await reminder_answers.close(
        uow.connection, replaced.customer_id, replaced.grant_id, state=State.REPLACED
    )
    if ours:
        count([State.REPLACED], uow)
