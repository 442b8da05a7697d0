"""A call was logged: whoever was reached has been reminded; attempts unanswered change nothing."""

from services.points.domain.reminder import State
from services.points.handlers.count_reminders import count
from services.points.store import reminder_answers
from shared.database import UnitOfWork
from shared.events.callcenter import ContactRecorded


async def on_contact_recorded(recorded: ContactRecorded, uow: UnitOfWork) -> None:
    if recorded.grant_id is None or not recorded.reached:
        return
    ours = await reminder_answers.close(
        uow.connection, recorded.customer_id, recorded.grant_id, state=State.REACHED
    )
    if ours:
        count([State.REACHED], uow)
