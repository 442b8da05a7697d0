"""ticketing proposes a contact: the gate answers (contracts §5)."""

from services.callcenter.handlers.answer_proposal import answer_event
from shared.database import UnitOfWork
from shared.events.ticketing import TicketingContactProposed


async def on_ticketing_contact_proposed(
    proposed: TicketingContactProposed, uow: UnitOfWork
) -> None:
    await answer_event(proposed, "ticketing", uow)
