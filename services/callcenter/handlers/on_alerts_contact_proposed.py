"""alerts proposes a contact: the gate answers (contracts §5)."""

from services.callcenter.handlers.answer_proposal import answer_event
from shared.database import UnitOfWork
from shared.events.alerts import AlertsContactProposed


async def on_alerts_contact_proposed(proposed: AlertsContactProposed, uow: UnitOfWork) -> None:
    await answer_event(proposed, "alerts", uow)
