"""points proposes a contact: the gate answers (contracts §5)."""

from services.callcenter.handlers.answer_proposal import answer_event
from shared.database import UnitOfWork
from shared.events.points import PointsContactProposed


async def on_points_contact_proposed(proposed: PointsContactProposed, uow: UnitOfWork) -> None:
    await answer_event(proposed, "points", uow)
