"""A customer applied to port the number: from here on retention keeps away (XC-20)."""

from services.callcenter.handlers.stop_contacts import obey_guard
from services.callcenter.store import guards
from shared.cause import Cause
from shared.database import UnitOfWork
from shared.events.touchpoints import PortabilityApplied


async def on_portability_applied(applied: PortabilityApplied, uow: UnitOfWork) -> None:
    await guards.merge_application(uow.connection, applied)
    cause = Cause(str(applied.event_id), applied.event_type, applied.at)
    await obey_guard(applied.customer_id, applied.county, cause, uow)
