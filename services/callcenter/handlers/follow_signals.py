"""What stores and the hotline heard of a customer: kept for whoever calls next (AL-05, AL-24)."""

from services.callcenter.store import follow
from shared.database import UnitOfWork
from shared.events.touchpoints import ComplaintFiled, LeavingSignalled, PortabilityQueried


async def on_leaving_signalled(signalled: LeavingSignalled, uow: UnitOfWork) -> None:
    await follow.add_signal(uow.connection, "leaving", signalled)


async def on_complaint_filed(filed: ComplaintFiled, uow: UnitOfWork) -> None:
    await follow.add_signal(uow.connection, "complaint", filed)


async def on_portability_queried(queried: PortabilityQueried, uow: UnitOfWork) -> None:
    """A question forbids nothing yet; an application does (XC-20)."""
    await follow.add_signal(uow.connection, "portability_queried", queried)
